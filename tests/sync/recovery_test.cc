// SPDX-License-Identifier: Apache-2.0
// When a store must recover, and when not; what comes of it is in tests/transcripts/cases/recovery.txt.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
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

}  // namespace
}  // namespace trialsync::sync
