// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_MERKLE_H_
#define TRIALSYNC_SYNC_MERKLE_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/digest.h"

// The Merkle tree over a partition's log (RFC 6962 §2.1), append only.
namespace trialsync::sync {

// SHA-256(0x00 ‖ SHA-256(authored bytes) ‖ receipt bytes): the leaf of a commit (protocol §7).
Sha256 LeafHash(const Sha256& authored_digest, std::string_view receipt_bytes);

// SHA-256(0x01 ‖ left ‖ right).
Sha256 NodeHash(const Sha256& left, const Sha256& right);

// The right edge of a tree: the roots of its complete subtrees, largest first, one for each bit
// set in its size. Enough to append and to tell the root. A value type.
class MerkleFrontier {
 public:
  // The empty tree.
  MerkleFrontier() = default;

  // From a stored size and edge; DATA_LOSS if they do not fit each other.
  static absl::StatusOr<MerkleFrontier> From(uint64_t size, std::vector<Sha256> roots);

  uint64_t size() const { return size_; }
  const std::vector<Sha256>& roots() const { return roots_; }

  // Appends one leaf.
  void Append(const Sha256& leaf) { AppendSubtree(leaf, 1); }

  // Appends a complete subtree of `leaves` leaves, a power of two that divides size().
  void AppendSubtree(const Sha256& root, uint64_t leaves);

  // The root of the complete subtree of `leaves` leaves that appending `leaf` would finish. Requires
  // a power of two, and that all but one of them are there.
  Sha256 FinishedSubtree(const Sha256& leaf, uint64_t leaves) const;

  // The tree's root; SHA-256 of nothing when it is empty.
  Sha256 Root() const;

 private:
  uint64_t size_ = 0;
  std::vector<Sha256> roots_;  // popcount(size_) of them
};

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_MERKLE_H_
