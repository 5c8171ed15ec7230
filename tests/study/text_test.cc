// SPDX-License-Identifier: Apache-2.0
#include "study/text.h"

#include <gtest/gtest.h>

#include <string>

namespace trialsync::study {
namespace {

TEST(Text, KnowsWellFormedUtf8) {
  for (const std::string_view text :
       {"", "a", "µmol", "肝", "😀", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
  }
  // Alone, overlong, surrogate, above U+10FFFF, cut short, never used.
  for (const std::string_view text :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xE8\x82", "\xC3", "a\xFF", "\xF0\x9F\x98"}) {
    EXPECT_FALSE(IsUtf8(text)) << Quoted(text);
  }
}

TEST(Text, QuotesShortlyAndAlwaysAsUtf8) {
  EXPECT_EQ(Quoted("1,5"), "'1,5'");
  EXPECT_EQ(Quoted("a\nb"), "'a\\nb'");
  EXPECT_EQ(Quoted("\xFF"), "'\\xff'");
  for (size_t blanks = 0; blanks < 4; ++blanks) {
    std::string text(blanks, ' ');
    for (int count = 0; count < 40; ++count) text += "肝";
    const std::string quoted = Quoted(text);
    EXPECT_TRUE(IsUtf8(quoted)) << quoted;
    EXPECT_LT(quoted.size(), 60u);
  }
}

}  // namespace
}  // namespace trialsync::study
