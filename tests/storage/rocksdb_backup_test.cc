// SPDX-License-Identifier: Apache-2.0
// What a directory of backups keeps, and what it says of damage (faults B10, E8).
#include "storage/rocksdb_backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "proto/check.h"
#include "tests/storage/listing.h"
#include "tests/storage/temporary_directory.h"

namespace trialsync::storage {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;

uint64_t BytesIn(const std::string& directory) {
  uint64_t bytes = 0;
  for (const auto& file : fs::recursive_directory_iterator(directory)) {
    if (file.is_regular_file()) bytes += file.file_size();
  }
  return bytes;
}

class BackupTest : public testing::Test {
 protected:
  BackupTest() : store_(MustOpen(directory_.path() + "/store")) { Put("a", "1"); }

  static std::unique_ptr<RocksDbKv> MustOpen(const std::string& path) {
    auto kv = RocksDbKv::Open({.path = path, .create_if_missing = true, .log = {}});
    TS_CHECK(kv.ok());
    return *std::move(kv);
  }

  void Put(const std::string& key, const std::string& value) {
    WriteBatch batch;
    batch.Put(key, value);
    ASSERT_EQ(store_->Write(batch, Durability::kSync), absl::OkStatus());
  }

  uint32_t Create(uint32_t keep_count = 0) {
    const auto made = CreateBackup(backups_path_, *store_, keep_count);
    EXPECT_EQ(made.status(), absl::OkStatus());
    return made.ok() ? made->number : 0;
  }

  std::unique_ptr<BackupDirectory> Backups() const {
    auto backups = BackupDirectory::Open(backups_path_);
    TS_CHECK(backups.ok());
    return *std::move(backups);
  }

  std::vector<uint32_t> Numbers() const {
    std::vector<uint32_t> numbers;
    for (const BackupInfo& backup : Backups()->List()) numbers.push_back(backup.number);
    return numbers;
  }

  // The tables of all backups.
  std::vector<fs::path> Tables() const {
    std::vector<fs::path> tables;
    for (const auto& file : fs::recursive_directory_iterator(backups_path_)) {
      if (file.path().extension() == ".sst") tables.push_back(file.path());
    }
    return tables;
  }

  const TemporaryDirectory directory_;
  const std::string backups_path_ = directory_.path() + "/backups";
  const std::unique_ptr<RocksDbKv> store_;
};

TEST_F(BackupTest, IsTheStoreAsItWas) {
  const uint32_t first = Create();
  Put("a", "2");
  Put("b", "3");
  const uint32_t second = Create();
  const auto backups = Backups();
  for (const auto& [number, rows] :
       {std::pair(first, "a=1"), std::pair(second, "a=2 b=3"), std::pair(first, "a=1")}) {
    const auto read = backups->OpenStore(number);
    ASSERT_EQ(read.status(), absl::OkStatus());
    EXPECT_EQ(Scanned(*(*read)->NewSnapshot(), "", ""), rows);

    const std::string path = directory_.path() + "/restored";
    fs::remove_all(path);
    ASSERT_EQ(backups->Restore(number, path), absl::OkStatus());
    const std::unique_ptr<RocksDbKv> restored = MustOpen(path);
    EXPECT_EQ(Scanned(*restored->NewSnapshot(), "", ""), rows);
    WriteBatch batch;
    batch.Put("c", "4");
    EXPECT_EQ(restored->Write(batch, Durability::kSync), absl::OkStatus());
  }
}

TEST_F(BackupTest, CannotBeWrittenTo) {
  const uint32_t number = Create();
  const auto read = Backups()->OpenStore(number);
  ASSERT_EQ(read.status(), absl::OkStatus());
  WriteBatch batch;
  batch.Put("c", "4");
  EXPECT_FALSE((*read)->Write(batch, Durability::kSync).ok());
}

TEST_F(BackupTest, DoesNotCopyWhatAnEarlierOneHas) {
  Put("large", std::string(1 << 20, 'x'));
  Create();
  const uint64_t bytes = BytesIn(backups_path_);
  Put("b", "3");
  Create();
  EXPECT_LT(BytesIn(backups_path_) - bytes, uint64_t{100'000});
}

TEST_F(BackupTest, OldOnesAreDeletedAndTheOthersAreWhole) {
  Create();
  Create();
  Put("b", "3");
  const uint32_t newest = Create(/*keep_count=*/2);
  EXPECT_THAT(Numbers(), testing::ElementsAre(newest - 1, newest));
  for (const uint32_t number : Numbers()) {
    EXPECT_EQ(Backups()->CheckFiles(number), absl::OkStatus());
  }
  EXPECT_EQ(Backups()->Find(1).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Backups()->Find(0)->number, newest);
}

TEST_F(BackupTest, EveryFlippedBitIsFound) {
  const uint32_t number = Create();
  ASSERT_FALSE(Tables().empty());
  for (const fs::path& table : Tables()) {
    const uint64_t size = fs::file_size(table);
    for (const uint64_t at : {uint64_t{0}, size / 2, size - 1}) {
      const auto flip = [&] {
        std::fstream file(table, std::ios::in | std::ios::out | std::ios::binary);
        file.seekg(static_cast<std::streamoff>(at));
        const char byte = static_cast<char>(file.get() ^ 1);
        file.seekp(static_cast<std::streamoff>(at));
        file.put(byte);
      };
      flip();
      EXPECT_EQ(Backups()->CheckFiles(number).code(), absl::StatusCode::kDataLoss) << at;
      EXPECT_EQ(Backups()->Restore(number, absl::StrCat(directory_.path(), "/r", at)).code(),
                absl::StatusCode::kDataLoss);
      flip();
      EXPECT_EQ(Backups()->CheckFiles(number), absl::OkStatus());
    }
  }
}

TEST_F(BackupTest, AMissingFileIsTold) {
  const uint32_t number = Create();
  fs::remove(Tables().at(0));
  EXPECT_THAT(Backups()->Find(number)->damage, HasSubstr("use another backup"));
  EXPECT_FALSE(Backups()->OpenStore(number).ok());
}

TEST_F(BackupTest, ThereMustBeADirectory) {
  EXPECT_EQ(BackupDirectory::Open(backups_path_).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace trialsync::storage
