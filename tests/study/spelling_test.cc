// SPDX-License-Identifier: Apache-2.0
#include "study/spelling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trialsync::study {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SpellingTest, ALetterAndItsAccentAreOneCharacter) {
  EXPECT_TRUE(IsComposed("PBC-001"));
  EXPECT_TRUE(IsComposed("M\u00fcller"));
  EXPECT_FALSE(IsComposed("Mu\u0308ller"));
  EXPECT_TRUE(IsComposed("\u5f20\u4e09"));
  EXPECT_TRUE(IsComposed("\uac00"));
  EXPECT_FALSE(IsComposed("\u1100\u1161"));
  // The ohm sign is a capital omega.
  EXPECT_FALSE(IsComposed("\u2126"));
  EXPECT_TRUE(IsComposed(""));
}

TEST(SpellingTest, LettersHaveTheirCapitals) {
  EXPECT_THAT(CaseVariants("PBC-1"), ElementsAre("pbc-1", "Pbc-1"));
  EXPECT_THAT(CaseVariants("\u00fcb"), ElementsAre("\u00dcB", "\u00dcb"));
  EXPECT_THAT(CaseVariants("M\u00fcller"), ElementsAre("m\u00fcller", "M\u00dcLLER"));
  EXPECT_THAT(CaseVariants("007"), IsEmpty());
  EXPECT_THAT(CaseVariants("\u5f20"), IsEmpty());
  EXPECT_THAT(CaseVariants(""), IsEmpty());
}

}  // namespace
}  // namespace trialsync::study
