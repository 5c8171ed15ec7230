// SPDX-License-Identifier: Apache-2.0
#include "storage/transaction.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "proto/check.h"

namespace trialsync::storage {
namespace {

using Pending = Transaction::Pending;

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
    return on_ == Source::kStored ? stored_->key() : std::string_view(pending_->first);
  }

  std::string_view value() const override {
    TS_CHECK(Valid());
    return on_ == Source::kStored ? stored_->value() : std::string_view(*pending_->second);
  }

  absl::Status status() const override { return stored_->status(); }

 private:
  enum class Source { kNone, kStored, kPending };

  // Below 0 where the stored row comes first, 0 where both have one key. Requires one of them.
  int Order() const {
    if (!stored_->Valid()) return 1;
    if (pending_ == pending_end_) return -1;
    return kSign * stored_->key().compare(pending_->first);
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
      if (pending_->second.has_value()) {
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

// The pending rows with first <= key < last, an empty `last` being the end of the key space.
std::pair<Pending::const_iterator, Pending::const_iterator> PendingRange(const Pending& pending,
                                                                         std::string_view first,
                                                                         std::string_view last) {
  if (!last.empty() && last <= first) return {pending.end(), pending.end()};
  return {pending.lower_bound(first), last.empty() ? pending.end() : pending.lower_bound(last)};
}

}  // namespace

Transaction::Transaction(std::shared_ptr<const Snapshot> snapshot)
    : snapshot_(std::move(snapshot)), below_(snapshot_.get()) {
  TS_CHECK(below_ != nullptr);
}

Transaction::Transaction(const Reader* below) : below_(below) { TS_CHECK(below_ != nullptr); }

absl::StatusOr<std::optional<std::string>> Transaction::Get(std::string_view key) const {
  TS_CHECK(below_ != nullptr);
  const auto row = pending_.find(key);
  if (row != pending_.end()) return row->second;
  if (!ahead_.empty()) {
    const auto read = ahead_.find(absl::string_view(key.data(), key.size()));
    if (read != ahead_.end()) return read->second;
  }
  return below_->Get(key);
}

absl::StatusOr<std::vector<std::optional<std::string>>> Transaction::GetMany(
    std::span<const std::string> keys) const {
  TS_CHECK(below_ != nullptr);
  absl::StatusOr<std::vector<std::optional<std::string>>> values = below_->GetMany(keys);
  for (size_t i = 0; values.ok() && i < keys.size(); ++i) {
    const auto row = pending_.find(keys[i]);
    if (row != pending_.end()) (*values)[i] = row->second;
  }
  return values;
}

absl::Status Transaction::ReadAhead(std::vector<std::string> keys) {
  TS_CHECK(below_ != nullptr);
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  absl::StatusOr<std::vector<std::optional<std::string>>> values = below_->GetMany(keys);
  if (!values.ok()) return values.status();
  ahead_.reserve(ahead_.size() + keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    ahead_.insert_or_assign(std::move(keys[i]), std::move((*values)[i]));
  }
  return absl::OkStatus();
}

std::unique_ptr<Iterator> Transaction::Scan(std::string_view first, std::string_view last) const {
  TS_CHECK(below_ != nullptr);
  const auto [begin, end] = PendingRange(pending_, first, last);
  return std::make_unique<MergingIterator<Pending::const_iterator, 1>>(below_->Scan(first, last),
                                                                       begin, end, write_count_);
}

std::unique_ptr<Iterator> Transaction::ScanReverse(std::string_view first,
                                                   std::string_view last) const {
  TS_CHECK(below_ != nullptr);
  const auto [begin, end] = PendingRange(pending_, first, last);
  return std::make_unique<MergingIterator<Pending::const_reverse_iterator, -1>>(
      below_->ScanReverse(first, last), std::make_reverse_iterator(end),
      std::make_reverse_iterator(begin), write_count_);
}

void Transaction::Put(std::string_view key, std::string value) { Set(key, std::move(value)); }

void Transaction::Delete(std::string_view key) { Set(key, std::nullopt); }

WriteBatch Transaction::TakeBatch() {
  TS_CHECK(below_ != nullptr);
  WriteBatch batch;
  batch.Reserve(pending_bytes_ + pending_.size() * WriteBatch::kEntryBytes);
  for (const auto& [key, value] : pending_) {
    if (value.has_value()) {
      batch.Put(key, *value);
    } else {
      batch.Delete(key);
    }
  }
  ++write_count_;
  pending_.clear();
  snapshot_ = nullptr;
  below_ = nullptr;
  return batch;
}

void Transaction::Absorb(Transaction&& above) {
  TS_CHECK(above.below_ == this);
  if (pending_.empty()) {
    ++write_count_;
    pending_.swap(above.pending_);
    pending_bytes_ = above.pending_bytes_;
  } else {
    for (auto& [key, value] : above.pending_) Set(key, std::move(value));
    above.pending_.clear();
  }
  above.below_ = nullptr;
}

void Transaction::Set(std::string_view key, std::optional<std::string> value) {
  TS_CHECK(below_ != nullptr);
  ++write_count_;
  pending_bytes_ += value.has_value() ? value->size() : 0;
  const auto row = pending_.lower_bound(key);
  if (row != pending_.end() && row->first == key) {
    pending_bytes_ -= row->second.has_value() ? row->second->size() : 0;
    row->second = std::move(value);
  } else {
    pending_bytes_ += key.size();
    pending_.emplace_hint(row, std::string(key), std::move(value));
  }
}

}  // namespace trialsync::storage
