// SPDX-License-Identifier: Apache-2.0
#include "storage/head_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "proto/digest.h"
#include "storage/key.h"

namespace trialsync::storage {
namespace {

constexpr std::string_view kMagic = "TSHEAD01";
constexpr off_t kSlotDistanceBytes = 4096;
constexpr size_t kSlotBytes = 48;
constexpr size_t kDigestBytes = 8;

std::string Encode(const HeadNote& note) {
  KeyWriter slot;
  slot.Fixed(kMagic).U64(note.group.counter).U64(note.group.token);
  slot.U64(note.incarnation).U64(note.last_seq);
  const Sha256 digest = Sha256Of(slot.key());
  return slot.Fixed(digest.view().substr(0, kDigestBytes)).Take();
}

std::optional<HeadNote> Decode(std::string_view bytes) {
  KeyReader reader(bytes);
  reader.Fixed(kMagic.size());
  HeadNote note;
  note.group = {reader.U64(), reader.U64()};
  note.incarnation = reader.U64();
  note.last_seq = reader.U64();
  if (Encode(note) != bytes) return std::nullopt;
  return note;
}

// So that a file that was just made is still there after a loss of power.
bool SyncDirectoryOf(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const int directory = open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY);
  if (directory < 0) return false;
  const bool synced = fsync(directory) == 0;
  close(directory);
  return synced;
}

}  // namespace

absl::StatusOr<std::unique_ptr<HeadFile>> HeadFile::Open(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  std::unique_ptr<HeadFile> head(new HeadFile(path, file));
  if (file < 0) return head->Error("opened");
  struct stat info {};
  if (fstat(file, &info) != 0) return head->Error("read");
  const off_t size = kSlotDistanceBytes + static_cast<off_t>(kSlotBytes);
  if (info.st_size >= size) return head;
  // With its blocks, so that a full disk does not keep a note from being replaced.
  errno = posix_fallocate(file, 0, size);
  if (errno != 0 || fsync(file) != 0 || !SyncDirectoryOf(path)) return head->Error("made");
  return head;
}

HeadFile::~HeadFile() {
  if (file_ >= 0) close(file_);
}

absl::StatusOr<std::optional<HeadNote>> HeadFile::ReadSlot(int slot) const {
  std::string bytes(kSlotBytes, '\0');
  const ssize_t count = pread(file_, bytes.data(), bytes.size(), slot * kSlotDistanceBytes);
  if (count < 0) return Error("read");
  bytes.resize(static_cast<size_t>(count));
  return Decode(bytes);
}

absl::StatusOr<std::optional<HeadNote>> HeadFile::Read() const {
  std::optional<HeadNote> newest;
  for (const int slot : {0, 1}) {
    const absl::StatusOr<std::optional<HeadNote>> note = ReadSlot(slot);
    if (!note.ok()) return note.status();
    if (*note && (!newest || newest->group.counter < (*note)->group.counter)) newest = *note;
  }
  return newest;
}

absl::Status HeadFile::Write(const HeadNote& note) {
  if (!next_slot_) {
    const absl::StatusOr<std::optional<HeadNote>> newest = Read();
    if (!newest.ok()) return newest.status();
    const absl::StatusOr<std::optional<HeadNote>> first = ReadSlot(0);
    if (!first.ok()) return first.status();
    next_slot_ = *newest && *first == *newest ? 1 : 0;
  }
  const std::string bytes = Encode(note);
  const off_t offset = *next_slot_ * kSlotDistanceBytes;
  const ssize_t count = pwrite(file_, bytes.data(), bytes.size(), offset);
  if (count != static_cast<ssize_t>(bytes.size()) || fdatasync(file_) != 0) {
    return Error("written");
  }
  next_slot_ = 1 - *next_slot_;
  return absl::OkStatus();
}

absl::Status HeadFile::Error(std::string_view what) const {
  const int error = errno;
  const std::string problem =
      absl::StrCat("the head file ", path_, " cannot be ", std::string(what), ": ", std::strerror(error));
  if (error == ENOSPC || error == EDQUOT) {
    return absl::ResourceExhaustedError(absl::StrCat(problem, "; free space on its disk"));
  }
  return absl::InternalError(absl::StrCat(problem, "; check its disk and permissions"));
}

}  // namespace trialsync::storage
