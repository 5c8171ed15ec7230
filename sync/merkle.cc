// SPDX-License-Identifier: Apache-2.0
#include "sync/merkle.h"

#include <bit>

#include "proto/check.h"

namespace trialsync::sync {

Sha256 LeafHash(const Sha256& authored_digest, std::string_view receipt_bytes) {
  return Sha256Of({std::string_view("\0", 1), authored_digest.view(), receipt_bytes});
}

Sha256 NodeHash(const Sha256& left, const Sha256& right) {
  return Sha256Of({std::string_view("\1", 1), left.view(), right.view()});
}

absl::StatusOr<MerkleFrontier> MerkleFrontier::From(uint64_t size, std::vector<Sha256> roots) {
  if (static_cast<size_t>(std::popcount(size)) != roots.size()) {
    return absl::DataLossError("the log's head does not fit its size; run: trialsync verify");
  }
  MerkleFrontier frontier;
  frontier.size_ = size;
  frontier.roots_ = std::move(roots);
  return frontier;
}

void MerkleFrontier::AppendSubtree(const Sha256& root, uint64_t leaves) {
  TS_CHECK(std::has_single_bit(leaves) && size_ % leaves == 0);
  Sha256 merged = root;
  for (uint64_t level = leaves; (size_ & level) != 0; level <<= 1) {
    merged = NodeHash(roots_.back(), merged);
    roots_.pop_back();
  }
  roots_.push_back(merged);
  size_ += leaves;
}

Sha256 MerkleFrontier::FinishedSubtree(const Sha256& leaf, uint64_t leaves) const {
  TS_CHECK(std::has_single_bit(leaves) && size_ % leaves == leaves - 1);
  Sha256 root = leaf;
  size_t next = roots_.size();
  for (uint64_t level = 1; level < leaves; level <<= 1) root = NodeHash(roots_[--next], root);
  return root;
}

Sha256 MerkleFrontier::Root() const {
  if (roots_.empty()) return Sha256Of("");
  Sha256 root = roots_.back();
  for (size_t i = roots_.size() - 1; i-- > 0;) root = NodeHash(roots_[i], root);
  return root;
}

}  // namespace trialsync::sync
