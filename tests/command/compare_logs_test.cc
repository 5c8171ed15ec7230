// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/compare_logs.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>

namespace trialsync::command {
namespace {

TEST(FirstDifferenceTest, IsFoundInFewQuestions) {
  for (uint64_t size = 0; size <= 70; ++size) {
    for (uint64_t first = 1; first <= size + 1; ++first) {
      uint64_t asked = 0;
      const auto found = FirstDifference(size, [&](uint64_t up_to) -> absl::StatusOr<bool> {
        ++asked;
        EXPECT_LE(up_to, size);
        return up_to < first;
      });
      ASSERT_TRUE(found.ok());
      EXPECT_EQ(*found, first <= size ? first : 0);
      const uint64_t most = first > size ? (size == 0 ? 0 : 1) : 1 + std::bit_width(size - 1);
      EXPECT_LE(asked, most) << first << " of " << size;
    }
  }
}

TEST(FirstDifferenceTest, AnErrorEndsIt) {
  int asked = 0;
  const auto found = FirstDifference(9, [&](uint64_t) -> absl::StatusOr<bool> {
    if (++asked == 3) return absl::UnavailableError("gone");
    return false;
  });
  EXPECT_EQ(found.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(asked, 3);
}

}  // namespace
}  // namespace trialsync::command
