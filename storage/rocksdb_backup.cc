// SPDX-License-Identifier: Apache-2.0
#include "storage/rocksdb_backup.h"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/utilities/backup_engine.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "storage/rocksdb_engine.h"

namespace trialsync::storage {
namespace {

absl::Status TranslateBackup(const rocksdb::Status& status, std::string_view task,
                             const std::string& path) {
  if (status.ok()) return absl::OkStatus();
  const std::string problem =
      absl::StrCat("cannot ", std::string(task), " the backups in ", path, ": ", status.ToString());
  if (status.IsNoSpace()) {
    return absl::ResourceExhaustedError(
        absl::StrCat(problem, "; free space there, or keep fewer backups"));
  }
  if (status.IsNotFound()) return absl::NotFoundError(problem);
  if (status.IsCorruption()) {
    return absl::DataLossError(absl::StrCat(problem, "; use another backup"));
  }
  return absl::InternalError(absl::StrCat(problem, "; check the disk and the rights"));
}

rocksdb::BackupEngineOptions EngineOptionsFor(const std::string& path) {
  // Only from an absolute path can a backup be opened where it lies.
  rocksdb::BackupEngineOptions options(std::filesystem::absolute(path).lexically_normal().string());
  options.sync = true;
  // By name and checksum: so files of another store, or of this one after it was put back, can lie
  // beside them.
  options.share_files_with_checksum = true;
  return options;
}

BackupInfo Summarise(const rocksdb::BackupInfo& backup) {
  return {.number = backup.backup_id,
          .time = absl::FromUnixSeconds(backup.timestamp),
          .bytes = backup.size,
          .damage = ""};
}

}  // namespace

absl::StatusOr<BackupInfo> CreateBackup(const std::string& directory, const RocksDbKv& store,
                                        uint32_t keep_count) {
  rocksdb::BackupEngine* opened = nullptr;
  rocksdb::Status status =
      rocksdb::BackupEngine::Open(rocksdb::Env::Default(), EngineOptionsFor(directory), &opened);
  if (!status.ok()) return TranslateBackup(status, "add to", directory);
  const std::unique_ptr<rocksdb::BackupEngine> engine(opened);
  rocksdb::CreateBackupOptions options;
  // Else the rows of the last write-ahead log would be copied again and again.
  options.flush_before_backup = true;
  rocksdb::BackupID number = 0;
  status = engine->CreateNewBackup(options, store.database_.get(), &number);
  if (!status.ok()) return TranslateBackup(status, "add to", directory);
  if (keep_count != 0) status = engine->PurgeOldBackups(keep_count);
  if (!status.ok()) return TranslateBackup(status, "delete from", directory);
  rocksdb::BackupInfo made;
  status = engine->GetBackupInfo(number, &made);
  if (!status.ok()) return TranslateBackup(status, "read", directory);
  return Summarise(made);
}

absl::StatusOr<std::unique_ptr<BackupDirectory>> BackupDirectory::Open(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    return absl::NotFoundError(absl::StrCat("there is no directory of backups ", path));
  }
  rocksdb::BackupEngineReadOnly* engine = nullptr;
  const rocksdb::Status status =
      rocksdb::BackupEngineReadOnly::Open(rocksdb::Env::Default(), EngineOptionsFor(path), &engine);
  if (!status.ok()) return TranslateBackup(status, "read", path);
  return std::unique_ptr<BackupDirectory>(
      new BackupDirectory(path, std::unique_ptr<rocksdb::BackupEngineReadOnly>(engine)));
}

BackupDirectory::BackupDirectory(std::string path,
                                 std::unique_ptr<rocksdb::BackupEngineReadOnly> engine)
    : path_(std::move(path)), engine_(std::move(engine)) {}

BackupDirectory::~BackupDirectory() = default;

std::vector<BackupInfo> BackupDirectory::List() const {
  std::vector<rocksdb::BackupInfo> whole;
  engine_->GetBackupInfo(&whole);
  std::vector<BackupInfo> all;
  for (const rocksdb::BackupInfo& backup : whole) all.push_back(Summarise(backup));
  std::vector<rocksdb::BackupID> damaged;
  engine_->GetCorruptedBackups(&damaged);
  for (const rocksdb::BackupID number : damaged) {
    BackupInfo& backup = all.emplace_back();
    backup.number = number;
    backup.damage = std::string(CheckFiles(number).message());
  }
  std::sort(all.begin(), all.end(),
            [](const BackupInfo& a, const BackupInfo& b) { return a.number < b.number; });
  return all;
}

absl::StatusOr<BackupInfo> BackupDirectory::Find(uint32_t number) const {
  const std::vector<BackupInfo> all = List();
  if (all.empty()) return absl::NotFoundError(absl::StrCat("there is no backup in ", path_));
  if (number == 0) return all.back();
  std::vector<std::string> numbers;
  for (const BackupInfo& backup : all) {
    if (backup.number == number) return backup;
    numbers.push_back(absl::StrCat(backup.number));
  }
  return absl::NotFoundError(absl::StrCat("there is no backup ", number, " in ", path_, ", only ",
                                          absl::StrJoin(numbers, ", ")));
}

absl::Status BackupDirectory::CheckFiles(uint32_t number) const {
  return TranslateBackup(engine_->VerifyBackup(number, /*verify_with_checksum=*/true), "check",
                         path_);
}

absl::StatusOr<std::unique_ptr<Kv>> BackupDirectory::OpenStore(uint32_t number) const {
  rocksdb::BackupInfo backup;
  rocksdb::Status status = engine_->GetBackupInfo(number, &backup, /*include_file_details=*/true);
  if (!status.ok()) return TranslateBackup(status, "read", path_);
  rocksdb::Options options = EngineOptions({.path = backup.name_for_open, .log = {}});
  options.env = backup.env_for_open.get();
  rocksdb::DB* database = nullptr;
  status = rocksdb::DB::OpenForReadOnly(options, backup.name_for_open, &database);
  if (!status.ok()) return TranslateBackup(status, "open", path_);
  // The database reads through the backup's own view of the files.
  const std::shared_ptr<rocksdb::DB> shared(
      database, [files = backup.env_for_open](rocksdb::DB* open) { delete open; });
  return std::unique_ptr<Kv>(new RocksDbKv(backup.name_for_open, shared));
}

absl::Status BackupDirectory::Restore(uint32_t number, const std::string& store_path) const {
  return TranslateBackup(engine_->RestoreDBFromBackup(number, store_path, store_path), "restore",
                         path_);
}

}  // namespace trialsync::storage
