// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_STORAGE_MEMORY_TREE_H_
#define TRIALSYNC_STORAGE_MEMORY_TREE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "storage/kv.h"
#include "storage/write_batch.h"

namespace trialsync::storage {

// An ordered map that never changes: writing to it yields another map, which shares all but a few
// nodes with the first. So a copy is one pointer, and any number of old states can be kept at
// little cost. It is a treap (Seidel and Aragon, "Randomized search trees", 1996) whose priorities
// are hashes of the keys, so its shape depends on the keys alone, not on the order of the writes.
//
// A value, and safe to read from several threads.
class MemoryTree {
 public:
  // An empty map.
  MemoryTree() = default;

  // The map after the entries of `batch`, in their order.
  [[nodiscard]] MemoryTree Apply(const WriteBatch& batch) const;

  // The value of `key`, or null. Valid as long as a map that holds this row.
  const std::string* Find(std::string_view key) const;

  // As Reader::Scan and ScanReverse; the iterator must not outlive this map. Its status is OK.
  std::unique_ptr<Iterator> Scan(std::string_view first, std::string_view last) const;
  std::unique_ptr<Iterator> ScanReverse(std::string_view first, std::string_view last) const;

  // Bytes of all keys and values.
  uint64_t size_bytes() const;

  // Implementation.
  struct Node;
  using NodePtr = std::shared_ptr<const Node>;

 private:
  NodePtr root_;
};

}  // namespace trialsync::storage

#endif  // TRIALSYNC_STORAGE_MEMORY_TREE_H_
