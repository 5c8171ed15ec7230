// SPDX-License-Identifier: Apache-2.0
#include "tests/model/recovery/schedule.h"

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <string>

#include "gtest/gtest.h"
#include "tests/model/recovery/mutations.h"

// To see one schedule as readable lines:
//   TRIALSYNC_MODEL_KIND=site_restored TRIALSYNC_MODEL_SEED=17 model_recovery_schedule_test
//   --gtest_filter=RecoveryReplay.*
// with TRIALSYNC_MODEL_BROKEN=again_raises_base under broken rules. TRIALSYNC_MODEL_SCHEDULES=n
// runs n of each setting.
namespace trialsync::model::recovery {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::uint64_t SchedulesPerSetting() {
  const std::string asked = Environment("TRIALSYNC_MODEL_SCHEDULES");
  return asked.empty() ? 10'000 : std::strtoull(asked.c_str(), nullptr, 10);
}

class RecoveryScheduleTest : public testing::TestWithParam<Setting> {};

TEST_P(RecoveryScheduleTest, LosesNothingAndKnowsWhatEachHadSeen) {
  const Setting& setting = SettingNamed(GetParam().name);
  const std::uint64_t schedules = SchedulesPerSetting();
  const std::clock_t start = std::clock();
  ScheduleReport sum;
  std::uint64_t stopped = 0;
  for (std::uint64_t seed = 0; seed < schedules; ++seed) {
    const ScheduleReport report = RunSchedule(setting, seed, Rules{}, /*trace=*/false);
    ASSERT_EQ(report.failure, "")
        << "see it with: TRIALSYNC_MODEL_KIND=" << setting.name << " TRIALSYNC_MODEL_SEED=" << seed
        << " model_recovery_schedule_test --gtest_filter=RecoveryReplay.*";
    sum.commits += report.commits;
    sum.stamped_again += report.stamped_again;
    sum.refills += report.refills;
    sum.rewinds += report.rewinds;
    sum.contradicted += report.contradicted;
    stopped += report.stopped ? 1 : 0;
  }
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  std::cout << setting.name << ": " << schedules << " schedules, " << sum.commits << " commits, "
            << sum.stamped_again << " outboxes stamped again, " << sum.refills << " refills, "
            << sum.rewinds << " rewinds, " << sum.contradicted << " outcomes changed, " << stopped
            << " stopped, " << seconds << " s of CPU\n";
}

INSTANTIATE_TEST_SUITE_P(Settings, RecoveryScheduleTest, testing::ValuesIn(Settings()),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(RecoveryReplay, PrintsWhatWasAskedFor) {
  const std::string seed = Environment("TRIALSYNC_MODEL_SEED");
  if (seed.empty()) GTEST_SKIP() << "no schedule was asked for";
  const Rules rules = Broken(Environment("TRIALSYNC_MODEL_BROKEN"));
  const ScheduleReport report =
      RunSchedule(SettingNamed(Environment("TRIALSYNC_MODEL_KIND")),
                  std::strtoull(seed.c_str(), nullptr, 10), rules, /*trace=*/true);
  std::cout << report.transcript;
  EXPECT_EQ(report.failure, "");
}

// One seed, one schedule.
TEST(RecoverySeedTest, IsTheSameTwice) {
  for (const Setting& setting : Settings()) {
    const std::string once = RunSchedule(setting, 5, Rules{}, /*trace=*/true).transcript;
    EXPECT_EQ(once, RunSchedule(setting, 5, Rules{}, /*trace=*/true).transcript);
    EXPECT_NE(once, RunSchedule(setting, 6, Rules{}, /*trace=*/true).transcript);
  }
}

}  // namespace
}  // namespace trialsync::model::recovery
