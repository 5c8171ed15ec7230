// SPDX-License-Identifier: Apache-2.0
#include "storage/memory_tree.h"

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "proto/check.h"

namespace trialsync::storage {

struct MemoryRow {
  MemoryRow(std::string_view row_key, std::string_view row_value)
      : key(row_key), value(row_value), priority(std::hash<std::string_view>()(row_key)) {}

  const std::string key;
  const std::string value;
  const size_t priority;
};

using RowPtr = std::shared_ptr<const MemoryRow>;

// Keys of `left` < key of `row` < keys of `right`; no child ranks above its parent.
struct MemoryTree::Node {
  Node(RowPtr node_row, NodePtr node_left, NodePtr node_right)
      : row(std::move(node_row)),
        left(std::move(node_left)),
        right(std::move(node_right)),
        size_bytes(row->key.size() + row->value.size() + (left ? left->size_bytes : 0) +
                   (right ? right->size_bytes : 0)) {}

  const RowPtr row;
  const NodePtr left;
  const NodePtr right;
  const uint64_t size_bytes;  // of the whole subtree
};

namespace {

using Node = MemoryTree::Node;
using NodePtr = MemoryTree::NodePtr;

NodePtr MakeNode(RowPtr row, NodePtr left, NodePtr right) {
  return std::make_shared<const Node>(std::move(row), std::move(left), std::move(right));
}

bool RanksAbove(const MemoryRow& a, const MemoryRow& b) {
  return a.priority != b.priority ? a.priority > b.priority : a.key > b.key;
}

// The nodes with keys below `key`, and the others.
std::pair<NodePtr, NodePtr> Split(const NodePtr& node, std::string_view key) {
  if (node == nullptr) return {};
  if (node->row->key < key) {
    auto [below, above] = Split(node->right, key);
    return {MakeNode(node->row, node->left, std::move(below)), std::move(above)};
  }
  auto [below, above] = Split(node->left, key);
  return {std::move(below), MakeNode(node->row, std::move(above), node->right)};
}

// Both together; all keys of `below` are smaller than those of `above`.
NodePtr Join(const NodePtr& below, const NodePtr& above) {
  if (below == nullptr) return above;
  if (above == nullptr) return below;
  if (RanksAbove(*below->row, *above->row)) {
    return MakeNode(below->row, below->left, Join(below->right, above));
  }
  return MakeNode(above->row, Join(below, above->left), above->right);
}

NodePtr Insert(const NodePtr& node, const RowPtr& row) {
  if (node == nullptr) return MakeNode(row, nullptr, nullptr);
  const int order = row->key.compare(node->row->key);
  if (order == 0) return MakeNode(row, node->left, node->right);
  if (RanksAbove(*row, *node->row)) {
    // A row of this key would rank the same, so there is none below `node`.
    auto [below, above] = Split(node, row->key);
    return MakeNode(row, std::move(below), std::move(above));
  }
  return order < 0 ? MakeNode(node->row, Insert(node->left, row), node->right)
                   : MakeNode(node->row, node->left, Insert(node->right, row));
}

NodePtr Remove(const NodePtr& node, std::string_view key) {
  if (node == nullptr) return nullptr;
  const int order = key.compare(node->row->key);
  if (order == 0) return Join(node->left, node->right);
  return order < 0 ? MakeNode(node->row, Remove(node->left, key), node->right)
                   : MakeNode(node->row, node->left, Remove(node->right, key));
}

NodePtr RemoveRange(const NodePtr& node, std::string_view first, std::string_view last) {
  const auto [below, rest] = Split(node, first);
  return Join(below, Split(rest, last).second);
}

// Walks in order, keeping the nodes of the way down whose rows are still to come.
template <bool kReverse>
class TreeIterator : public Iterator {
 public:
  TreeIterator(const Node* root, std::string_view first, std::string_view last)
      : first_(first), last_(last) {
    for (const Node* node = root; node != nullptr;) {
      const bool to_come = kReverse ? BeforeLast(node) : !BeforeFirst(node);
      if (to_come) path_.push_back(node);
      node = to_come ? Near(node) : Far(node);
    }
  }

  bool Valid() const override {
    return !path_.empty() && (kReverse ? !BeforeFirst(path_.back()) : BeforeLast(path_.back()));
  }

  void Next() override {
    TS_CHECK(Valid());
    const Node* node = Far(path_.back());
    path_.pop_back();
    for (; node != nullptr; node = Near(node)) path_.push_back(node);
  }

  std::string_view key() const override {
    TS_CHECK(Valid());
    return path_.back()->row->key;
  }

  std::string_view value() const override {
    TS_CHECK(Valid());
    return path_.back()->row->value;
  }

  absl::Status status() const override { return absl::OkStatus(); }

 private:
  static const Node* Near(const Node* node) {
    return kReverse ? node->right.get() : node->left.get();
  }
  static const Node* Far(const Node* node) {
    return kReverse ? node->left.get() : node->right.get();
  }
  bool BeforeFirst(const Node* node) const { return node->row->key < first_; }
  bool BeforeLast(const Node* node) const { return last_.empty() || node->row->key < last_; }

  const std::string first_;
  const std::string last_;
  std::vector<const Node*> path_;
};

}  // namespace

MemoryTree MemoryTree::Apply(const WriteBatch& batch) const {
  MemoryTree next = *this;
  for (const WriteBatch::Entry& entry : batch) {
    switch (entry.kind) {
      case WriteBatch::Kind::kPut:
        next.root_ = Insert(next.root_, std::make_shared<const MemoryRow>(entry.key, entry.value));
        break;
      case WriteBatch::Kind::kDelete:
        if (next.Find(entry.key) != nullptr) next.root_ = Remove(next.root_, entry.key);
        break;
      case WriteBatch::Kind::kDeleteRange:
        next.root_ = RemoveRange(next.root_, entry.key, entry.value);
        break;
    }
  }
  return next;
}

const std::string* MemoryTree::Find(std::string_view key) const {
  const Node* node = root_.get();
  while (node != nullptr) {
    const int order = key.compare(node->row->key);
    if (order == 0) return &node->row->value;
    node = order < 0 ? node->left.get() : node->right.get();
  }
  return nullptr;
}

std::unique_ptr<Iterator> MemoryTree::Scan(std::string_view first, std::string_view last) const {
  return std::make_unique<TreeIterator</*kReverse=*/false>>(root_.get(), first, last);
}

std::unique_ptr<Iterator> MemoryTree::ScanReverse(std::string_view first,
                                                  std::string_view last) const {
  return std::make_unique<TreeIterator</*kReverse=*/true>>(root_.get(), first, last);
}

uint64_t MemoryTree::size_bytes() const { return root_ == nullptr ? 0 : root_->size_bytes; }

}  // namespace trialsync::storage
