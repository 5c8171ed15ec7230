// SPDX-License-Identifier: Apache-2.0
#include "tests/model/schedule.h"

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <string>

#include "gtest/gtest.h"
#include "tests/model/mutations.h"

// To see one schedule as readable lines:
//   TRIALSYNC_MODEL_KIND=held TRIALSYNC_MODEL_SEED=17 model_schedule_test
//   --gtest_filter=ScheduleReplay.*
// with TRIALSYNC_MODEL_BROKEN=row5_missing under broken rules. TRIALSYNC_MODEL_SCHEDULES=n runs n
// of each kind.
namespace trialsync::model {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)  // GCC
constexpr bool kSanitized = true;
#elif defined(__has_feature)  // clang
constexpr bool kSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::uint64_t SchedulesPerKind() {
  const std::string asked = Environment("TRIALSYNC_MODEL_SCHEDULES");
  if (!asked.empty()) return std::strtoull(asked.c_str(), nullptr, 10);
  return kSanitized ? 5'000 : 100'000;
}

std::string ReplayCommand(ScheduleKind kind, std::uint64_t seed) {
  return "TRIALSYNC_MODEL_KIND=" + Name(kind) + " TRIALSYNC_MODEL_SEED=" + std::to_string(seed) +
         " model_schedule_test --gtest_filter=ScheduleReplay.*";
}

class ScheduleTest : public testing::TestWithParam<ScheduleKind> {};

TEST_P(ScheduleTest, MissesNoConflictAndMakesNoneUp) {
  const ScheduleKind kind = GetParam();
  const std::uint64_t schedules = SchedulesPerKind();
  const std::clock_t start = std::clock();
  std::int64_t commits = 0;
  std::int64_t disputes = 0;
  std::int64_t predicted = 0;
  for (std::uint64_t seed = 0; seed < schedules; ++seed) {
    const ScheduleReport report = RunSchedule(kind, seed, Rules{}, /*trace=*/false);
    ASSERT_EQ(report.failure, "") << "see it with: " << ReplayCommand(kind, seed);
    commits += report.commits;
    disputes += report.disputes;
    predicted += report.predicted_disputes;
  }
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  std::cout << Name(kind) << ": " << schedules << " schedules, " << commits << " commits, "
            << disputes << " disputes (" << predicted
            << " over what only the own outbox had admitted), " << seconds << " s of CPU\n";
  EXPECT_GT(disputes, 0) << "the schedules try nothing";
}

INSTANTIATE_TEST_SUITE_P(Kinds, ScheduleTest, testing::ValuesIn(ScheduleKinds()),
                         [](const auto& test) { return Name(test.param); });

TEST(ScheduleReplay, PrintsWhatWasAskedFor) {
  const std::string seed = Environment("TRIALSYNC_MODEL_SEED");
  const auto kind = KindNamed(Environment("TRIALSYNC_MODEL_KIND"));
  if (seed.empty() || !kind) GTEST_SKIP() << "no schedule was asked for";
  const Rules rules = Broken(Environment("TRIALSYNC_MODEL_BROKEN"));
  const ScheduleReport report =
      RunSchedule(*kind, std::strtoull(seed.c_str(), nullptr, 10), rules, /*trace=*/true);
  std::cout << report.transcript;
  EXPECT_EQ(report.failure, "");
}

// One seed, one schedule.
TEST(ScheduleSeedTest, IsTheSameTwice) {
  for (ScheduleKind kind : ScheduleKinds()) {
    const std::string once = RunSchedule(kind, 5, Rules{}, /*trace=*/true).transcript;
    EXPECT_EQ(once, RunSchedule(kind, 5, Rules{}, /*trace=*/true).transcript);
    EXPECT_NE(once, RunSchedule(kind, 6, Rules{}, /*trace=*/true).transcript);
  }
}

}  // namespace
}  // namespace trialsync::model
