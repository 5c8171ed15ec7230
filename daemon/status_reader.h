// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_STATUS_READER_H_
#define TRIALSYNC_DAEMON_STATUS_READER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "daemon/backend.h"
#include "daemon/mutex.h"
#include "daemon/sight.h"
#include "sync/counts.h"
#include "trialsync/v1/status_service.pb.h"

namespace trialsync::daemon {

// Says how this replica is. It reads the disk: not for gRPC's threads. Safe to call from any
// thread.
//
// Everything is as of now, but for the numbers of records, subjects and open discrepancies: those
// are counted by going through all keys, so kCountingShare of the time at most is spent on it,
// however often somebody asks and however fast commits arrive. What is shown in between is the last
// count: with a thousand records some milliseconds old, with a million some 20 seconds.
class StatusReader {
 public:
  // May go back.
  using Clock = std::function<absl::Time()>;

  // `backend` must outlive it.
  explicit StatusReader(const Backend& backend, Clock clock = &absl::Now)
      : backend_(backend), clock_(std::move(clock)) {}

  // DATA_LOSS or INTERNAL where the store cannot be read.
  absl::StatusOr<v1::Status> Read() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // One part in so many.
  static constexpr int kCountingShare = 20;

  // What a partition's counts depend on.
  struct Counted {
    uint64_t log_size = 0;
    uint64_t last_own_seq = 0;
    sync::PartitionCounts counts;
  };

  // The counting that one call may do and has done.
  struct Counting {
    bool again = false;
    absl::Duration spent;
  };

  Counting BeginCounting() ABSL_LOCKS_EXCLUDED(mutex_);
  void EndCounting(const Counting& counting) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status AddPartition(const Sight& sight, const Sight::Partition& partition,
                            Counting& counting, v1::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<sync::PartitionCounts> CountsOf(const Sight& sight, PartitionNumber partition,
                                                 uint64_t log_size, uint64_t last_own_seq,
                                                 Counting& counting) ABSL_LOCKS_EXCLUDED(mutex_);

  const Backend& backend_;
  const Clock clock_;
  Mutex mutex_;
  // Between these nothing is counted that was counted before.
  absl::Time rest_from_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Time rest_until_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::map<PartitionNumber, Counted> counted_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_STATUS_READER_H_
