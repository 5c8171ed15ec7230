// SPDX-License-Identifier: Apache-2.0
#include "storage/rocksdb_kv.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/perf_level.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/check.h"

namespace trialsync::storage {
namespace {

constexpr uint64_t kMebibyte = uint64_t{1} << 20;

rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// `task` says what was tried: "write to".
absl::Status Translate(const rocksdb::Status& status, std::string_view task,
                       const std::string& path) {
  if (status.ok()) return absl::OkStatus();
  const std::string text = status.ToString();
  // Only the text tells a held lock from other failures of the lock file.
  if (absl::StrContains(text, "lock hold by current process")) {
    return absl::FailedPreconditionError(
        absl::StrCat("the store ", path, " is already open in this process"));
  }
  if (absl::StrContains(text, "While lock file")) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the store ", path, " is in use by another process; stop that one first (", text, ")"));
  }
  const std::string problem =
      absl::StrCat("cannot ", std::string(task), " the store ", path, ": ", text);
  if (status.IsNoSpace()) {
    return absl::ResourceExhaustedError(
        absl::StrCat(problem, "; free space on its disk, then open it again"));
  }
  if (status.IsCorruption()) {
    return absl::DataLossError(
        absl::StrCat(problem, "; restore it from a backup, or let its peer refill a new one"));
  }
  if (status.IsNotSupported() || status.IsInvalidArgument()) {
    return absl::FailedPreconditionError(
        absl::StrCat(problem, "; was it written by a newer release?"));
  }
  return absl::InternalError(
      absl::StrCat(problem, "; check its disk and permissions, then open it again"));
}

class ForwardingLogger : public rocksdb::Logger {
 public:
  explicit ForwardingLogger(std::function<void(std::string_view)> log)
      : Logger(rocksdb::InfoLogLevel::WARN_LEVEL), log_(std::move(log)) {}

  using Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    if (log_ == nullptr) return;
    char line[1024];
    const int line_bytes = std::vsnprintf(line, sizeof(line), format, arguments);
    if (line_bytes > 0) log_(std::string_view(line));
  }

 private:
  const std::function<void(std::string_view)> log_;
};

rocksdb::BlockBasedTableOptions TableOptions(uint64_t block_cache_mib) {
  rocksdb::BlockBasedTableOptions table;
  table.block_size = 16 * 1024;
  table.block_cache = rocksdb::NewLRUCache(block_cache_mib * kMebibyte);
  // Within the cache, so that its size bounds the memory of a store of any size.
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.whole_key_filtering = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(/*bits_per_key=*/10));
  return table;
}

rocksdb::Options EngineOptions(const RocksDbOptions& options) {
  rocksdb::Options engine;
  engine.create_if_missing = options.create_if_missing;
  engine.paranoid_checks = true;
  // After a loss of power, pages of one batch that was being synced may have reached the disk in
  // any order, so a log that ends in garbage is a normal crash and must open without a person.
  // kTolerateCorruptedTailRecords would refuse some of these, kAbsoluteConsistency all of them,
  // and kSkipAnyCorruptedRecords would leave holes. The price of stopping at the first bad record
  // is that a bit that flipped in a synced one drops it, and what follows, in silence: the
  // head file finds that. (Tracking logs in the MANIFEST would find some, but in 7.8 it gives
  // false alarms too: RocksDB pull request 10892.)
  engine.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  // No going on by itself after a failed flush or compaction: Kv::Write promises to stop.
  engine.max_bgerror_resume_count = 0;

  // For 100,000 rows of 400 B a second, with their index rows: a buffer lasts about a second, two
  // can wait for the disk, and a file of the first level is one buffer.
  engine.write_buffer_size = 64 * kMebibyte;
  engine.max_write_buffer_number = 3;
  engine.target_file_size_base = 64 * kMebibyte;
  engine.max_bytes_for_level_base = 256 * kMebibyte;
  engine.level_compaction_dynamic_level_bytes = true;
  // Each merge writes the level below anew: with twice the files, half as often. Their filters make
  // up for it where something is looked for in all of them.
  engine.level0_file_num_compaction_trigger = 8;
  engine.max_background_jobs = 2;
  // Tables go to the disk bit by bit, not in one burst that the sync of a log has to wait behind.
  engine.bytes_per_sync = kMebibyte;
  // Most reads of a commit ask for keys that are new: a filter spares them the search in the
  // buffers, which is half the time of a commit.
  engine.memtable_prefix_bloom_size_ratio = 0.02;
  engine.memtable_whole_key_filtering = true;
  // One thread writes, and a batch is in key order: the place of a row in a buffer is looked for
  // from the row before it. (Not from the row before it of the same table, with
  // memtable_insert_with_hint_prefix_extractor: RocksDB 7.8 shares these hints between rows and
  // deletions of ranges, which are in lists of their own, and spoils both.)
  engine.allow_concurrent_memtable_write = false;

  // A file of the first level is soon merged into the next: it is not worth compressing. The one
  // below is soon the last in stores of this size, and zstd there would cost a site a twelfth of
  // its catch-up.
  engine.compression = rocksdb::kLZ4Compression;
  engine.compression_per_level.assign(static_cast<size_t>(engine.num_levels),
                                      rocksdb::kLZ4Compression);
  engine.compression_per_level[0] = rocksdb::kNoCompression;
  engine.table_factory.reset(
      rocksdb::NewBlockBasedTableFactory(TableOptions(options.block_cache_mib)));

  engine.info_log = std::make_shared<ForwardingLogger>(options.log);
  engine.stats_dump_period_sec = 0;
  engine.stats_persist_period_sec = 0;
  return engine;
}

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

absl::StatusOr<std::unique_ptr<Kv>> RocksDbKv::Open(const RocksDbOptions& options) {
  if (absl::Status status = CheckDirectory(options); !status.ok()) return status;
  rocksdb::DB* database = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(EngineOptions(options), options.path, &database);
  if (!status.ok()) return Translate(status, "open", options.path);
  return std::unique_ptr<Kv>(new RocksDbKv(options.path, std::shared_ptr<rocksdb::DB>(database)));
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
