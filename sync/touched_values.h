// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_TOUCHED_VALUES_H_
#define TRIALSYNC_SYNC_TOUCHED_VALUES_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/ids.h"
#include "storage/kv.h"
#include "study/definition.h"
#include "study/versions.h"

namespace trialsync::sync {

// For each of `findings`, in their order, how many values that stand in the records of `partitions`
// it touches. Goes through every record once, unless no finding breaks anything. Values that are
// still in an outbox are not counted. DATA_LOSS or INTERNAL where the store cannot be read.
absl::StatusOr<std::vector<uint64_t>> CountTouched(const storage::Reader& reader,
                                                   std::span<const PartitionNumber> partitions,
                                                   std::span<const study::VersionFinding> findings,
                                                   const study::DefinitionSet& definitions);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_TOUCHED_VALUES_H_
