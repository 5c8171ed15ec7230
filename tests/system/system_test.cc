// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

#include "gtest/gtest.h"
#include "tests/system/driver.h"

// One seed again, with everything it did:
//   TRIALSYNC_SEED=17 system_test
// TRIALSYNC_SEEDS=n runs n of them, from TRIALSYNC_FIRST_SEED on.
namespace trialsync::system_test {
namespace {

constexpr uint64_t kSeeds = 500;
constexpr uint64_t kTwiceEvery = 20;
constexpr size_t kTrailLines = 30;

uint64_t Environment(const char* name, uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

std::string Explain(uint64_t seed, const Report& report, bool whole) {
  std::string text = "seed " + std::to_string(seed) + ", step " +
                     std::to_string(report.trail.size()) + ": " + report.failure + "\n";
  const size_t lines = report.trail.size();
  size_t i = whole || lines < kTrailLines ? 0 : lines - kTrailLines;
  for (; i < lines; ++i) text += "  " + std::to_string(i + 1) + " " + report.trail[i] + "\n";
  return text + "again, from the first step: TRIALSYNC_SEED=" + std::to_string(seed) +
         " tests/system/system_test";
}

TEST(System, KeepsItsInvariantsWhateverHappens) {
  Probes probes;
  if (std::getenv("TRIALSYNC_SEED") != nullptr) {
    const uint64_t seed = Environment("TRIALSYNC_SEED", 0);
    const Report report = Driver(seed, &probes).Run();
    std::cout << Explain(seed, report, /*whole=*/true) << "\n";
    ASSERT_EQ(report.failure, "");
    return;
  }
  const uint64_t first = Environment("TRIALSYNC_FIRST_SEED", 0);
  const uint64_t last = first + Environment("TRIALSYNC_SEEDS", kSeeds);
  for (uint64_t seed = first; seed < last; ++seed) {
    const Report report = Driver(seed, &probes).Run();
    ASSERT_EQ(report.failure, "") << Explain(seed, report, /*whole=*/false);
    if (seed % kTwiceEvery != 0) continue;
    const Report again = Driver(seed, &probes).Run();
    ASSERT_EQ(report.end_state, again.end_state) << "seed " << seed << " is not deterministic";
  }
  for (const auto& [probe, count] : probes.counts()) std::cout << probe << ": " << count << "\n";
}

}  // namespace
}  // namespace trialsync::system_test
