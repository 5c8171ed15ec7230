// SPDX-License-Identifier: Apache-2.0
#include "daemon/data_directory.h"

#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

#include "absl/strings/str_cat.h"
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

}  // namespace

absl::StatusOr<DataDirectory> OpenDataDirectory(const std::string& directory) {
  const fs::path store = fs::path(directory) / "store";
  std::error_code error;
  const bool is_new = !fs::exists(fs::path(directory) / kUsedBefore, error);
  if (!is_new && !fs::exists(store, error)) {
    return absl::NotFoundError(
        absl::StrCat("the store ", store.string(),
                     " is gone, and a daemon has used it before: restore it from a backup, or "
                     "begin anew in an empty directory"));
  }
  for (const fs::path& path : {fs::path(directory), store}) {
    if (absl::Status made = MakePrivate(path); !made.ok()) return made;
  }
  storage::RocksDbOptions options;
  options.path = store.string();
  options.create_if_missing = is_new;
  options.log = [](std::string_view line) { Log(LogLevel::kWarning, line, {{"from", "rocksdb"}}); };
  absl::StatusOr<std::unique_ptr<storage::Kv>> kv = storage::RocksDbKv::Open(options);
  if (!kv.ok()) return kv.status();
  absl::StatusOr<std::unique_ptr<storage::HeadFile>> head =
      storage::HeadFile::Open((fs::path(directory) / "head").string());
  if (!head.ok()) return head.status();
  return DataDirectory{.store = *std::move(kv), .head = *std::move(head)};
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
