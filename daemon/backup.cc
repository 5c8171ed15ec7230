// SPDX-License-Identifier: Apache-2.0
#include "daemon/backup.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/tables.h"
#include "sync/identity.h"
#include "sync/log_tree.h"
#include "sync/time.h"
#include "sync/verify.h"

namespace trialsync::daemon {
namespace {

namespace fs = std::filesystem;

uint64_t OutboxCount(storage::PartitionTables& tables) {
  const std::optional<ChainId> own = tables.OwnChain();
  if (!own) return 0;
  const std::optional<v1::ChainHead> receipted = tables.Chain(*own);
  return tables.LastOwn(own->incarnation) - (receipted ? receipted->seq() : 0);
}

absl::Status Describe(const storage::Kv& store, v1::Backup& backup) {
  storage::Transaction transaction(store.NewSnapshot());
  storage::StoreTables tables(&transaction);
  const v1::StoreIdentity identity = tables.Identity().value_or(v1::StoreIdentity());
  backup.set_role(identity.role());
  backup.set_replica(ToHex(identity.replica()));
  for (const storage::StoreTables::Partition& partition : tables.Partitions()) {
    storage::PartitionTables in(&transaction, partition.number);
    v1::BackupPartition& described = *backup.add_partitions();
    described.set_study(partition.name.study);
    described.set_site(partition.name.site);
    absl::StatusOr<v1::LogPosition> log = sync::PositionAt(in, in.Head().size());
    if (!log.ok()) return log.status();
    *described.mutable_log() = *std::move(log);
    if (identity.role() == "site") described.set_outbox_count(OutboxCount(in));
    if (!in.status().ok()) return in.status();
  }
  return tables.status();
}

absl::Status VerifyStore(const storage::Kv& store, const v1::Backup& backup,
                         const BackupProgress& progress, v1::BackupVerification& verification) {
  const std::shared_ptr<const storage::Snapshot> snapshot = store.NewSnapshot();
  storage::Transaction transaction(snapshot);
  for (const v1::BackupPartition& partition : backup.partitions()) {
    const SiteName name{partition.study(), partition.site()};
    const auto number = storage::StoreTables(&transaction).FindPartition(name);
    const auto definitions = sync::LoadDefinitions(*snapshot, name.study);
    if (!number || !definitions.ok()) {
      return number ? definitions.status() : absl::DataLossError("a partition cannot be read");
    }
    const auto tell = [&](uint64_t done, uint64_t total) {
      progress(partition, done, total);
      return true;
    };
    const absl::StatusOr<sync::Verification> verified =
        sync::VerifyPartition(snapshot, *number, name, *definitions, tell);
    if (!verified.ok()) return verified.status();
    if (!verified->difference.empty()) {
      verification.set_difference(absl::StrCat(name.ToString(), ": ", verified->difference));
      return absl::OkStatus();
    }
  }
  verification.set_ok(true);
  return absl::OkStatus();
}

absl::Status CheckEmpty(const std::string& directory) {
  std::error_code error;
  if (!fs::exists(directory, error)) return absl::OkStatus();
  if (fs::is_directory(directory, error) && fs::is_empty(directory, error)) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat(directory,
                   " is not empty, and nothing is ever written over: name another directory, or "
                   "move what is there out of the way"));
}

absl::Status MarkRestored(const std::string& path) {
  const auto store = storage::RocksDbKv::Open({.path = path, .log = {}});
  if (!store.ok()) return store.status();
  return sync::MarkRestored(**store);
}

}  // namespace

v1::Backup DescribeBackup(const storage::BackupDirectory& backups,
                          const storage::BackupInfo& info) {
  v1::Backup backup;
  backup.set_number(info.number);
  backup.set_damage(info.damage);
  if (!info.damage.empty()) return backup;
  *backup.mutable_create_time() = sync::ToTimestamp(info.time);
  backup.set_size_bytes(info.bytes);
  const absl::StatusOr<std::unique_ptr<storage::Kv>> store = backups.OpenStore(info.number);
  const absl::Status status = store.ok() ? Describe(**store, backup) : store.status();
  if (!status.ok()) {
    backup.set_damage(
        absl::StrCat("its store cannot be read, use another backup: ", status.message()));
  }
  return backup;
}

absl::StatusOr<v1::ListBackupsResponse> ListBackups(const std::string& directory) {
  const auto backups = storage::BackupDirectory::Open(directory);
  if (!backups.ok()) return backups.status();
  v1::ListBackupsResponse list;
  for (const storage::BackupInfo& info : (*backups)->List()) {
    *list.add_backups() = DescribeBackup(**backups, info);
  }
  return list;
}

absl::StatusOr<v1::BackupVerification> VerifyBackup(const std::string& directory, uint32_t number,
                                                    const BackupProgress& progress) {
  const auto backups = storage::BackupDirectory::Open(directory);
  if (!backups.ok()) return backups.status();
  const absl::StatusOr<storage::BackupInfo> info = (*backups)->Find(number);
  if (!info.ok()) return info.status();
  v1::BackupVerification verification;
  *verification.mutable_backup() = DescribeBackup(**backups, *info);
  absl::Status status = (*backups)->CheckFiles(info->number);
  if (status.ok() && !verification.backup().damage().empty()) {
    status = absl::DataLossError(verification.backup().damage());
  }
  if (status.ok()) {
    const absl::StatusOr<std::unique_ptr<storage::Kv>> store = (*backups)->OpenStore(info->number);
    status = store.ok() ? VerifyStore(**store, verification.backup(), progress, verification)
                        : store.status();
  }
  if (!status.ok()) verification.set_difference(std::string(status.message()));
  return verification;
}

absl::StatusOr<v1::Backup> RestoreBackup(const std::string& directory, uint32_t number,
                                         const std::string& data_directory) {
  if (absl::Status empty = CheckEmpty(data_directory); !empty.ok()) return empty;
  const auto backups = storage::BackupDirectory::Open(directory);
  if (!backups.ok()) return backups.status();
  const absl::StatusOr<storage::BackupInfo> info = (*backups)->Find(number);
  if (!info.ok()) return info.status();
  const v1::Backup backup = DescribeBackup(**backups, *info);
  if (!backup.damage().empty()) return absl::DataLossError(backup.damage());
  // Under its own name only when it is whole and marked.
  const fs::path store = fs::path(data_directory) / "store";
  const fs::path partial = fs::path(data_directory) / kPartialStore;
  std::error_code error;
  fs::create_directories(data_directory, error);
  if (!error) fs::permissions(data_directory, fs::perms::owner_all, error);
  if (error) {
    return absl::InternalError(absl::StrCat("cannot make the directory ", data_directory, ": ",
                                            error.message(), "; check the path and the rights"));
  }
  absl::Status status = (*backups)->Restore(info->number, partial.string());
  if (status.ok()) status = MarkRestored(partial.string());
  if (status.ok()) {
    fs::rename(partial, store, error);
    if (error) {
      status = absl::InternalError(
          absl::StrCat("cannot rename ", partial.string(), ": ", error.message()));
    }
  }
  if (status.ok()) return backup;
  // Else the next attempt would find the directory in use.
  fs::remove_all(partial, error);
  return status;
}

}  // namespace trialsync::daemon
