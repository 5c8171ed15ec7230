// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_CONVERTIBLE_VALUES_H_
#define TRIALSYNC_SYNC_CONVERTIBLE_VALUES_H_

#include <cstdint>
#include <map>
#include <span>

#include "absl/status/statusor.h"
#include "proto/ids.h"
#include "storage/kv.h"
#include "study/definition.h"

namespace trialsync::sync {

// Of the values that stand in the records of `partitions`, how many the steps of `target` cannot
// read: a text that does not split into as many parts, a part that is no value of its item. By the
// item that was recorded, and of those only that a split or convert step of `target` takes; each
// of them is in the result, maybe with 0. `definitions` has the versions before. Goes through every
// record once, unless there is no such step; what is still in an outbox is not counted. DATA_LOSS
// or INTERNAL where the store cannot be read.
absl::StatusOr<std::map<uint32_t, uint64_t>> CountNotConvertible(
    const storage::Reader& reader, std::span<const PartitionNumber> partitions,
    const study::Definition& target, const study::DefinitionSet& definitions);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_CONVERTIBLE_VALUES_H_
