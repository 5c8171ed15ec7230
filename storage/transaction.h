// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_STORAGE_TRANSACTION_H_
#define TRIALSYNC_STORAGE_TRANSACTION_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/kv.h"
#include "storage/write_batch.h"

namespace trialsync::storage {

// A snapshot of a store with writes on top that are not yet in the store. It reads as the store
// will be once they are:
//
//   Transaction transaction(kv.NewSnapshot());
//   …read and write rows…
//   absl::Status status = kv.Write(transaction.TakeBatch(), Durability::kSync);
//
// There is no check for conflicts: a store has one writing thread, which takes the snapshot after
// its last write. Not thread-safe.
class Transaction : public Reader {
 public:
  explicit Transaction(std::shared_ptr<const Snapshot> snapshot);

  // The same over any reader, e.g. another transaction: to try something that may be dropped. It
  // is not owned, must outlive this, and must not change while this is in use.
  explicit Transaction(const Reader* below);

  // As Reader says; the writes made here show. Nothing may be written between the making of an
  // iterator and its last use (checked): collect first, then write.
  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override;
  absl::StatusOr<std::vector<std::optional<std::string>>> GetMany(
      std::span<const std::string> keys) const override;
  std::unique_ptr<Iterator> Scan(std::string_view first, std::string_view last) const override;
  std::unique_ptr<Iterator> ScanReverse(std::string_view first,
                                        std::string_view last) const override;

  // Reads what will be asked for: Get() then answers for these keys, which ascend, from memory. An
  // error as Get() gives it.
  absl::Status ReadAhead(std::span<const std::string> keys);

  // Sets `key` to `value`, whether or not it was there.
  void Put(std::string_view key, std::string value);

  // Removes `key`. A key that is not there is no error.
  void Delete(std::string_view key);

  // Removes the rows first <= key < last of what is below when the batch is written, before what is
  // written here, as WriteBatch::DeleteRange() does. For rows that nobody looks at any more: until
  // then reads show them.
  void DeleteBelow(std::string_view first, std::string_view last);

  // Keys written so far, each counted once.
  size_t pending_count() const { return written_.size(); }

  // Bytes of those keys and of the values that stand, about what the batch will have: to end a
  // group before it gets too large.
  size_t pending_bytes() const { return pending_bytes_; }

  // Takes over the writes of a transaction that was made over this one. That one is spent.
  void Absorb(Transaction&& above);

  // What was written, in the order of the keys and each key once, with what was last written to
  // it. The transaction is spent: nothing but its destructor may be called after it (checked).
  WriteBatch TakeBatch();

  // Implementation: a row that is known here.
  struct Row {
    std::string key;
    std::optional<std::string> value;  // nullopt: there is none
    bool written = false;              // else as it is below
  };

 private:
  // Null if it is not known.
  Row* Find(std::string_view key) const;
  Row& Add(std::string_view key);
  void Set(std::string_view key, std::optional<std::string> value);
  const std::vector<const Row*>& Written() const;

  std::shared_ptr<const Snapshot> snapshot_;  // null unless owned
  const Reader* below_;                       // null once spent
  std::deque<Row> rows_;
  absl::flat_hash_map<absl::string_view, Row*> index_;  // of rows_, by their keys
  // Those that were written, put in order when a walk needs it: the first of them are.
  mutable std::vector<const Row*> written_;
  mutable size_t ordered_count_ = 0;
  std::vector<std::pair<std::string, std::string>> ranges_;  // of DeleteBelow()
  size_t pending_bytes_ = 0;
  uint64_t write_count_ = 0;  // lets iterators see that they are out of date
};

}  // namespace trialsync::storage

#endif  // TRIALSYNC_STORAGE_TRANSACTION_H_
