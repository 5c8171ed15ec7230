// SPDX-License-Identifier: Apache-2.0
#include "storage/rocksdb_engine.h"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <cstdarg>
#include <cstdio>
#include <functional>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace trialsync::storage {
namespace {

constexpr uint64_t kMebibyte = uint64_t{1} << 20;

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

}  // namespace

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

}  // namespace trialsync::storage
