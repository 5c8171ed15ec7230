// SPDX-License-Identifier: Apache-2.0
#include "daemon/data_directory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "daemon/backup.h"
#include "daemon/limits.h"
#include "daemon/log.h"
#include "storage/head_file.h"
#include "storage/rocksdb_kv.h"

namespace trialsync::daemon {
namespace {

namespace fs = std::filesystem;

// Made by the first daemon that opened the store.
constexpr char kUsedBefore[] = "listen_address";

// Case data is nobody else's to read.
absl::Status MakePrivate(const fs::path& directory) {
  std::error_code error;
  if (fs::exists(directory, error)) return absl::OkStatus();
  fs::create_directories(directory, error);
  if (!error) fs::permissions(directory, fs::perms::owner_all, error);
  if (!error) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("cannot make the directory ", directory.string(), ": ",
                                          error.message(), "; correct --data or its rights"));
}

absl::Status StoreIsGone(const fs::path& store, bool has_head) {
  return absl::NotFoundError(absl::StrCat(
      "the store ", store.string(),
      " is gone, and a daemon has used it before: restore it from a backup, or begin anew in an "
      "empty directory",
      has_head ? "; a coordinator that is to get its log back from the sites, start once with "
                 "--restored"
               : ""));
}

absl::StatusOr<bool> IsEmpty(const storage::Kv& store) {
  const std::shared_ptr<const storage::Snapshot> snapshot = store.NewSnapshot();
  const std::unique_ptr<storage::Iterator> row = snapshot->Scan("", "");
  if (!row->status().ok()) return row->status();
  return !row->Valid();
}

}  // namespace

absl::StatusOr<DataDirectory> OpenDataDirectory(const std::string& directory, bool may_begin_anew) {
  const fs::path store = fs::path(directory) / "store";
  const fs::path head = fs::path(directory) / "head";
  std::error_code error;
  if (fs::exists(fs::path(directory) / kPartialStore, error)) {
    return absl::FailedPreconditionError(
        absl::StrCat("a backup was not put back to its end in ", directory,
                     ": empty the directory, and repeat trialsync backup restore"));
  }
  const bool is_new = !fs::exists(fs::path(directory) / kUsedBefore, error);
  const bool may_make = is_new || (may_begin_anew && fs::exists(head, error));
  if (!may_make && !fs::exists(store, error)) return StoreIsGone(store, fs::exists(head, error));
  for (const fs::path& path : {fs::path(directory), store}) {
    if (absl::Status made = MakePrivate(path); !made.ok()) return made;
  }
  storage::RocksDbOptions options;
  options.path = store.string();
  options.create_if_missing = may_make;
  options.log = [](std::string_view line) { Log(LogLevel::kWarning, line, {{"from", "rocksdb"}}); };
  absl::StatusOr<std::unique_ptr<storage::RocksDbKv>> kv = storage::RocksDbKv::Open(options);
  if (!kv.ok()) return kv.status();
  absl::StatusOr<std::unique_ptr<storage::HeadFile>> opened =
      storage::HeadFile::Open(head.string());
  if (!opened.ok()) return opened.status();
  if (!is_new) {
    // RocksDB opens what has lost its write-ahead log without an error.
    const absl::StatusOr<std::optional<storage::HeadNote>> note = (*opened)->Read();
    if (!note.ok()) return note.status();
    const absl::StatusOr<bool> empty = IsEmpty(**kv);
    if (!empty.ok()) return empty.status();
    if (*empty && !*note) return StoreIsGone(store, /*has_head=*/false);
  }
  return DataDirectory{.store = *std::move(kv), .head = *std::move(opened)};
}

absl::Status ProbeDisk(const std::string& directory) {
  const std::string path = directory + "/probe";
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool good = file >= 0;
  int error = errno;
  if (good) {
    // Gone with this process, whatever becomes of it.
    unlink(path.c_str());
    const std::string bytes(size_t{1} << 20, 'x');
    for (size_t written = 0; good && written < kDiskProbeBytes; written += bytes.size()) {
      good = write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
    }
    good = good && fsync(file) == 0;
    error = errno;
    close(file);
  }
  if (good) return absl::OkStatus();
  const std::string why = absl::StrCat("cannot write to ", path, ": ", std::strerror(error));
  return error == ENOSPC ? absl::ResourceExhaustedError(why) : absl::InternalError(why);
}

absl::Status WriteDataFile(const std::string& directory, const std::string& file_name,
                           const std::string& content) {
  const fs::path path = fs::path(directory) / file_name;
  const fs::path unfinished = path.string() + ".new";
  std::ofstream file(unfinished, std::ios::binary | std::ios::trunc);
  file << content;
  file.close();
  std::error_code error;
  if (file) fs::rename(unfinished, path, error);
  if (file && !error) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("cannot write ", path.string(), "; check its disk and rights"));
}

}  // namespace trialsync::daemon
