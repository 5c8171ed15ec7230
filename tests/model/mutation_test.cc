// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>

#include "gtest/gtest.h"
#include "tests/model/mutations.h"

namespace trialsync::model {
namespace {

constexpr std::uint64_t kSchedulesMax = 40'000;

class MutationTest : public testing::TestWithParam<Mutation> {};

// Each clause of the rules is taken away once, and random schedules notice.
TEST_P(MutationTest, IsFound) {
  Rules rules;
  rules.*GetParam().broken = true;
  for (std::uint64_t seed = 0; seed < kSchedulesMax; ++seed) {
    const ScheduleReport report = RunSchedule(GetParam().kind, seed, rules, /*trace=*/false);
    if (report.failure.empty()) continue;
    RecordProperty("schedules", std::to_string(seed + 1));
    RecordProperty("found", report.failure);
    return;
  }
  FAIL() << "no schedule of kind " << Name(GetParam().kind) << " notices " << GetParam().name;
}

INSTANTIATE_TEST_SUITE_P(Rules, MutationTest, testing::ValuesIn(Mutations()),
                         [](const auto& test) { return std::string(test.param.name); });

// A switch that is added to Rules must be tried here too.
TEST(MutationsTest, NameEverySwitch) {
  static_assert(sizeof(bool) == 1);
  EXPECT_EQ(Mutations().size(), sizeof(Rules));
  Rules rules;
  for (const Mutation& mutation : Mutations()) {
    EXPECT_FALSE(rules.*mutation.broken)
        << mutation.name << " is listed twice, or is true by default";
    rules.*mutation.broken = true;
  }
}

}  // namespace
}  // namespace trialsync::model
