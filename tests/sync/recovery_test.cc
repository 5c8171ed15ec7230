// SPDX-License-Identifier: Apache-2.0
// When a store must recover, and when not; what comes of it is in
// tests/transcripts/cases/recovery.txt.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "storage/memory_kv.h"
#include "storage/tables.h"
#include "storage/transaction.h"
#include "sync/limits.h"
#include "sync/recovery.h"
#include "tests/world/small_trial.h"

namespace trialsync::sync {
namespace {

class RecoveryTest : public testing::Test {
 protected:
  RecoveryTest() {
    world::PublishSmallStudy(world_);
    world::ActivateSmallStudy(world_, site_name_.site);
    site_ = &world_.AddReplica(site_name_, "clinic");
    world_.SetLink(*site_, true);
    world_.RunUntilQuiet();
    world_.SetLink(*site_, false);
  }

  absl::Status Create(const std::string& code) {
    v1::CreateSubjectRequest request;
    request.set_parent(site_name_.ToString());
    request.set_code(code);
    request.set_author("nurse");
    return site_->Do(request).status;
  }

  const SiteName site_name_{world::kSmallStudy, "CLINIC"};
  world::World world_{1};
  world::Node* site_ = nullptr;
};

TEST_F(RecoveryTest, LosingPowerBetweenGroupAndNoteTimeAndAgainIsNone) {
  for (int i = 0; i < 3; ++i) {
    world_.CrashAtNextWrite(*site_, /*written=*/true);
    EXPECT_EQ(Create(absl::StrCat("P-", i)).code(), absl::StatusCode::kUnavailable);
    world_.Restart(*site_);
    EXPECT_FALSE(site_->site()->status().resting);
    EXPECT_EQ(site_->head().Read()->value().last_seq, static_cast<uint64_t>(i + 1));
  }
  EXPECT_EQ(Create("P-9"), absl::OkStatus());
}

TEST_F(RecoveryTest, ANoteThatCannotBeWrittenIsAGroupThatWasNotSaved) {
  for (const bool written : {false, true}) {
    world_.CrashAtNextNote(*site_, written);
    EXPECT_EQ(Create(absl::StrCat("P-", written)).code(), absl::StatusCode::kUnavailable);
    world_.Restart(*site_);
    EXPECT_FALSE(site_->site()->status().resting);
  }
  EXPECT_EQ(Create("P-9"), absl::OkStatus());
}

// What a killed process had sent is read late, behind the Hello of the next one.
class LateHelloTest : public RecoveryTest {
 protected:
  LateHelloTest() {
    world_.WatchMessages([this](const world::Node&, const Send& send) {
      const auto* message = std::get_if<v1::SiteMessage>(&send.message);
      if (message != nullptr && message->has_hello() && !hello_.has_hello()) hello_ = *message;
    });
    world_.SetLink(*site_, true);
    world_.RunUntilQuiet();
    hello_.mutable_hello()->set_boot(hello_.hello().boot() + 1);
  }

  void ArriveLate() {
    const SessionId late = 1'000;
    world::Node& coordinator = world_.coordinator();
    EXPECT_TRUE(coordinator.Run({SessionOpened{late}, MessageReceived{late, hello_}}).ok());
    EXPECT_TRUE(coordinator.Run({SessionClosed{late}}).ok());
    world_.RunUntilQuiet();
  }

  v1::SiteMessage hello_;
};

TEST_F(LateHelloTest, IsNoCopy) {
  for (int times = 1; times < kFencedByCopyMin; ++times) ArriveLate();
  EXPECT_TRUE(site_->site()->status().connected);
  EXPECT_EQ(Create("P-1"), absl::OkStatus());
  world_.RunUntilQuiet();
  EXPECT_EQ(site_->site()->outbox_count(), 0u);
}

TEST_F(LateHelloTest, ButOneThatComesAgainAndAgainIs) {
  for (int times = 1; times <= kFencedByCopyMin; ++times) ArriveLate();
  EXPECT_FALSE(site_->site()->status().connected);
  v1::BecomeReplicaRequest request;
  EXPECT_EQ(site_->Do(request).status, absl::OkStatus());
}

// One that is open goes on under its first cause; what the head file had named stays in the report.
TEST(AddRecoveryTest, KeepsWhatTheHeadFileHadNamed) {
  const storage::MemoryKv store;
  storage::Transaction transaction(store.NewSnapshot());
  storage::StoreTables tables(&transaction);
  v1::RecoveryRow row;
  row.set_cause(v1::RECOVERY_CAUSE_TAIL_LOST);
  row.set_groups_found(3);
  row.set_groups_noted(5);
  AddRecovery(tables, row);
  v1::RecoveryRow later;
  later.set_cause(v1::RECOVERY_CAUSE_WENT_BACK);
  AddRecovery(tables, later);
  ASSERT_EQ(tables.Recoveries().size(), 1u);
  const v1::RecoveryRow report = tables.Recoveries().front();
  EXPECT_EQ(report.cause(), v1::RECOVERY_CAUSE_TAIL_LOST);
  EXPECT_EQ(report.groups_found(), 3u);
  EXPECT_EQ(report.groups_noted(), 5u);
}

// A copy that waits for its person and then loses its tail takes no work before it has that again.
TEST_F(LateHelloTest, ACopyThatLosesItsTailRests) {
  for (int times = 1; times <= kFencedByCopyMin; ++times) ArriveLate();
  const storage::MemoryTree image = site_->store().Image();
  EXPECT_EQ(Create("P-1"), absl::OkStatus());
  const std::optional<storage::HeadNote> head = *site_->head().Read();
  world_.Crash(*site_);
  world_.Restore(*site_, image, head);
  world_.Restart(*site_);
  EXPECT_TRUE(site_->site()->status().resting);
  EXPECT_EQ(Create("P-2").code(), absl::StatusCode::kUnavailable);
  world_.SetLink(*site_, true);
  world_.RunUntilQuiet();
  EXPECT_FALSE(site_->site()->status().resting);
  EXPECT_TRUE(site_->site()->status().connected);
  storage::Transaction transaction(site_->store().NewSnapshot());
  const v1::RecoveryRow report = storage::StoreTables(&transaction).Recoveries().back();
  EXPECT_EQ(report.cause(), v1::RECOVERY_CAUSE_TAIL_LOST);
  EXPECT_EQ(report.lost_last_seq(), 1u);
}

}  // namespace
}  // namespace trialsync::sync
