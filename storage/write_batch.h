// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_STORAGE_WRITE_BATCH_H_
#define TRIALSYNC_STORAGE_WRITE_BATCH_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace trialsync::storage {

// An ordered list of changes to a store that takes effect as a whole or not at all (Kv::Write).
// Later entries win over earlier ones. It belongs to no engine, and lives in memory only: its
// layout is neither stored nor sent.
//
// Entries lie one behind the other in one buffer, so appending a row costs one copy and, now and
// then, a growth of the buffer. Keys and values are any bytes, each shorter than 4 GiB (checked).
//
// A value: copies are independent. One thread at a time may change it.
class WriteBatch {
 public:
  static constexpr size_t kEntryBytes = 9;

  enum class Kind : uint8_t { kPut, kDelete, kDeleteRange };

  // One entry as seen while iterating. The views are valid until the batch is changed or destroyed.
  struct Entry {
    Kind kind;
    std::string_view key;    // of a range: its first key
    std::string_view value;  // of a range: the key just past its end; of a deletion: empty
  };

  // Walks over the entries in the order in which they were appended:
  //   for (const WriteBatch::Entry& entry : batch) …
  class Iterator {
   public:
    Entry operator*() const;
    Iterator& operator++();
    bool operator==(const Iterator& other) const = default;

   private:
    friend class WriteBatch;
    explicit Iterator(const char* position) : position_(position) {}

    const char* position_;
  };

  // Sets `key` to `value`, whether or not it was there.
  void Put(std::string_view key, std::string_view value);

  // Removes `key`. A key that is not there is no error.
  void Delete(std::string_view key);

  // Removes all keys k with first <= k < last, in byte order. Where first >= last there is no
  // such key and nothing is appended. Unlike in a scan, an empty `last` is not the end of the
  // key space. Meant for rare clearings: each range slows later reads near it until it is
  // compacted away.
  void DeleteRange(std::string_view first, std::string_view last);

  // Makes room for entries of so many bytes in all, as size_bytes() counts, to spare growing.
  void Reserve(size_t size_bytes) { buffer_.reserve(size_bytes); }

  // Forgets all entries and keeps the buffer for the next ones.
  void Clear();

  bool empty() const { return entry_count_ == 0; }

  // How many entries there are.
  size_t entry_count() const { return entry_count_; }

  // Bytes held: those of all keys and values, and kEntryBytes for each entry.
  size_t size_bytes() const { return buffer_.size(); }

  Iterator begin() const { return Iterator(buffer_.data()); }
  Iterator end() const { return Iterator(buffer_.data() + buffer_.size()); }

 private:
  void Append(Kind kind, std::string_view key, std::string_view value);

  std::string buffer_;
  size_t entry_count_ = 0;
};

}  // namespace trialsync::storage

#endif  // TRIALSYNC_STORAGE_WRITE_BATCH_H_
