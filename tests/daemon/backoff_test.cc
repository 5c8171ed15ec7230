// SPDX-License-Identifier: Apache-2.0
#include "daemon/backoff.h"

#include <gtest/gtest.h>

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

TEST(BackoffTest, IsShortAgainWhenAPersonAsks) {
  Backoff backoff;
  for (int i = 0; i < 10; ++i) backoff.Next(SessionEnd::kNotReached, 0);
  backoff.Reset();
  EXPECT_EQ(backoff.Next(SessionEnd::kNotReached, 0), kBackoffMin / 2);
}

}  // namespace
}  // namespace trialsync::daemon
