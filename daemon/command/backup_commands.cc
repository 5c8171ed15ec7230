// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "daemon/backup.h"
#include "daemon/command/commands.h"
#include "daemon/command/format.h"
#include "daemon/command/progress.h"
#include "daemon/command/table.h"
#include "daemon/command/text.h"

namespace trialsync::command {
namespace {

constexpr size_t kTextColumns = 90;

struct BackupOptions {
  std::string directory;
  std::string data;
  uint32_t number = 0;
  uint32_t keep_count = 0;
};

std::string Mebibytes(uint64_t bytes) {
  return absl::StrCat((bytes + (1 << 20) - 1) >> 20, " MiB");
}

void PrintPartitions(const v1::Backup& backup, std::ostream& out) {
  for (const v1::BackupPartition& partition : backup.partitions()) {
    out << "  " << Printable(partition.study()) << " " << Printable(partition.site()) << ": "
        << Counted(partition.log().size(), "commit") << ", root "
        << ShortHex(partition.log().root());
    if (backup.role() == "site") {
      out << ", " << Counted(partition.outbox_count(), "change") << " not yet sent";
    }
    out << "\n";
  }
}

void PrintBackup(const v1::Backup& backup, Session& session) {
  if (session.json()) return session.PrintJson(backup);
  session.out() << "Backup " << backup.number() << " of " << TimeText(backup.create_time()) << ", "
                << Mebibytes(backup.size_bytes()) << ", of the " << backup.role() << ", replica "
                << ShortId(backup.replica()) << "\n";
  PrintPartitions(backup, session.out());
}

absl::StatusOr<ExitCode> Create(const BackupOptions& options, Session& session) {
  v1::CreateBackupRequest request;
  request.set_keep_count(options.keep_count);
  if (session.interactive()) session.err() << "Copying what is new since the last backup ...\n";
  const absl::StatusOr<v1::Backup> backup = session.Call(request);
  if (!backup.ok()) return backup.status();
  PrintBackup(*backup, session);
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> List(const BackupOptions& options, Session& session) {
  const absl::StatusOr<v1::ListBackupsResponse> list = daemon::ListBackups(options.directory);
  if (!list.ok()) return list.status();
  bool good = true;
  Table table({"NUMBER", "MADE", "SIZE", "OF", "COMMITS", "NOT YET SENT"});
  for (const v1::Backup& backup : list->backups()) {
    uint64_t commits = 0;
    uint64_t unsent = 0;
    for (const v1::BackupPartition& partition : backup.partitions()) {
      commits += partition.log().size();
      unsent += partition.outbox_count();
    }
    good = good && backup.damage().empty();
    table.AddRow({absl::StrCat(backup.number()),
                  backup.has_create_time() ? TimeText(backup.create_time()) : "",
                  Mebibytes(backup.size_bytes()), backup.role(), absl::StrCat(commits),
                  absl::StrCat(unsent)});
  }
  const ExitCode code = good ? ExitCode::kOk : ExitCode::kNo;
  if (session.json()) {
    session.PrintJson(*list);
  } else if (list->backups().empty()) {
    session.out() << "There is no backup in " << Printable(options.directory) << ".\n";
  } else {
    table.Print(session.out());
  }
  for (const v1::Backup& backup : list->backups()) {
    if (backup.damage().empty() || session.json()) continue;
    session.out() << "Backup " << backup.number() << " IS DAMAGED:\n";
    for (const std::string& line : Wrap(backup.damage(), kTextColumns)) {
      session.out() << "  " << Printable(line) << "\n";
    }
  }
  return code;
}

absl::StatusOr<ExitCode> Verify(const BackupOptions& options, Session& session) {
  std::unique_ptr<Progress> progress;
  std::string shown;
  const absl::StatusOr<v1::BackupVerification> verification = daemon::VerifyBackup(
      options.directory, options.number,
      [&](const v1::BackupPartition& partition, uint64_t done, uint64_t total) {
        const std::string what = absl::StrCat("verify ", partition.site(), ": commits");
        if (!progress || shown != what) {
          progress = std::make_unique<Progress>(session.err(), session.interactive(), what);
          shown = what;
        }
        progress->Update(done, total);
      });
  progress.reset();
  if (!verification.ok()) return verification.status();
  const ExitCode code = verification->ok() ? ExitCode::kOk : ExitCode::kNo;
  if (session.json()) {
    session.PrintJson(*verification);
    return code;
  }
  if (!verification->ok()) {
    session.err() << "trialsync: backup " << verification->backup().number()
                  << " IS DAMAGED: " << Printable(verification->difference()) << "\n";
    return code;
  }
  PrintBackup(verification->backup(), session);
  session.out() << "Every file is as it was written, and every log says what is stored.\n";
  return code;
}

absl::StatusOr<ExitCode> Restore(const BackupOptions& options, Session& session) {
  const absl::StatusOr<v1::Backup> backup =
      daemon::RestoreBackup(options.directory, options.number, options.data);
  if (!backup.ok()) return backup.status();
  PrintBackup(*backup, session);
  if (session.json()) return ExitCode::kOk;
  session.out() << "It is in " << Printable(options.data) << " now.";
  if (backup->role() == "coordinator") {
    session.out() << " Put the coordinator's file signing_key beside it: it is in no backup.";
  }
  session.out() << " Start the daemon with --data " << Printable(options.data)
                << "; what came after the backup comes back from the other ends: trialsync "
                   "recovery show\n";
  return ExitCode::kOk;
}

CLI::App& WithDirectory(CLI::App& command, BackupOptions& options) {
  command.add_option("DIR", options.directory, "The directory with the backups")->required();
  return command;
}

void AddNumber(CLI::App& command, BackupOptions& options) {
  command.add_option("--number", options.number, "Which one; default: the newest")
      ->check(CLI::PositiveNumber);
}

}  // namespace

void AddBackupCommands(CommandTree& tree) {
  CLI::App& group = tree.AddGroup({"backup", "Backups of a store, and putting them back.",
                                   "trialsync backup create --keep 14"});
  const auto options = std::make_shared<BackupOptions>();
  const auto action = [&](auto run) {
    return [options, run](Session& session) { return run(*options, session); };
  };
  CLI::App& create = tree.AddCommand(
      group,
      {"create", "Makes a backup of a running server's store.", "trialsync backup create --keep 14",
       "The server puts it into its --backup directory, and goes on working. It is the store as it "
       "was between two writes; what an earlier backup has is not copied again. It holds what the "
       "store holds, values that stay at the hospital included, and no signing key."},
      action(Create));
  create
      .add_option("--keep", options->keep_count,
                  "Delete all but so many of the newest; default: none")
      ->check(CLI::PositiveNumber);
  WithDirectory(tree.AddCommand(group,
                                {"list", "The backups of a directory.",
                                 "trialsync backup list /mnt/backup/trialsync",
                                 "Needs no server. Exit code 1 if one cannot be used."},
                                action(List)),
                *options);
  CLI::App& verify = tree.AddCommand(
      group,
      {"verify", "Reads a whole backup, and proves it.",
       "trialsync backup verify /mnt/backup/trialsync",
       "Needs no server. Compares every byte with its checksum, replays the log of every site, "
       "and compares the stored view and the root with the replay. Exit code 1 and the first "
       "thing that is wrong if the backup is damaged."},
      action(Verify));
  AddNumber(WithDirectory(verify, *options), *options);
  CLI::App& restore = tree.AddCommand(
      group,
      {"restore", "Puts a backup into a new data directory.",
       "trialsync backup restore /mnt/backup/trialsync --data /var/lib/trialsync-new",
       "Needs no server. Writes over nothing: the data directory must be empty, or not there. The "
       "daemon that is started on it knows that it was put back, and gets what came after the "
       "backup from the other ends."},
      action(Restore));
  AddNumber(WithDirectory(restore, *options), *options);
  restore.add_option("--data", options->data, "The new data directory")->required();
}

}  // namespace trialsync::command
