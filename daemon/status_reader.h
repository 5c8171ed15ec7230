// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_STATUS_READER_H_
#define TRIALSYNC_DAEMON_STATUS_READER_H_

#include <map>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "daemon/backend.h"
#include "daemon/mutex.h"
#include "daemon/sight.h"
#include "sync/counts.h"
#include "trialsync/v1/status_service.pb.h"

namespace trialsync::daemon {

// Says how this replica is. It reads the disk: not for gRPC's threads. Safe to call from any
// thread.
class StatusReader {
 public:
  // `backend` must outlive it.
  explicit StatusReader(const Backend& backend) : backend_(backend) {}

  // DATA_LOSS or INTERNAL where the store cannot be read.
  absl::StatusOr<v1::Status> Read() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // What a partition's counts depend on.
  struct Counted {
    uint64_t log_size = 0;
    uint64_t last_own_seq = 0;
    sync::PartitionCounts counts;
  };

  absl::Status AddPartition(const Sight& sight, const Sight::Partition& partition,
                            v1::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<sync::PartitionCounts> CountsOf(const Sight& sight, PartitionNumber partition,
                                                 uint64_t log_size, uint64_t last_own_seq)
      ABSL_LOCKS_EXCLUDED(mutex_);

  const Backend& backend_;
  Mutex mutex_;
  // Counting goes through all keys, so it is done once for each state.
  std::map<PartitionNumber, Counted> counted_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_STATUS_READER_H_
