// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_MERKLE_PROOF_H_
#define TRIALSYNC_SYNC_MERKLE_PROOF_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "proto/digest.h"

// Proofs over the Merkle tree of RFC 6962 (§2.1.1, §2.1.2; the algorithms by which they are checked
// are those of RFC 9162 §2.1.3.2 and §2.1.4.2). Here leaves count from 0, commits from 1: commit n
// is leaf n − 1. All functions are pure and may be called from any thread.
namespace trialsync::sync {

// Sibling hashes, from the leaf's side to the root's.
using MerklePath = std::vector<Sha256>;

// Gives the root of the complete subtree over leaves first … first + leaves − 1, for a `leaves`
// that is a power of two and divides `first`. Whatever it returns as an error ends what asked for
// it.
using SubtreeFunction = absl::FunctionRef<absl::StatusOr<Sha256>(uint64_t first, uint64_t leaves)>;

// The root over the leaves first … last − 1; SHA-256 of nothing if there are none. Requires that
// every complete subtree asked for is one of the whole tree too, as it is where `first` is a
// multiple of a power of two that is not less than last − first. Asks for at most 64 subtrees.
absl::StatusOr<Sha256> RangeRoot(SubtreeFunction subtree, uint64_t first, uint64_t last);

// Shows that a leaf is the one at `index` of the first `size` leaves: PATH(index, D[size]) of RFC
// 6962 §2.1.1. Requires index < size. Asks for at most 128 subtrees, no
// two of which overlap.
absl::StatusOr<MerklePath> InclusionPath(SubtreeFunction subtree, uint64_t index, uint64_t size);

// Shows that the first `old_size` leaves are the first ones of `new_size` too: PROOF(old_size,
// D[new_size]) of RFC 6962 §2.1.2, empty if the sizes are equal. Requires 0 < old_size ≤ new_size.
// Costs as InclusionPath().
absl::StatusOr<MerklePath> ConsistencyPath(SubtreeFunction subtree, uint64_t old_size,
                                           uint64_t new_size);

// Whether `path` shows that `leaf` stands at `index` in the tree of `size` leaves with this root.
// Takes any input; false for an index beyond the size and for a path that is too long or too short.
bool VerifyInclusion(const Sha256& leaf, uint64_t index, uint64_t size,
                     std::span<const Sha256> path, const Sha256& root);

// Whether `path` shows that the tree of `new_size` leaves with `new_root` begins with the one of
// `old_size` leaves with `old_root`. Takes any input; false for an old size of 0, which says
// nothing, and for one beyond the new size.
bool VerifyConsistency(uint64_t old_size, const Sha256& old_root, uint64_t new_size,
                       const Sha256& new_root, std::span<const Sha256> path);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_MERKLE_PROOF_H_
