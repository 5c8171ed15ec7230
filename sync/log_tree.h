// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_LOG_TREE_H_
#define TRIALSYNC_SYNC_LOG_TREE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "proto/digest.h"
#include "storage/tables.h"
#include "sync/merkle_proof.h"
#include "trialsync/v1/sync.pb.h"

// The Merkle tree over a partition's log, read from what is stored of it: for each 256 leaves
// (kTileLeaves) the roots of the complete subtrees that end with them, and the rows, from which
// leaves are hashed again. Any root or proof at any size costs O(log size) reads of the former,
// each once, and at most twice 255 of the latter.
//
// Of all functions: OUT_OF_RANGE if the log is shorter; DATA_LOSS where a row is damaged or
// missing.
namespace trialsync::sync {

// The root over the first `size` commits.
absl::StatusOr<Sha256> RootAt(storage::PartitionTables& tables, uint64_t size);

// The same as a position, in the epoch of the log's end.
absl::StatusOr<v1::LogPosition> PositionAt(storage::PartitionTables& tables, uint64_t size);

// The leaf of a commit, hashed again from its row.
absl::StatusOr<Sha256> LeafOf(storage::PartitionTables& tables, uint64_t number);

// Shows that a commit is among the first `size`: the path of leaf number − 1. INVALID_ARGUMENT
// unless 0 < number ≤ size.
absl::StatusOr<MerklePath> InclusionProof(storage::PartitionTables& tables, uint64_t number,
                                          uint64_t size);

// Shows that the first `old_size` commits are the first ones of `new_size` too. INVALID_ARGUMENT
// unless 0 < old_size ≤ new_size.
absl::StatusOr<MerklePath> ConsistencyProof(storage::PartitionTables& tables, uint64_t old_size,
                                            uint64_t new_size);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_LOG_TREE_H_
