// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <vector>

#include "tests/transcripts/cases.h"
#include "tests/transcripts/runner.h"

namespace trialsync::transcripts {
namespace {

constexpr char kDirectory[] = "tests/transcripts/cases";
constexpr size_t kScenariosMin = 60;

class TranscriptTest : public testing::TestWithParam<Case> {};

TEST_P(TranscriptTest, IsAsWritten) {
  Runner runner;
  PlayCase(GetParam(), [&](const std::vector<Command>& commands) { return runner.Play(commands); });
  EXPECT_EQ(runner.CheckEnd(), "") << GetParam().name;
}

INSTANTIATE_TEST_SUITE_P(Cases, TranscriptTest, testing::ValuesIn(CasesIn(kDirectory)),
                         [](const auto& place) { return place.param.name; });

TEST(TranscriptsTest, AreAsManyAsPromised) { EXPECT_GE(CasesIn(kDirectory).size(), kScenariosMin); }

TEST(TranscriptsTest, AreWrittenAsTheyWouldBeRewritten) {
  ExpectWrittenAsRewritten(CasesIn(kDirectory));
}

}  // namespace
}  // namespace trialsync::transcripts
