// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_STORAGE_KV_H_
#define TRIALSYNC_STORAGE_KV_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/write_batch.h"

// The port behind which bytes rest: an ordered map from keys to values, both any bytes, read
// through snapshots and changed by atomic batches. The tables know nothing else of an engine, and
// one conformance suite (tests/storage/kv_conformance.h) holds every engine to these words.
//
// Keys are ordered as unsigned bytes, a key before all its extensions. The empty key is a key.
namespace trialsync::storage {

// Walks over the rows of one range of keys. It stands on the first row of its walk when made:
//
//   std::unique_ptr<Iterator> row = snapshot->Scan(first, last);
//   for (; row->Valid(); row->Next()) Use(row->key(), row->value());
//   if (!row->status().ok()) return row->status();
//
// A walk that meets damage ends as if there were no more rows: only status() tells the two apart,
// so it must be looked at when Valid() has become false. Not thread-safe.
class Iterator {
 public:
  Iterator() = default;
  Iterator(const Iterator&) = delete;
  Iterator& operator=(const Iterator&) = delete;
  virtual ~Iterator() = default;

  // Whether it stands on a row.
  virtual bool Valid() const = 0;

  // Goes to the next row of the walk. Requires Valid().
  virtual void Next() = 0;

  // The row it stands on. The views are valid until Next() or destruction. Require Valid().
  virtual std::string_view key() const = 0;
  virtual std::string_view value() const = 0;

  // OK, or why the walk ended before its range did: DATA_LOSS where stored bytes are damaged,
  // INTERNAL where they could not be read.
  virtual absl::Status status() const = 0;
};

// What rows can be read from: a snapshot of a store, or a transaction over one.
class Reader {
 public:
  Reader() = default;
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  virtual ~Reader() = default;

  // The value of `key`, or nullopt where there is no such key, which is no error. DATA_LOSS or
  // INTERNAL as for Iterator::status().
  virtual absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const = 0;

  // The values of `keys`, which ascend, one for each: as Get() gives them, or the error of one.
  // Cheaper than Get() by Get(), most of all where there is no such key.
  virtual absl::StatusOr<std::vector<std::optional<std::string>>> GetMany(
      std::span<const std::string> keys) const = 0;

  // All rows with first <= key < last, in ascending order; an empty `last` stands for the end of
  // the key space. Where there is no such key the iterator is not Valid() from the start. To scan
  // a prefix, pass it and PrefixEnd() of it (key.h). The iterator must not outlive this reader;
  // the arguments may.
  virtual std::unique_ptr<Iterator> Scan(std::string_view first, std::string_view last) const = 0;

  // The same rows in descending order: the first is the last row of the range.
  virtual std::unique_ptr<Iterator> ScanReverse(std::string_view first,
                                                std::string_view last) const = 0;
};

// A store as it was at one moment, between two batches: no later write shows in it. It may be used
// by several threads at once, and may outlive its Kv (which is why it is shared). It keeps old
// rows, and in an engine on disk the whole store, from being freed: let go of it soon.
class Snapshot : public Reader {};

// When a write has to be safe.
enum class Durability {
  // With all writes before it on stable storage before Write() returns.
  kSync,
  // Handed to the operating system: outlives the process, not necessarily a loss of power. What
  // such a loss takes is a suffix of the batches since the last kSync, each of them whole.
  kNoSync,
};

// A store that was opened. What it shows right after it was opened is on stable storage.
//
// Any thread may call NewSnapshot(), failure() and DiskBytes(), and read; Write() and Latest() are
// for one thread at a time.
class Kv {
 public:
  Kv() = default;
  Kv(const Kv&) = delete;
  Kv& operator=(const Kv&) = delete;
  virtual ~Kv() = default;

  // The store as it is now. Cheap: no row is copied.
  virtual std::shared_ptr<const Snapshot> NewSnapshot() const = 0;

  // The same for the thread that writes, which lets go of it before its next Write(): an engine
  // need not keep old rows for it.
  virtual std::shared_ptr<const Snapshot> Latest() const { return NewSnapshot(); }

  // Makes all of `batch` take effect at once, after every batch before it. Once it returned OK,
  // new snapshots show it, and after kSync it is on stable storage, as are all batches before it.
  // An empty batch with kSync does the latter alone.
  //
  // Where it returns anything else the batch is in doubt: no snapshot shows it, but it may be
  // there, as a whole, when the store is opened again. RESOURCE_EXHAUSTED: the disk is full;
  // DATA_LOSS: stored bytes are damaged; INTERNAL: the disk did not write or sync. From then on
  // every Write returns FAILED_PRECONDITION, and does nothing, until the store was opened again:
  // a disk that failed a sync may have dropped what it had been given, and a later sync that
  // succeeds would prove nothing. So after a failed sync nothing more is acknowledged. Reads go
  // on.
  absl::Status Write(const WriteBatch& batch, Durability durability);

  // OK while writes are taken, else the error of the first write that failed.
  absl::Status failure() const;

  // Bytes that the store takes up, about.
  virtual uint64_t DiskBytes() const = 0;

 protected:
  // The engine's own write. It is not called again after it failed, until SetFailure(OK).
  virtual absl::Status Apply(const WriteBatch& batch, Durability durability) = 0;

  // Refuses further writes because of `failure`, or takes them again where it is OK. For engines
  // that can fail, or be opened again, without being destroyed.
  void SetFailure(absl::Status failure);

 private:
  mutable std::mutex mutex_;
  absl::Status failure_;  // guarded by mutex_
};

}  // namespace trialsync::storage

#endif  // TRIALSYNC_STORAGE_KV_H_
