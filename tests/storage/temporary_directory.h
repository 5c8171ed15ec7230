// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_STORAGE_TEMPORARY_DIRECTORY_H_
#define TRIALSYNC_TESTS_STORAGE_TEMPORARY_DIRECTORY_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <system_error>

#include "proto/check.h"

namespace trialsync::storage {

// A new, empty directory that is deleted, with all in it, with this object.
class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_(testing::TempDir() + "trialsync_storage_XXXXXX") {
    TS_CHECK(mkdtemp(path_.data()) != nullptr);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace trialsync::storage

#endif  // TRIALSYNC_TESTS_STORAGE_TEMPORARY_DIRECTORY_H_
