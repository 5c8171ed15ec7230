// SPDX-License-Identifier: Apache-2.0
#include "daemon/backoff.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>

#include "daemon/limits.h"

namespace trialsync::daemon {
namespace {

// The random number that gives the longest pause of its range.
constexpr uint64_t kLongest = 1023;

TEST(BackoffTest, DoublesUntilTheLongestPause) {
  Backoff backoff;
  absl::Duration before;
  for (int i = 0; i < 6; ++i) {
    const absl::Duration pause = backoff.Next(SessionEnd::kNotReached, 0);
    EXPECT_EQ(pause, i == 0 ? kBackoffMin / 2 : 2 * before);
    before = pause;
  }
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(backoff.Next(SessionEnd::kNotReached, 0), kBackoffMax / 2);
  }
}

TEST(BackoffTest, JitterTakesTheUpperHalf) {
  EXPECT_EQ(Backoff().Next(SessionEnd::kNotReached, 0), kBackoffMin / 2);
  const absl::Duration longest = Backoff().Next(SessionEnd::kNotReached, kLongest);
  EXPECT_GT(longest, kBackoffMin * 0.99);
  EXPECT_LE(longest, kBackoffMin);
}

TEST(BackoffTest, IsShortAgainAfterAWelcome) {
  Backoff backoff;
  for (int i = 0; i < 10; ++i) backoff.Next(SessionEnd::kNotReached, 0);
  EXPECT_EQ(backoff.Next(SessionEnd::kCut, 0), kBackoffMin / 2);
}

TEST(BackoffTest, IsLongestAfterARefusal) {
  Backoff backoff;
  EXPECT_EQ(backoff.Next(SessionEnd::kRefused, 0), kBackoffMax / 2);
  EXPECT_EQ(backoff.Next(SessionEnd::kNotReached, 0), kBackoffMin / 2);
}

// In virtual time: a site that was started too early is turned away until its study is published,
// and comes in soon after, without asking all too often.
TEST(BackoffTest, ASiteIsInSoonAfterItsStudyIsPublished) {
  for (const v1::RefusalReason reason :
       {v1::REFUSAL_REASON_STUDY_UNKNOWN, v1::REFUSAL_REASON_SITE_UNKNOWN,
        v1::REFUSAL_REASON_REPLICA_NOT_ENROLLED}) {
    for (uint64_t seed = 0; seed < 200; ++seed) {
      std::mt19937_64 random(seed);
      const absl::Duration published = absl::Milliseconds(random() % 600'000);
      Backoff backoff;
      absl::Duration now;
      int attempts = 1;
      for (; now < published; ++attempts) {
        now += backoff.Next(EndOf(reason, SessionEnd::kNotReached), random());
      }
      EXPECT_LE(now - published, absl::Seconds(5)) << "seed " << seed;
      EXPECT_LE(attempts, 2 + published / absl::Milliseconds(2500)) << "seed " << seed;
    }
  }
}

TEST(BackoffTest, WhatTheSiteHasToMendIsTriedSlowly) {
  for (const v1::RefusalReason reason :
       {v1::REFUSAL_REASON_PROTOCOL_VERSION, v1::REFUSAL_REASON_LOG_DIVERGED,
        v1::REFUSAL_REASON_REPLICA_BEHIND, v1::REFUSAL_REASON_REPLICA_COPIED}) {
    EXPECT_EQ(EndOf(reason, SessionEnd::kCut), SessionEnd::kRefused);
  }
}

TEST(BackoffTest, ToBeStoppedOrTakenOverIsNoRefusal) {
  for (const SessionEnd end : {SessionEnd::kCut, SessionEnd::kNotReached}) {
    EXPECT_EQ(EndOf(v1::REFUSAL_REASON_SHUTTING_DOWN, end), end);
    EXPECT_EQ(EndOf(v1::REFUSAL_REASON_SESSION_SUPERSEDED, end), end);
  }
}

TEST(BackoffTest, IsShortAgainWhenAPersonAsks) {
  Backoff backoff;
  for (int i = 0; i < 10; ++i) backoff.Next(SessionEnd::kNotReached, 0);
  backoff.Reset();
  EXPECT_EQ(backoff.Next(SessionEnd::kNotReached, 0), kBackoffMin / 2);
}

}  // namespace
}  // namespace trialsync::daemon
