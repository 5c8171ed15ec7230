// SPDX-License-Identifier: Apache-2.0
#include "sync/merkle_proof.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "proto/check.h"
#include "sync/merkle.h"

namespace trialsync::sync {
namespace {

// Leaves first … last − 1 of a tree, halved again and again towards one side, where what is left
// out at each step is a sibling on the path.
class Descent {
 public:
  Descent(SubtreeFunction subtree, uint64_t size) : subtree_(subtree), last_(size) {}

  uint64_t first() const { return first_; }
  uint64_t last() const { return last_; }
  // Where the halves meet. Requires two leaves.
  uint64_t middle() const { return first_ + std::bit_floor(last_ - first_ - 1); }

  absl::Status GoLeft() {
    const uint64_t cut = middle();
    absl::Status status = Add(cut, last_);
    last_ = cut;
    return status;
  }
  absl::Status GoRight() {
    const uint64_t cut = middle();
    absl::Status status = Add(first_, cut);
    first_ = cut;
    return status;
  }
  absl::Status Add(uint64_t first, uint64_t last) {
    absl::StatusOr<Sha256> root = RangeRoot(subtree_, first, last);
    if (root.ok()) path_.push_back(*root);
    return root.status();
  }
  // From the leaf's side.
  MerklePath TakePath() {
    std::reverse(path_.begin(), path_.end());
    return std::move(path_);
  }

 private:
  SubtreeFunction subtree_;
  uint64_t first_ = 0;
  uint64_t last_;
  MerklePath path_;
};

// The walk from a node up to the root: its place among the nodes of its level, and the last place
// there is. RFC 9162 calls them fn and sn.
struct Climb {
  uint64_t place;
  uint64_t last_place;

  bool AtRoot() const { return last_place == 0; }
  // The sibling is on the left. (At the right edge the node rises alone until that is so.)
  bool SiblingIsLeft() const { return (place & 1) != 0 || place == last_place; }
  void Rise() {
    place >>= 1;
    last_place >>= 1;
  }
  // To where a node's sibling on the left hangs.
  void RiseToLeftSibling() {
    while (place != 0 && (place & 1) == 0) Rise();
    Rise();
  }
};

}  // namespace

absl::StatusOr<Sha256> RangeRoot(SubtreeFunction subtree, uint64_t first, uint64_t last) {
  MerkleFrontier frontier;
  while (first < last) {
    const uint64_t leaves = std::bit_floor(last - first);
    const absl::StatusOr<Sha256> root = subtree(first, leaves);
    if (!root.ok()) return root.status();
    frontier.AppendSubtree(*root, leaves);
    first += leaves;
  }
  return frontier.Root();
}

absl::StatusOr<MerklePath> InclusionPath(SubtreeFunction subtree, uint64_t index, uint64_t size) {
  TS_CHECK(index < size);
  Descent descent(subtree, size);
  while (descent.last() - descent.first() > 1) {
    const absl::Status status = index < descent.middle() ? descent.GoLeft() : descent.GoRight();
    if (!status.ok()) return status;
  }
  return descent.TakePath();
}

absl::StatusOr<MerklePath> ConsistencyPath(SubtreeFunction subtree, uint64_t old_size,
                                           uint64_t new_size) {
  TS_CHECK(0 < old_size && old_size <= new_size);
  Descent descent(subtree, new_size);
  while (old_size < descent.last()) {
    const absl::Status status = old_size <= descent.middle() ? descent.GoLeft() : descent.GoRight();
    if (!status.ok()) return status;
  }
  // Where the old tree is a subtree of the new one, its root is known already.
  if (descent.first() > 0) {
    const absl::Status status = descent.Add(descent.first(), descent.last());
    if (!status.ok()) return status;
  }
  return descent.TakePath();
}

bool VerifyInclusion(const Sha256& leaf, uint64_t index, uint64_t size,
                     std::span<const Sha256> path, const Sha256& root) {
  if (index >= size) return false;
  Climb climb{index, size - 1};
  Sha256 hash = leaf;
  for (const Sha256& sibling : path) {
    if (climb.AtRoot()) return false;
    if (climb.SiblingIsLeft()) {
      hash = NodeHash(sibling, hash);
      climb.RiseToLeftSibling();
    } else {
      hash = NodeHash(hash, sibling);
      climb.Rise();
    }
  }
  return climb.AtRoot() && hash == root;
}

bool VerifyConsistency(uint64_t old_size, const Sha256& old_root, uint64_t new_size,
                       const Sha256& new_root, std::span<const Sha256> path) {
  if (old_size == 0 || old_size > new_size) return false;
  if (old_size == new_size) return path.empty() && old_root == new_root;
  Climb climb{old_size - 1, new_size - 1};
  while ((climb.place & 1) != 0) climb.Rise();
  // The greatest subtree that ends where the old tree does: the old tree itself, or the path's
  // first.
  Sha256 hash = old_root;
  if (!std::has_single_bit(old_size)) {
    if (path.empty()) return false;
    hash = path.front();
    path = path.subspan(1);
  }
  Sha256 old_hash = hash;
  Sha256 new_hash = hash;
  for (const Sha256& sibling : path) {
    if (climb.AtRoot()) return false;
    if (climb.SiblingIsLeft()) {
      old_hash = NodeHash(sibling, old_hash);
      new_hash = NodeHash(sibling, new_hash);
      climb.RiseToLeftSibling();
    } else {
      new_hash = NodeHash(new_hash, sibling);
      climb.Rise();
    }
  }
  return climb.AtRoot() && old_hash == old_root && new_hash == new_root;
}

}  // namespace trialsync::sync
