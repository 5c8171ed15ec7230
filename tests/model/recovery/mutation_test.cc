// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>

#include "gtest/gtest.h"
#include "tests/model/recovery/mutations.h"

namespace trialsync::model::recovery {
namespace {

constexpr std::uint64_t kSchedulesMax = 40'000;
constexpr std::uint64_t kHarmlessSchedules = 300;

class RecoveryMutationTest : public testing::TestWithParam<Mutation> {};

// Each clause of the rules is taken away once, and random schedules notice. Those that are said to
// be harmless are not noticed.
TEST_P(RecoveryMutationTest, IsFound) {
  Rules rules;
  rules.*GetParam().broken = true;
  if (GetParam().setting == nullptr) {
    for (const Setting& setting : Settings()) {
      for (std::uint64_t seed = 0; seed < kHarmlessSchedules; ++seed) {
        ASSERT_EQ(RunSchedule(setting, seed, rules, /*trace=*/false).failure, "")
            << setting.name << " " << seed << ": it is not harmless";
      }
    }
    return;
  }
  const Setting& setting = SettingNamed(GetParam().setting);
  for (std::uint64_t seed = 0; seed < kSchedulesMax; ++seed) {
    const ScheduleReport report = RunSchedule(setting, seed, rules, /*trace=*/false);
    if (report.failure.empty()) continue;
    RecordProperty("schedules", std::to_string(seed + 1));
    RecordProperty("found", report.failure);
    return;
  }
  FAIL() << "no schedule of " << setting.name << " notices " << GetParam().name;
}

INSTANTIATE_TEST_SUITE_P(Rules, RecoveryMutationTest, testing::ValuesIn(Mutations()),
                         [](const auto& test) { return std::string(test.param.name); });

// A switch that is added to Rules must be tried here too.
TEST(RecoveryMutationsTest, NameEverySwitch) {
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
}  // namespace trialsync::model::recovery
