// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_STORAGE_HEAD_FILE_H_
#define TRIALSYNC_STORAGE_HEAD_FILE_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/head.h"

namespace trialsync::storage {

// A note in a small file: two slots, each on a page of its own, written in turns, so that a write
// that is torn leaves the one before it. On disk, must not change:
//
//   slot at byte 0 and at byte 4096, 48 bytes each, integers big-endian:
//   8  "TSHEAD01"
//   8  counter
//   8  token
//   8  incarnation
//   8  last seq
//   8  beginning of SHA-256 over the 40 bytes before
class HeadFile : public Head {
 public:
  // Opens the file, or makes it, without a note, where there is none. INTERNAL or
  // RESOURCE_EXHAUSTED if that cannot be.
  static absl::StatusOr<std::unique_ptr<HeadFile>> Open(const std::string& path);
  ~HeadFile() override;

  absl::StatusOr<std::optional<HeadNote>> Read() const override;
  absl::Status Write(const HeadNote& note) override;

 private:
  HeadFile(std::string path, int file) : path_(std::move(path)), file_(file) {}
  absl::StatusOr<std::optional<HeadNote>> ReadSlot(int slot) const;
  absl::Status Error(std::string_view what) const;

  const std::string path_;
  const int file_;
  // Holds the older note, or none.
  std::optional<int> next_slot_;
};

}  // namespace trialsync::storage

#endif  // TRIALSYNC_STORAGE_HEAD_FILE_H_
