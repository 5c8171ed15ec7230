// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_STORAGE_ROCKSDB_KV_H_
#define TRIALSYNC_STORAGE_ROCKSDB_KV_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/kv.h"
#include "storage/write_batch.h"

namespace rocksdb {
class DB;
}  // namespace rocksdb

namespace trialsync::storage {

struct BackupInfo;

struct RocksDbOptions {
  // The directory of the store. It holds nothing else; its parent must exist.
  std::string path;

  // Whether to make a new, empty store where there is none. Only the command that sets a daemon up
  // should: a daemon that finds its store gone must say so, not begin again from nothing.
  bool create_if_missing = false;

  // Memory for blocks read from disk, with their indexes and filters. Up to 192 MiB of new rows
  // come on top of it.
  uint64_t block_cache_mib = 256;

  // Gets RocksDB's own warnings and errors, one a call and without a line end. Called from any
  // thread, RocksDB's own included; must not call the store. None: they are dropped. RocksDB
  // writes no LOG file in either case.
  std::function<void(std::string_view line)> log;
};

// A store in a directory of the local disk (RocksDB 7.8).
//
// What a loss of power or a flipped bit in a write-ahead log does: opening takes the batches up to
// the first that is not whole and drops the others, without an error, whether or not they had been
// synced. Who must know that nothing acknowledged was dropped keeps a note of it elsewhere (the
// head file). Damage in any other file is an error, when the store is opened or when the damaged
// block is read.
class RocksDbKv : public Kv {
 public:
  // Opens the store. While it is open, which is until it and all its snapshots are destroyed, no
  // other process can open it.
  //   NOT_FOUND: there is no store, and none was to be made.
  //   FAILED_PRECONDITION: it is in use, or was written by a newer release; it is as it was.
  //   DATA_LOSS: it is damaged.
  //   RESOURCE_EXHAUSTED, INTERNAL: the disk is full, or does not read or write.
  static absl::StatusOr<std::unique_ptr<RocksDbKv>> Open(const RocksDbOptions& options);

  std::shared_ptr<const Snapshot> NewSnapshot() const override;
  // None is held: whenever one is let go, RocksDB looks for files at the bottom of the store that
  // it can write anew without sequence numbers, which is a sixteenth of a site's catch-up.
  std::shared_ptr<const Snapshot> Latest() const override;

  // Sizes of all files in the directory.
  uint64_t DiskBytes() const override;

 protected:
  absl::Status Apply(const WriteBatch& batch, Durability durability) override;

 private:
  friend class BackupDirectory;
  friend absl::StatusOr<BackupInfo> CreateBackup(const std::string& directory,
                                                 const RocksDbKv& store, uint32_t keep_count);
  RocksDbKv(std::string path, std::shared_ptr<rocksdb::DB> database);

  const std::string path_;
  // Shared with the snapshots.
  const std::shared_ptr<rocksdb::DB> database_;
};

}  // namespace trialsync::storage

#endif  // TRIALSYNC_STORAGE_ROCKSDB_KV_H_
