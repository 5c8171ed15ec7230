// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "sync/limits.h"
#include "tests/world/small_trial.h"

namespace trialsync::sync {
namespace {

constexpr absl::Duration kYear = absl::Hours(24 * 365);
constexpr int kIntervals = 10;

// An idle link, while its two ends are told that time passes.
class ClockTest : public testing::Test {
 protected:
  ClockTest() : world_(/*seed=*/12) {
    world::PublishSmallStudy(world_);
    world::ActivateSmallStudy(world_, "ALPHA");
    ward_ = &world_.AddReplica({world::kSmallStudy, "ALPHA"}, "ward");
    world_.SetLink(*ward_, true);
    world_.RunUntilQuiet();
    world_.WatchMessages([this](const world::Node&, const Send& send) {
      if (const auto* up = std::get_if<v1::SiteMessage>(&send.message)) {
        heartbeats_up_ += up->has_heartbeat() ? 1 : 0;
      } else {
        heartbeats_down_ += std::get<v1::CoordinatorMessage>(send.message).has_heartbeat() ? 1 : 0;
      }
    });
  }

  void TickFor(absl::Duration duration) {
    for (const absl::Time end = world_.now() + duration; world_.now() < end;) {
      world_.Advance(absl::Seconds(1));
      for (world::Node* node : {&world_.coordinator(), ward_}) {
        ASSERT_TRUE(node->Run({Tick()}).ok());
      }
      world_.RunUntilQuiet();
    }
  }

  world::World world_;
  world::Node* ward_ = nullptr;
  int heartbeats_up_ = 0;
  int heartbeats_down_ = 0;
};

TEST_F(ClockTest, HeartbeatsGoOnAfterTheClockWasPutBack) {
  world_.Advance(-10 * kYear);
  TickFor(kHeartbeatInterval * kIntervals);
  EXPECT_GE(heartbeats_up_, kIntervals - 1);
  EXPECT_GE(heartbeats_down_, kIntervals - 1);
  EXPECT_TRUE(ward_->site()->status().connected);
}

TEST_F(ClockTest, ALinkIsThereAgainAfterTheClockWasPutForward) {
  world_.Advance(10 * kYear);
  TickFor(kHeartbeatInterval * kIntervals);
  EXPECT_TRUE(ward_->site()->status().connected);
}

}  // namespace
}  // namespace trialsync::sync
