// SPDX-License-Identifier: Apache-2.0
#include "storage/memory_kv.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "tests/storage/listing.h"

namespace trialsync::storage {
namespace {

absl::Status WriteRow(Kv& kv, std::string_view key, Durability durability) {
  WriteBatch batch;
  batch.Put(key, "1");
  return kv.Write(batch, durability);
}

// A store with "a" durable, then "b", "c" and "d" in one unsynced batch each.
class MemoryKvTest : public testing::Test {
 protected:
  MemoryKvTest() {
    EXPECT_EQ(WriteRow(kv_, "a", Durability::kSync), absl::OkStatus());
    for (const char* key : {"b", "c", "d"}) {
      EXPECT_EQ(WriteRow(kv_, key, Durability::kNoSync), absl::OkStatus());
    }
  }

  std::string AllListed() { return Scanned(*kv_.NewSnapshot(), "", ""); }

  MemoryKv kv_;
};

TEST_F(MemoryKvTest, CrashLosesAllSinceTheLastSync) {
  EXPECT_EQ(kv_.unsynced_batches(), 3u);
  EXPECT_EQ(AllListed(), "a=1 b=1 c=1 d=1");
  kv_.Crash();
  kv_.Reopen();
  EXPECT_EQ(AllListed(), "a=1");
  EXPECT_EQ(kv_.unsynced_batches(), 0u);
}

TEST_F(MemoryKvTest, SomeUnsyncedBatchesMaySurviveACrash) {
  kv_.Crash(/*surviving_batches=*/2);
  kv_.Reopen();
  EXPECT_EQ(AllListed(), "a=1 b=1 c=1");
  // What was found is durable.
  kv_.Crash();
  kv_.Reopen();
  EXPECT_EQ(AllListed(), "a=1 b=1 c=1");
}

TEST_F(MemoryKvTest, MoreBatchesThanThereAreCannotSurvive) {
  EXPECT_DEATH(kv_.Crash(/*surviving_batches=*/4), "check failed");
}

TEST_F(MemoryKvTest, SyncMakesAllBeforeItDurable) {
  ASSERT_EQ(kv_.Write(WriteBatch(), Durability::kSync), absl::OkStatus());
  EXPECT_EQ(kv_.unsynced_batches(), 0u);
  kv_.Crash();
  kv_.Reopen();
  EXPECT_EQ(AllListed(), "a=1 b=1 c=1 d=1");
}

TEST_F(MemoryKvTest, EndOfTheProcessAloneLosesNothing) {
  kv_.Reopen();
  EXPECT_EQ(AllListed(), "a=1 b=1 c=1 d=1");
  kv_.Crash();
  kv_.Reopen();
  EXPECT_EQ(AllListed(), "a=1 b=1 c=1 d=1");
}

TEST_F(MemoryKvTest, CrashedStoreTakesNoWrites) {
  kv_.Crash();
  EXPECT_EQ(WriteRow(kv_, "e", Durability::kSync).code(), absl::StatusCode::kFailedPrecondition);
  kv_.Reopen();
  EXPECT_EQ(WriteRow(kv_, "e", Durability::kSync), absl::OkStatus());
  EXPECT_EQ(AllListed(), "a=1 e=1");
}

TEST_F(MemoryKvTest, SnapshotsSurviveACrashUnchanged) {
  const std::shared_ptr<const Snapshot> before = kv_.NewSnapshot();
  kv_.Crash();
  kv_.Reopen();
  EXPECT_EQ(Scanned(*before, "", ""), "a=1 b=1 c=1 d=1");
}

TEST_F(MemoryKvTest, FailedWriteLeavesNothingAndEndsWriting) {
  const absl::Status full = absl::ResourceExhaustedError("the disk is full");
  kv_.FailNextWrite(full);
  EXPECT_EQ(WriteRow(kv_, "e", Durability::kNoSync), full);
  EXPECT_EQ(kv_.failure(), full);
  const absl::Status refused = WriteRow(kv_, "f", Durability::kSync);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(std::string(refused.message()).find("the disk is full"), std::string::npos) << refused;
  kv_.Reopen();
  EXPECT_EQ(AllListed(), "a=1 b=1 c=1 d=1");
  EXPECT_EQ(WriteRow(kv_, "f", Durability::kSync), absl::OkStatus());
}

TEST_F(MemoryKvTest, BatchWhoseSyncFailedIsInDoubt) {
  const absl::Status error = absl::InternalError("the disk did not sync");
  for (const bool survives : {false, true}) {
    kv_.FailNextSync(error);
    EXPECT_EQ(WriteRow(kv_, "e", Durability::kSync), error);
    EXPECT_EQ(kv_.unsynced_batches(), survives ? 1u : 4u);
    EXPECT_EQ(ValueOf(*kv_.NewSnapshot(), "e"), "(none)");
    kv_.Crash(survives ? kv_.unsynced_batches() : 0);
    kv_.Reopen();
    EXPECT_EQ(AllListed(), survives ? "a=1 e=1" : "a=1");
  }
}

TEST_F(MemoryKvTest, BatchWhoseSyncFailedShowsAfterReopening) {
  kv_.FailNextSync(absl::InternalError("the disk did not sync"));
  EXPECT_FALSE(WriteRow(kv_, "e", Durability::kSync).ok());
  kv_.Reopen();
  EXPECT_EQ(AllListed(), "a=1 b=1 c=1 d=1 e=1");
}

TEST_F(MemoryKvTest, FailedSyncWaitsForASync) {
  kv_.FailNextSync(absl::InternalError("the disk did not sync"));
  EXPECT_EQ(WriteRow(kv_, "e", Durability::kNoSync), absl::OkStatus());
  EXPECT_FALSE(WriteRow(kv_, "f", Durability::kSync).ok());
}

TEST_F(MemoryKvTest, ImageIsTheDurableStateAndCanBePutBack) {
  const MemoryTree image = kv_.Image();
  ASSERT_EQ(WriteRow(kv_, "e", Durability::kSync), absl::OkStatus());
  MemoryKv restored(image);
  EXPECT_EQ(Scanned(*restored.NewSnapshot(), "", ""), "a=1");
  ASSERT_EQ(WriteRow(restored, "z", Durability::kNoSync), absl::OkStatus());
  EXPECT_EQ(Scanned(*restored.NewSnapshot(), "", ""), "a=1 z=1");
  EXPECT_EQ(AllListed(), "a=1 b=1 c=1 d=1 e=1");
  restored.Crash();
  restored.Reopen();
  EXPECT_EQ(Scanned(*restored.NewSnapshot(), "", ""), "a=1");
}

TEST_F(MemoryKvTest, CountsItsBytes) {
  EXPECT_EQ(kv_.DiskBytes(), 8u);
  WriteBatch batch;
  batch.Put("a", "12345");
  batch.DeleteRange("b", "d");
  ASSERT_EQ(kv_.Write(batch, Durability::kNoSync), absl::OkStatus());
  EXPECT_EQ(kv_.DiskBytes(), 8u);
  batch.Clear();
  batch.Delete("a");
  batch.Delete("missing");
  ASSERT_EQ(kv_.Write(batch, Durability::kNoSync), absl::OkStatus());
  EXPECT_EQ(kv_.DiskBytes(), 2u);
}

// A tree that had become a list would take minutes.
TEST(MemoryKv, RowsMadeInAscendingOrderAreFoundQuickly) {
  MemoryKv kv;
  WriteBatch batch;
  for (int i = 100000; i < 400000; ++i) batch.Put(std::to_string(i), "1");
  ASSERT_EQ(kv.Write(batch, Durability::kSync), absl::OkStatus());
  const std::shared_ptr<const Snapshot> snapshot = kv.NewSnapshot();
  for (int i = 100000; i < 400000; ++i) ASSERT_EQ(ValueOf(*snapshot, std::to_string(i)), "1");
  EXPECT_EQ(AllRows(*snapshot).size(), 300000u);
}

}  // namespace
}  // namespace trialsync::storage
