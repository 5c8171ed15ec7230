// SPDX-License-Identifier: Apache-2.0
#include "daemon/backup_maker.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/backup.h"
#include "storage/rocksdb_backup.h"

namespace trialsync::daemon {
namespace {

absl::StatusOr<v1::Backup> Make(const std::string& directory, const storage::RocksDbKv& store,
                                uint32_t keep_count) {
  // Patients' data are in it.
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (!error) {
    std::filesystem::permissions(directory, std::filesystem::perms::owner_all, error);
  }
  if (error) {
    return absl::InternalError(absl::StrCat("cannot make the directory ", directory, ": ",
                                            error.message(), "; correct --backup or its rights"));
  }
  const auto made = storage::CreateBackup(directory, store, keep_count);
  if (!made.ok()) return made.status();
  const auto backups = storage::BackupDirectory::Open(directory);
  if (!backups.ok()) return backups.status();
  v1::Backup backup = DescribeBackup(**backups, *made);
  if (!backup.damage().empty()) return absl::DataLossError(backup.damage());
  return backup;
}

}  // namespace

BackupMaker::BackupMaker(std::string directory, const storage::RocksDbKv* store)
    : directory_(std::move(directory)), store_(store) {
  const auto backups = storage::BackupDirectory::Open(directory_);
  if (!backups.ok()) return;
  const MutexLock lock(&mutex_);
  for (const storage::BackupInfo& backup : (*backups)->List()) {
    if (backup.damage.empty()) last_time_ = backup.time;
  }
}

absl::StatusOr<v1::Backup> BackupMaker::Create(uint32_t keep_count) {
  if (directory_.empty()) {
    return absl::FailedPreconditionError(
        "this daemon was not told where to put backups: start it with --backup DIR, on another "
        "disk than its --data");
  }
  {
    const MutexLock lock(&mutex_);
    if (busy_) return absl::FailedPreconditionError("a backup is being made: wait for its end");
    busy_ = true;
  }
  absl::StatusOr<v1::Backup> backup = Make(directory_, *store_, keep_count);
  const MutexLock lock(&mutex_);
  busy_ = false;
  if (backup.ok()) last_time_ = absl::FromUnixSeconds(backup->create_time().seconds());
  return backup;
}

std::optional<absl::Time> BackupMaker::last_time() const {
  const MutexLock lock(&mutex_);
  return last_time_;
}

}  // namespace trialsync::daemon
