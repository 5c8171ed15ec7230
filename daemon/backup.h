// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_BACKUP_H_
#define TRIALSYNC_DAEMON_BACKUP_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "storage/rocksdb_backup.h"
#include "trialsync/v1/backup_service.pb.h"

// What people do with a directory of backups, without a daemon (docs/backup.md). Nothing here is
// secret to whoever can read the directory; a coordinator's signing key is never in a backup.
namespace trialsync::daemon {

// In a data directory: a store that is being put back. What is left of one that was interrupted is
// no store, and no daemon starts beside it.
inline constexpr char kPartialStore[] = "store.partial";

// What is in a backup, read from the backup itself. Damage is told in it, and is no error.
v1::Backup DescribeBackup(const storage::BackupDirectory& backups, const storage::BackupInfo& info);

// All backups of a directory, oldest first. Errors as BackupDirectory::Open.
absl::StatusOr<v1::ListBackupsResponse> ListBackups(const std::string& directory);

// Told how many commits of how many of a partition were replayed.
using BackupProgress =
    std::function<void(const v1::BackupPartition& partition, uint64_t done, uint64_t total)>;

// Reads every byte of a backup (the newest for number 0), and replays every log in it as
// StatusService.Verify does. NOT_FOUND where there is none; whatever is wrong with it is in the
// answer.
absl::StatusOr<v1::BackupVerification> VerifyBackup(const std::string& directory, uint32_t number,
                                                    const BackupProgress& progress);

// Puts a backup (the newest for number 0) into a data directory that is not there or empty, marked
// so that the daemon which opens it knows that it was put back. FAILED_PRECONDITION if something is
// there, DATA_LOSS if the backup is damaged, INTERNAL if something cannot be written; what was
// there before is never touched, and after an error no part of a store is left.
absl::StatusOr<v1::Backup> RestoreBackup(const std::string& directory, uint32_t number,
                                         const std::string& data_directory);

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_BACKUP_H_
