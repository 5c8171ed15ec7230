// SPDX-License-Identifier: Apache-2.0
// Every outcome of a merge as a person sees it: real daemons, cut links, and nothing but the
// `trialsync` command. outcomes/README.md has the language, and where each rule is seen.
#include <gtest/gtest.h>

#include <vector>

#include "tests/end_to_end/stage.h"
#include "tests/transcripts/cases.h"

namespace trialsync::end_to_end {
namespace {

constexpr char kDirectory[] = "tests/end_to_end/outcomes";
constexpr size_t kScenariosMin = 40;

class OutcomesTest : public testing::TestWithParam<transcripts::Case> {};

TEST_P(OutcomesTest, AreShownAsWritten) {
  Stage stage;
  transcripts::PlayCase(GetParam(), [&](const std::vector<transcripts::Command>& commands) {
    return stage.Play(commands);
  });
  EXPECT_EQ(stage.CheckEnd(), "") << GetParam().name;
}

INSTANTIATE_TEST_SUITE_P(Outcomes, OutcomesTest,
                         testing::ValuesIn(transcripts::CasesIn(kDirectory)),
                         [](const auto& place) { return place.param.name; });

TEST(OutcomesFilesTest, AreAsManyAsPromised) {
  EXPECT_GE(transcripts::CasesIn(kDirectory).size(), kScenariosMin);
}

TEST(OutcomesFilesTest, AreWrittenAsTheyWouldBeRewritten) {
  transcripts::ExpectWrittenAsRewritten(transcripts::CasesIn(kDirectory));
}

}  // namespace
}  // namespace trialsync::end_to_end
