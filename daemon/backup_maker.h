// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_BACKUP_MAKER_H_
#define TRIALSYNC_DAEMON_BACKUP_MAKER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/mutex.h"
#include "storage/rocksdb_kv.h"
#include "trialsync/v1/backup_service.pb.h"

namespace trialsync::daemon {

// Makes the backups of a running daemon. Safe to use from any thread.
class BackupMaker {
 public:
  // `directory` is that of --backup, empty for none; `store` outlives the maker.
  BackupMaker(std::string directory, const storage::RocksDbKv* store);

  // Adds a backup, and keeps the newest `keep_count`, or all for 0. FAILED_PRECONDITION without a
  // directory, or while another call makes one; else the errors of storage::CreateBackup.
  absl::StatusOr<v1::Backup> Create(uint32_t keep_count) ABSL_LOCKS_EXCLUDED(mutex_);

  // Empty: backups are not made.
  const std::string& directory() const { return directory_; }
  // When the newest backup was made; none if there is none that can be read.
  std::optional<absl::Time> last_time() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  const std::string directory_;
  const storage::RocksDbKv* const store_;
  mutable Mutex mutex_;
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Time> last_time_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_BACKUP_MAKER_H_
