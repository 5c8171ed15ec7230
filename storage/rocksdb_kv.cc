// SPDX-License-Identifier: Apache-2.0
#include "storage/rocksdb_kv.h"

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/perf_level.h>
#include <rocksdb/write_batch.h>

#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/check.h"
#include "storage/rocksdb_engine.h"

namespace trialsync::storage {
namespace {

rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// RocksDB counts every comparison of keys for this thread, which nobody asks for.
void CountNothing() { rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable); }

class RocksDbIterator : public Iterator {
 public:
  RocksDbIterator(rocksdb::DB& database, rocksdb::ReadOptions options, std::string_view first,
                  std::string_view last, bool reverse, const std::string& path)
      : first_(first), last_(last), reverse_(reverse), path_(path) {
    first_slice_ = first_;
    last_slice_ = last_;
    options.iterate_lower_bound = &first_slice_;
    if (!last_.empty()) options.iterate_upper_bound = &last_slice_;
    rows_.reset(database.NewIterator(options));
    if (reverse_) {
      rows_->SeekToLast();
    } else {
      rows_->SeekToFirst();
    }
  }

  bool Valid() const override { return rows_->Valid(); }

  void Next() override {
    TS_CHECK(Valid());
    if (reverse_) {
      rows_->Prev();
    } else {
      rows_->Next();
    }
  }

  std::string_view key() const override {
    TS_CHECK(Valid());
    return ToView(rows_->key());
  }

  std::string_view value() const override {
    TS_CHECK(Valid());
    return ToView(rows_->value());
  }

  absl::Status status() const override { return Translate(rows_->status(), "read", path_); }

 private:
  const std::string first_;
  const std::string last_;
  rocksdb::Slice first_slice_;
  rocksdb::Slice last_slice_;
  const bool reverse_;
  const std::string& path_;
  std::unique_ptr<rocksdb::Iterator> rows_;
};

class RocksDbSnapshot : public Snapshot {
 public:
  // Of the store as it is now, or with `held` false, as it is whenever it is read.
  RocksDbSnapshot(std::shared_ptr<rocksdb::DB> database, std::string path, bool held)
      : database_(std::move(database)),
        path_(std::move(path)),
        snapshot_(held ? database_->GetSnapshot() : nullptr) {
    read_options_.snapshot = snapshot_;
    read_options_.verify_checksums = true;
  }

  ~RocksDbSnapshot() override {
    if (snapshot_ != nullptr) database_->ReleaseSnapshot(snapshot_);
  }

  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override {
    std::string value;
    const rocksdb::Status status =
        database_->Get(read_options_, database_->DefaultColumnFamily(), ToSlice(key), &value);
    if (status.IsNotFound()) return std::nullopt;
    if (!status.ok()) return Translate(status, "read", path_);
    return value;
  }

  absl::StatusOr<std::vector<std::optional<std::string>>> GetMany(
      std::span<const std::string> keys) const override {
    std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
    std::vector<rocksdb::PinnableSlice> found(keys.size());
    std::vector<rocksdb::Status> statuses(keys.size());
    database_->MultiGet(read_options_, database_->DefaultColumnFamily(), slices.size(),
                        slices.data(), found.data(), statuses.data(), /*sorted_input=*/true);
    std::vector<std::optional<std::string>> values(keys.size());
    for (size_t i = 0; i < keys.size(); ++i) {
      if (statuses[i].IsNotFound()) continue;
      if (!statuses[i].ok()) return Translate(statuses[i], "read", path_);
      values[i] = found[i].ToString();
    }
    return values;
  }

  std::unique_ptr<Iterator> Scan(std::string_view first, std::string_view last) const override {
    return std::make_unique<RocksDbIterator>(*database_, read_options_, first, last,
                                             /*reverse=*/false, path_);
  }

  std::unique_ptr<Iterator> ScanReverse(std::string_view first,
                                        std::string_view last) const override {
    return std::make_unique<RocksDbIterator>(*database_, read_options_, first, last,
                                             /*reverse=*/true, path_);
  }

 private:
  const std::shared_ptr<rocksdb::DB> database_;
  const std::string path_;
  const rocksdb::Snapshot* const snapshot_;
  rocksdb::ReadOptions read_options_;
};

// Whether RocksDB may be let loose on the directory. Where its file CURRENT is missing it begins a
// new store there: beside what is left of the old one, which then cannot be mended any more.
absl::Status CheckDirectory(const RocksDbOptions& options) {
  const std::filesystem::path directory(options.path);
  std::error_code error;
  if (std::filesystem::exists(directory / "CURRENT", error) || error) return absl::OkStatus();
  for (std::filesystem::directory_iterator file(directory, error), end; !error && file != end;
       file.increment(error)) {
    const std::filesystem::path extension = file->path().extension();
    if (extension == ".sst" || extension == ".log") {
      return absl::DataLossError(
          absl::StrCat("the store ", options.path,
                       " is damaged: its file CURRENT is missing, but data is there (",
                       file->path().filename().string(),
                       "); restore it from a backup, or let its peer refill a new one"));
    }
  }
  if (options.create_if_missing) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("there is no store in ", options.path,
                                          "; correct the path, or set the daemon up first"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<RocksDbKv>> RocksDbKv::Open(const RocksDbOptions& options) {
  if (absl::Status status = CheckDirectory(options); !status.ok()) return status;
  rocksdb::DB* database = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(EngineOptions(options), options.path, &database);
  if (!status.ok()) return Translate(status, "open", options.path);
  return std::unique_ptr<RocksDbKv>(
      new RocksDbKv(options.path, std::shared_ptr<rocksdb::DB>(database)));
}

RocksDbKv::RocksDbKv(std::string path, std::shared_ptr<rocksdb::DB> database)
    : path_(std::move(path)), database_(std::move(database)) {}

std::shared_ptr<const Snapshot> RocksDbKv::NewSnapshot() const {
  CountNothing();
  return std::make_shared<const RocksDbSnapshot>(database_, path_, /*held=*/true);
}

std::shared_ptr<const Snapshot> RocksDbKv::Latest() const {
  CountNothing();
  return std::make_shared<const RocksDbSnapshot>(database_, path_, /*held=*/false);
}

uint64_t RocksDbKv::DiskBytes() const {
  uint64_t disk_bytes = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator file(path_, error), end; !error && file != end;
       file.increment(error)) {
    // A file may be gone by now: a compaction replaced it.
    std::error_code gone;
    const uint64_t file_bytes = file->file_size(gone);
    if (!gone) disk_bytes += file_bytes;
  }
  return disk_bytes;
}

absl::Status RocksDbKv::Apply(const WriteBatch& batch, Durability durability) {
  CountNothing();
  rocksdb::WriteBatch rows(/*reserved_bytes=*/batch.size_bytes());
  rocksdb::Status status;
  for (const WriteBatch::Entry& entry : batch) {
    switch (entry.kind) {
      case WriteBatch::Kind::kPut:
        status = rows.Put(ToSlice(entry.key), ToSlice(entry.value));
        break;
      case WriteBatch::Kind::kDelete:
        status = rows.Delete(ToSlice(entry.key));
        break;
      case WriteBatch::Kind::kDeleteRange:
        status = rows.DeleteRange(ToSlice(entry.key), ToSlice(entry.value));
        break;
    }
    if (!status.ok()) return Translate(status, "write to", path_);
  }
  rocksdb::WriteOptions write_options;
  write_options.sync = durability == Durability::kSync;
  return Translate(database_->Write(write_options, &rows), "write to", path_);
}

}  // namespace trialsync::storage
