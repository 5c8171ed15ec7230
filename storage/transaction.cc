// SPDX-License-Identifier: Apache-2.0
#include "storage/transaction.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "proto/check.h"

namespace trialsync::storage {
namespace {

using Rows = std::vector<const Transaction::Row*>;

bool Before(const Transaction::Row* a, const Transaction::Row* b) { return a->key < b->key; }

// Rows of the snapshot and pending ones in one walk; of two with one key the pending one counts.
// `Cursor` walks over pending rows in the direction of the walk: `kSign` is 1 where that is
// ascending, else -1.
template <typename Cursor, int kSign>
class MergingIterator : public Iterator {
 public:
  MergingIterator(std::unique_ptr<Iterator> stored, Cursor pending, Cursor pending_end,
                  const uint64_t& write_count)
      : stored_(std::move(stored)),
        pending_(pending),
        pending_end_(pending_end),
        write_count_(write_count),
        write_count_at_start_(write_count) {
    Settle();
  }

  bool Valid() const override {
    TS_CHECK(write_count_ == write_count_at_start_);
    return on_ != Source::kNone;
  }

  void Next() override {
    TS_CHECK(Valid());
    if (on_ == Source::kStored) {
      stored_->Next();
    } else {
      PassPending();
    }
    Settle();
  }

  std::string_view key() const override {
    TS_CHECK(Valid());
    return on_ == Source::kStored ? stored_->key() : std::string_view((*pending_)->key);
  }

  std::string_view value() const override {
    TS_CHECK(Valid());
    return on_ == Source::kStored ? stored_->value() : std::string_view(*(*pending_)->value);
  }

  absl::Status status() const override { return stored_->status(); }

 private:
  enum class Source { kNone, kStored, kPending };

  // Below 0 where the stored row comes first, 0 where both have one key. Requires one of them.
  int Order() const {
    if (!stored_->Valid()) return 1;
    if (pending_ == pending_end_) return -1;
    return kSign * stored_->key().compare((*pending_)->key);
  }

  // Leaves the pending row, and the stored one that it hides.
  void PassPending() {
    if (Order() == 0) stored_->Next();
    ++pending_;
  }

  // Finds the next row that stands. Where the stored rows ended by an error, what is pending
  // behind must not pass for the rest of the range.
  void Settle() {
    while (stored_->Valid() || (pending_ != pending_end_ && stored_->status().ok())) {
      if (Order() < 0) {
        on_ = Source::kStored;
        return;
      }
      if ((*pending_)->value.has_value()) {
        on_ = Source::kPending;
        return;
      }
      PassPending();
    }
    on_ = Source::kNone;
  }

  const std::unique_ptr<Iterator> stored_;
  Cursor pending_;
  const Cursor pending_end_;
  const uint64_t& write_count_;
  const uint64_t write_count_at_start_;
  Source on_ = Source::kNone;
};

// The rows with first <= key < last, an empty `last` being the end of the key space.
std::pair<Rows::const_iterator, Rows::const_iterator> Range(const Rows& rows,
                                                            std::string_view first,
                                                            std::string_view last) {
  if (!last.empty() && last <= first) return {rows.end(), rows.end()};
  const auto find = [&rows](std::string_view key) {
    return std::lower_bound(
        rows.begin(), rows.end(), key,
        [](const Transaction::Row* row, std::string_view bound) { return row->key < bound; });
  };
  return {find(first), last.empty() ? rows.end() : find(last)};
}

}  // namespace

Transaction::Transaction(std::shared_ptr<const Snapshot> snapshot)
    : snapshot_(std::move(snapshot)), below_(snapshot_.get()) {
  TS_CHECK(below_ != nullptr);
}

Transaction::Transaction(const Reader* below) : below_(below) { TS_CHECK(below_ != nullptr); }

absl::StatusOr<std::optional<std::string>> Transaction::Get(std::string_view key) const {
  TS_CHECK(below_ != nullptr);
  const Row* const row = Find(key);
  return row != nullptr ? row->value : below_->Get(key);
}

absl::StatusOr<std::vector<std::optional<std::string>>> Transaction::GetMany(
    std::span<const std::string> keys) const {
  TS_CHECK(below_ != nullptr);
  absl::StatusOr<std::vector<std::optional<std::string>>> values = below_->GetMany(keys);
  for (size_t i = 0; values.ok() && i < keys.size(); ++i) {
    if (const Row* const row = Find(keys[i])) (*values)[i] = row->value;
  }
  return values;
}

absl::Status Transaction::ReadAhead(std::span<const std::string> keys) {
  TS_CHECK(below_ != nullptr);
  absl::StatusOr<std::vector<std::optional<std::string>>> values = below_->GetMany(keys);
  if (!values.ok()) return values.status();
  index_.reserve(index_.size() + keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (Find(keys[i]) == nullptr) Add(keys[i]).value = std::move((*values)[i]);
  }
  return absl::OkStatus();
}

std::unique_ptr<Iterator> Transaction::Scan(std::string_view first, std::string_view last) const {
  TS_CHECK(below_ != nullptr);
  const auto [begin, end] = Range(Written(), first, last);
  return std::make_unique<MergingIterator<Rows::const_iterator, 1>>(below_->Scan(first, last),
                                                                    begin, end, write_count_);
}

std::unique_ptr<Iterator> Transaction::ScanReverse(std::string_view first,
                                                   std::string_view last) const {
  TS_CHECK(below_ != nullptr);
  const auto [begin, end] = Range(Written(), first, last);
  return std::make_unique<MergingIterator<Rows::const_reverse_iterator, -1>>(
      below_->ScanReverse(first, last), std::make_reverse_iterator(end),
      std::make_reverse_iterator(begin), write_count_);
}

void Transaction::Put(std::string_view key, std::string value) { Set(key, std::move(value)); }

void Transaction::Delete(std::string_view key) { Set(key, std::nullopt); }

void Transaction::DeleteBelow(std::string_view first, std::string_view last) {
  TS_CHECK(below_ != nullptr);
  ranges_.emplace_back(first, last);
}

WriteBatch Transaction::TakeBatch() {
  TS_CHECK(below_ != nullptr);
  WriteBatch batch;
  for (const auto& [first, last] : ranges_) batch.DeleteRange(first, last);
  batch.Reserve(pending_bytes_ + written_.size() * WriteBatch::kEntryBytes);
  for (const Row* const row : Written()) {
    if (row->value.has_value()) {
      batch.Put(row->key, *row->value);
    } else {
      batch.Delete(row->key);
    }
  }
  ++write_count_;
  written_.clear();
  index_.clear();
  rows_.clear();
  snapshot_ = nullptr;
  below_ = nullptr;
  return batch;
}

void Transaction::Absorb(Transaction&& above) {
  TS_CHECK(above.below_ == this);
  if (rows_.empty()) {
    ++write_count_;
    rows_.swap(above.rows_);
    index_.swap(above.index_);
    written_.swap(above.written_);
    std::swap(ordered_count_, above.ordered_count_);
    std::swap(pending_bytes_, above.pending_bytes_);
  } else {
    for (Row& row : above.rows_) {
      if (row.written) Set(row.key, std::move(row.value));
    }
  }
  ranges_.insert(ranges_.end(), above.ranges_.begin(), above.ranges_.end());
  above.below_ = nullptr;
}

Transaction::Row* Transaction::Find(std::string_view key) const {
  const auto row = index_.find(absl::string_view(key.data(), key.size()));
  return row == index_.end() ? nullptr : row->second;
}

Transaction::Row& Transaction::Add(std::string_view key) {
  Row& row = rows_.emplace_back();
  row.key = key;
  index_.emplace(row.key, &row);
  return row;
}

void Transaction::Set(std::string_view key, std::optional<std::string> value) {
  TS_CHECK(below_ != nullptr);
  ++write_count_;
  Row* row = Find(key);
  if (row == nullptr) row = &Add(key);
  if (row->written) {
    pending_bytes_ -= row->value.has_value() ? row->value->size() : 0;
  } else {
    row->written = true;
    written_.push_back(row);
    pending_bytes_ += key.size();
  }
  pending_bytes_ += value.has_value() ? value->size() : 0;
  row->value = std::move(value);
}

// What was written, in the order of the keys. A few new ones find their places by themselves: a
// writer that walks after each row must not pay for all of them each time.
const std::vector<const Transaction::Row*>& Transaction::Written() const {
  constexpr size_t kFew = 16;
  const auto ordered_end = written_.begin() + static_cast<ptrdiff_t>(ordered_count_);
  if (written_.size() - ordered_count_ > kFew) {
    std::sort(ordered_end, written_.end(), Before);
    std::inplace_merge(written_.begin(), ordered_end, written_.end(), Before);
  } else {
    for (auto row = ordered_end; row != written_.end(); ++row) {
      std::rotate(std::upper_bound(written_.begin(), row, *row, Before), row, row + 1);
    }
  }
  ordered_count_ = written_.size();
  return written_;
}

}  // namespace trialsync::storage
