// SPDX-License-Identifier: Apache-2.0
#include "storage/rocksdb_kv.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/check.h"
#include "tests/storage/disk_faults.h"
#include "tests/storage/listing.h"
#include "tests/storage/temporary_directory.h"

namespace trialsync::storage {
namespace {

namespace fs = std::filesystem;

class RocksDbKvTest : public testing::Test {
 protected:
  RocksDbOptions Options(const std::string& name = "store") const {
    RocksDbOptions options;
    options.path = directory_.path() + "/" + name;
    options.create_if_missing = true;
    options.block_cache_mib = 8;
    return options;
  }

  static std::unique_ptr<Kv> MustOpen(const RocksDbOptions& options) {
    absl::StatusOr<std::unique_ptr<Kv>> kv = RocksDbKv::Open(options);
    EXPECT_EQ(kv.status(), absl::OkStatus());
    TS_CHECK(kv.ok());
    return *std::move(kv);
  }

  static absl::Status OpenError(const RocksDbOptions& options) {
    return RocksDbKv::Open(options).status();
  }

  static void Put(Kv& kv, std::string_view key, std::string_view value, Durability durability) {
    WriteBatch batch;
    batch.Put(key, value);
    ASSERT_EQ(kv.Write(batch, durability), absl::OkStatus());
  }

  static std::set<fs::path> AllFiles(const std::string& path) {
    return {fs::directory_iterator(path), fs::directory_iterator()};
  }

  static std::vector<fs::path> Files(const std::string& path, const std::string& extension) {
    std::vector<fs::path> files;
    for (const fs::directory_entry& file : fs::directory_iterator(path)) {
      if (file.path().extension() == extension) files.push_back(file.path());
    }
    return files;
  }

  // The store as it would be found after the power failed now: a copy of its files, with the
  // write-ahead log as the caller makes it.
  std::string PowerCutCopy(const std::string& path) const {
    const std::string copy = directory_.path() + "/copy" + std::to_string(++copy_count_);
    fs::copy(path, copy);
    return copy;
  }

  static fs::path LogOf(const std::string& path) {
    const std::vector<fs::path> logs = Files(path, ".log");
    TS_CHECK(logs.size() == 1);
    return logs[0];
  }

  static void FlipByte(const fs::path& file, uint64_t offset) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(offset));
    const int byte = stream.get();
    stream.seekp(static_cast<std::streamoff>(offset));
    stream.put(static_cast<char>(byte ^ 0x10));
    TS_CHECK(stream.good());
  }

  const TemporaryDirectory directory_;
  mutable int copy_count_ = 0;
};

bool Contains(const absl::Status& status, const std::string& text) {
  return std::string(status.message()).find(text) != std::string::npos;
}

TEST_F(RocksDbKvTest, SecondOpeningInOneProcessIsRefused) {
  const std::unique_ptr<Kv> kv = MustOpen(Options());
  const absl::Status status = OpenError(Options());
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_TRUE(Contains(status, Options().path + " is already open in this process")) << status;
  Put(*kv, "a", "1", Durability::kSync);
}

// Another process that holds the lock of a store, for as long as this object lives.
class LockingProcess {
 public:
  explicit LockingProcess(const std::string& lock_file) {
    int locked[2];
    TS_CHECK(pipe(locked) == 0 && pipe(end_) == 0);
    process_ = fork();
    if (process_ == 0) {
      // Only system calls: this is a copy of a process with threads.
      const int file = open(lock_file.c_str(), O_RDWR);
      struct flock lock = {};
      lock.l_type = F_WRLCK;
      char byte = fcntl(file, F_SETLK, &lock) == 0 ? 'y' : 'n';
      close(end_[1]);
      if (write(locked[1], &byte, 1) == 1) (void)!read(end_[0], &byte, 1);
      _exit(0);
    }
    close(locked[1]);
    close(end_[0]);
    char answer = 'n';
    TS_CHECK(read(locked[0], &answer, 1) == 1 && answer == 'y');
    close(locked[0]);
  }
  ~LockingProcess() {
    close(end_[1]);
    waitpid(process_, nullptr, 0);
  }

 private:
  int end_[2];
  pid_t process_;
};

TEST_F(RocksDbKvTest, StoreOfAnotherProcessIsRefusedAndUnharmed) {
  Put(*MustOpen(Options()), "a", "1", Durability::kSync);
  {
    const LockingProcess other(Options().path + "/LOCK");
    const absl::Status status = OpenError(Options());
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
    EXPECT_TRUE(Contains(status, "the store " + Options().path + " is in use by another process"))
        << status;
  }
  EXPECT_EQ(ValueOf(*MustOpen(Options())->NewSnapshot(), "a"), "1");
}

TEST_F(RocksDbKvTest, SnapshotKeepsTheStoreOpen) {
  std::unique_ptr<Kv> kv = MustOpen(Options());
  std::shared_ptr<const Snapshot> snapshot = kv->NewSnapshot();
  kv.reset();
  EXPECT_EQ(OpenError(Options()).code(), absl::StatusCode::kFailedPrecondition);
  snapshot.reset();
  EXPECT_EQ(OpenError(Options()), absl::OkStatus());
}

TEST_F(RocksDbKvTest, MissingStoreIsNotMadeUnasked) {
  RocksDbOptions options = Options();
  options.create_if_missing = false;
  const absl::Status status = OpenError(options);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
  EXPECT_TRUE(Contains(status, options.path)) << status;
  EXPECT_FALSE(fs::exists(options.path));
  Put(*MustOpen(Options()), "a", "1", Durability::kSync);
  EXPECT_EQ(ValueOf(*MustOpen(options)->NewSnapshot(), "a"), "1");
}

TEST_F(RocksDbKvTest, StoreWithoutCurrentFileIsDamagedAndLeftAsItIs) {
  Put(*MustOpen(Options()), "a", "1", Durability::kSync);
  const fs::path current = Options().path + "/CURRENT";
  fs::rename(current, directory_.path() + "/CURRENT");
  const std::set<fs::path> before = AllFiles(Options().path);
  const absl::Status status = OpenError(Options());
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_EQ(AllFiles(Options().path), before);
  fs::rename(directory_.path() + "/CURRENT", current);
  EXPECT_EQ(ValueOf(*MustOpen(Options())->NewSnapshot(), "a"), "1");
}

TEST_F(RocksDbKvTest, UnusablePathIsNamed) {
  RocksDbOptions options = Options();
  options.path = directory_.path() + "/no/such/parent";
  const absl::Status status = OpenError(options);
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << status;
  EXPECT_TRUE(Contains(status, options.path)) << status;
}

TEST_F(RocksDbKvTest, OnlySyncWritesSync) {
  const std::unique_ptr<Kv> kv = MustOpen(Options());
  // The first one syncs the directory as well.
  ASSERT_EQ(kv->Write(WriteBatch(), Durability::kSync), absl::OkStatus());
  const uint64_t before = DiskSyncCount();
  Put(*kv, "a", "1", Durability::kNoSync);
  EXPECT_EQ(DiskSyncCount(), before);
  Put(*kv, "b", "1", Durability::kSync);
  EXPECT_EQ(DiskSyncCount(), before + 1);
  ASSERT_EQ(kv->Write(WriteBatch(), Durability::kSync), absl::OkStatus());
  EXPECT_EQ(DiskSyncCount(), before + 2);
}

TEST_F(RocksDbKvTest, FullDiskIsNamedAndEndsWriting) {
  const std::unique_ptr<Kv> kv = MustOpen(Options());
  FailNextDiskSync(ENOSPC);
  WriteBatch batch;
  batch.Put("a", "1");
  const absl::Status status = kv->Write(batch, Durability::kSync);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_TRUE(Contains(status, Options().path)) << status;
  EXPECT_EQ(kv->Write(batch, Durability::kSync).code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(RocksDbKvTest, WhatOpeningShowsIsOnStableStorage) {
  std::unique_ptr<Kv> kv = MustOpen(Options());
  Put(*kv, "a", "1", Durability::kNoSync);
  kv.reset();
  const uint64_t before = DiskSyncCount();
  kv = MustOpen(Options());
  EXPECT_EQ(ValueOf(*kv->NewSnapshot(), "a"), "1");
  EXPECT_GT(DiskSyncCount(), before);
  // The row is in a table now, so even without its log it is there.
  const std::string copy = PowerCutCopy(Options().path);
  fs::resize_file(LogOf(copy), 0);
  RocksDbOptions options = Options();
  options.path = copy;
  EXPECT_EQ(ValueOf(*MustOpen(options)->NewSnapshot(), "a"), "1");
}

TEST_F(RocksDbKvTest, TornTailIsDroppedBatchByBatch) {
  const std::unique_ptr<Kv> kv = MustOpen(Options());
  Put(*kv, "a", std::string(1000, 'a'), Durability::kSync);
  const uint64_t synced_bytes = fs::file_size(LogOf(Options().path));
  Put(*kv, "b", std::string(1000, 'b'), Durability::kNoSync);
  const uint64_t second_bytes = fs::file_size(LogOf(Options().path));
  Put(*kv, "c", std::string(1000, 'c'), Durability::kNoSync);
  const uint64_t third_bytes = fs::file_size(LogOf(Options().path));

  for (uint64_t size = synced_bytes; size <= third_bytes; size += 89) {
    RocksDbOptions options = Options();
    options.path = PowerCutCopy(Options().path);
    fs::resize_file(LogOf(options.path), size);
    const RowMap rows = AllRows(*MustOpen(options)->NewSnapshot());
    EXPECT_TRUE(rows.contains("a")) << size;
    EXPECT_EQ(rows.contains("b"), size >= second_bytes) << size;
    EXPECT_EQ(rows.contains("c"), size >= third_bytes) << size;
  }
}

// The pages of the unsynced tail reached the disk in another order.
TEST_F(RocksDbKvTest, HoleInTheTailOpensWithWhatIsBeforeIt) {
  const std::unique_ptr<Kv> kv = MustOpen(Options());
  Put(*kv, "a", "1", Durability::kSync);
  const uint64_t synced_bytes = fs::file_size(LogOf(Options().path));
  Put(*kv, "b", std::string(20000, 'b'), Durability::kNoSync);
  Put(*kv, "c", "1", Durability::kNoSync);
  RocksDbOptions options = Options();
  options.path = PowerCutCopy(Options().path);
  {
    std::fstream log(LogOf(options.path), std::ios::in | std::ios::out | std::ios::binary);
    log.seekp(static_cast<std::streamoff>(synced_bytes + 4096));
    log << std::string(4096, '\0');
  }
  EXPECT_EQ(Scanned(*MustOpen(options)->NewSnapshot(), "", ""), "a=1");
}

// Why there is a head file: the engine does not tell. What comes behind is dropped as well, also
// where the log is readable again: there is never a hole.
TEST_F(RocksDbKvTest, FlippedBitInSyncedLogDropsTheRestInSilence) {
  const std::unique_ptr<Kv> kv = MustOpen(Options());
  Put(*kv, "a", "1", Durability::kSync);
  const uint64_t first_bytes = fs::file_size(LogOf(Options().path));
  Put(*kv, "b", std::string(100, 'b'), Durability::kSync);
  Put(*kv, "c", std::string(100000, 'c'), Durability::kSync);
  Put(*kv, "d", "1", Durability::kSync);
  RocksDbOptions options = Options();
  options.path = PowerCutCopy(Options().path);
  FlipByte(LogOf(options.path), first_bytes + 60);
  EXPECT_EQ(Scanned(*MustOpen(options)->NewSnapshot(), "", ""), "a=1");
}

TEST_F(RocksDbKvTest, FlippedBitInTableIsDataLossWhenRead) {
  Put(*MustOpen(Options()), "a", std::string(1000, 'a'), Durability::kSync);
  std::unique_ptr<Kv> kv = MustOpen(Options());  // moves the log into a table
  kv.reset();
  const std::vector<fs::path> tables = Files(Options().path, ".sst");
  ASSERT_EQ(tables.size(), 1u);
  FlipByte(tables[0], 10);
  kv = MustOpen(Options());
  const std::shared_ptr<const Snapshot> snapshot = kv->NewSnapshot();
  const absl::Status status = snapshot->Get("a").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_TRUE(Contains(status, Options().path)) << status;
  const std::unique_ptr<Iterator> row = snapshot->Scan("", "");
  EXPECT_FALSE(row->Valid());
  EXPECT_EQ(row->status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(RocksDbKvTest, WarningsGoToTheCallbackAndThereIsNoLogFile) {
  RocksDbOptions options = Options();
  std::vector<std::string> lines;
  options.log = [&lines](std::string_view line) { lines.emplace_back(line); };
  std::unique_ptr<Kv> kv = MustOpen(options);
  FailNextDiskSync(EIO);
  WriteBatch batch;
  batch.Put("a", "1");
  EXPECT_FALSE(kv->Write(batch, Durability::kSync).ok());
  kv.reset();
  EXPECT_FALSE(fs::exists(options.path + "/LOG"));
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  EXPECT_NE(all.find("Input/output error"), std::string::npos) << all;
  EXPECT_LT(lines.size(), 10u) << all;
}

}  // namespace
}  // namespace trialsync::storage
