// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_STORAGE_ROCKSDB_BACKUP_H_
#define TRIALSYNC_STORAGE_ROCKSDB_BACKUP_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/kv.h"
#include "storage/rocksdb_kv.h"

namespace rocksdb {
class BackupEngineReadOnly;
}  // namespace rocksdb

// Backups of a store: a directory with one or more of them, each the whole store at one moment
// between two writes (RocksDB's backup engine). A table that several have is there once. Every
// file is kept with its checksum.
namespace trialsync::storage {

struct BackupInfo {
  // Counts up from 1.
  uint32_t number = 0;
  // When it was begun, to the second.
  absl::Time time;
  // Of all its files, those that it shares with others included.
  uint64_t bytes = 0;
  // What is wrong with it as far as the names and sizes of its files tell; empty for nothing.
  std::string damage;
};

// Adds a backup of `store`, which goes on reading and writing meanwhile, to the directory, which is
// made if it is not there; then deletes all but the newest `keep_count`, or none for 0. One call at
// a time for each directory. RESOURCE_EXHAUSTED when the disk of the backups is full, INTERNAL if
// something cannot be read or written: then there is no new one, and the others are as they were.
absl::StatusOr<BackupInfo> CreateBackup(const std::string& directory, const RocksDbKv& store,
                                        uint32_t keep_count);

// The backups of a directory as they were when it was opened. Changes nothing there. Not
// thread-safe.
class BackupDirectory {
 public:
  // NOT_FOUND where there is no such directory; INTERNAL if it cannot be read.
  static absl::StatusOr<std::unique_ptr<BackupDirectory>> Open(const std::string& path);
  ~BackupDirectory();

  // Oldest first.
  std::vector<BackupInfo> List() const;
  // The backup with a number, or for 0 the newest. NOT_FOUND, with the numbers that there are.
  absl::StatusOr<BackupInfo> Find(uint32_t number) const;

  // Reads every file of a backup. DATA_LOSS names one that is missing or not what it was.
  absl::Status CheckFiles(uint32_t number) const;

  // A backup as a store, where it lies. It takes no writes.
  absl::StatusOr<std::unique_ptr<Kv>> OpenStore(uint32_t number) const;

  // Copies a backup to where a store can be opened. There must be nothing yet; after an error there
  // may be anything. DATA_LOSS where a file is not what it was.
  absl::Status Restore(uint32_t number, const std::string& store_path) const;

 private:
  BackupDirectory(std::string path, std::unique_ptr<rocksdb::BackupEngineReadOnly> engine);

  const std::string path_;
  const std::unique_ptr<rocksdb::BackupEngineReadOnly> engine_;
};

}  // namespace trialsync::storage

#endif  // TRIALSYNC_STORAGE_ROCKSDB_BACKUP_H_
