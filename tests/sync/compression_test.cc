// SPDX-License-Identifier: Apache-2.0
#include "sync/compression.h"

#include <gtest/gtest.h>

#include <string>

#include "sync/limits.h"

namespace trialsync::sync {
namespace {

TEST(Compression, ComesBackAsItWas) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{1000}, kBatchBytesMax}) {
    const std::string content(size, 'x');
    const absl::StatusOr<std::string> back = Decompress(Compress(content), size);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, content);
  }
}

TEST(Compression, AnotherSizeThanSaidIsRefused) {
  const std::string frame = Compress("twelve bytes");
  EXPECT_TRUE(absl::IsInvalidArgument(Decompress(frame, 11).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Decompress(frame, 13).status()));
}

TEST(Compression, DamageIsRefused) {
  const std::string frame = Compress("twelve bytes");
  for (size_t cut = 0; cut < frame.size(); ++cut) {
    EXPECT_TRUE(absl::IsInvalidArgument(Decompress(frame.substr(0, cut), 12).status())) << cut;
  }
}

TEST(Compression, WhatFollowsTheFrameIsRefused) {
  const std::string frame = Compress("twelve bytes");
  EXPECT_TRUE(absl::IsInvalidArgument(Decompress(frame + Compress(""), 12).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Decompress(frame + "x", 12).status()));
}

TEST(Compression, ABombIsRefusedBeforeMemoryIsSpent) {
  const std::string frame = Compress(std::string(kContentBytesMax + 1, '\0'));
  EXPECT_LT(frame.size(), size_t{1} << 20);
  EXPECT_TRUE(absl::IsInvalidArgument(Decompress(frame, kContentBytesMax + 1).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Decompress(frame, 1000).status()));
}

}  // namespace
}  // namespace trialsync::sync
