// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_COUNTS_H_
#define TRIALSYNC_SYNC_COUNTS_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "proto/ids.h"
#include "storage/kv.h"

namespace trialsync::sync {

// How much there is in a partition, with what this replica has not sent yet.
struct PartitionCounts {
  uint64_t records = 0;
  // Births of subjects, whatever was said about two of them being one.
  uint64_t subjects = 0;
  // As of the log: predictions of the outbox are not counted.
  uint64_t open_discrepancies = 0;
};

// Walks over the keys of the partition's records, subjects and open discrepancies, about a million
// a second. DATA_LOSS or INTERNAL where the store cannot be read.
absl::StatusOr<PartitionCounts> CountPartition(const storage::Reader& reader,
                                               PartitionNumber partition);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_COUNTS_H_
