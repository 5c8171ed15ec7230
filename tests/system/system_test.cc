// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

#include "gtest/gtest.h"
#include "tests/sanitizers/sanitized.h"
#include "tests/system/driver.h"

// One seed again, with everything it did:
//   TRIALSYNC_SEED=17 system_test
// TRIALSYNC_SEEDS=n runs n of them, from TRIALSYNC_FIRST_SEED on.
namespace trialsync::system_test {
namespace {

constexpr uint64_t kSeeds = 800;
constexpr uint64_t kSeedsSanitized = 80;
constexpr uint64_t kTwiceEvery = 20;
constexpr size_t kTrailLines = 30;

// What the runs together must have reached.
constexpr const char* kExpected[] = {
    "OUTCOME_APPLIED",
    "OUTCOME_AGREED",
    "OUTCOME_PROPOSED",
    "OUTCOME_DISPUTED",
    "OUTCOME_OVERTAKEN",
    "OUTCOME_HELD",
    "OUTCOME_REFUSED",
    "outcomes differ by item",
    "REASON_RECORD_LOCKED",
    "REASON_RECORD_SIGNED",
    "REASON_RECORD_VOIDED",
    "REASON_CHANGE_AWAITED",
    "REASON_CONTENT_DIFFERS",
    "REASON_NOT_SEEN",
    "REASON_VERSION_INACTIVE",
    "REASON_CHANGE_REFUSED",
    "REASON_NOT_PERMITTED",
    "REASON_REQUEST_REPEATED",
    "REASON_REQUEST_REUSED",
    "REASON_NOTHING_TO_DO",
    "REASON_DISMISSED",
    "admitted",
    "several admitted by one commit",
    "DISCREPANCY_KIND_DISPUTE DISCREPANCY_STATE_OPEN",
    "DISCREPANCY_KIND_DISPUTE DISCREPANCY_STATE_CLOSED",
    "DISCREPANCY_KIND_DISPUTE DISCREPANCY_STATE_SETTLED_BY_RULE",
    "DISCREPANCY_KIND_PROPOSAL DISCREPANCY_STATE_OPEN",
    "DISCREPANCY_KIND_PROPOSAL DISCREPANCY_STATE_CLOSED",
    "DISCREPANCY_KIND_QUERY DISCREPANCY_STATE_ANSWERED",
    "DISCREPANCY_KIND_QUERY DISCREPANCY_STATE_CLOSED",
    "query opened by a check",
    "DISCREPANCY_KIND_HELD DISCREPANCY_STATE_OPEN",
    "DISCREPANCY_KIND_HELD DISCREPANCY_STATE_CLOSED",
    "DISCREPANCY_KIND_REFUSED DISCREPANCY_STATE_OPEN",
    "DISCREPANCY_KIND_REFUSED DISCREPANCY_STATE_CLOSED",
    "DISCREPANCY_KIND_LABEL DISCREPANCY_STATE_OPEN",
    "DISCREPANCY_KIND_LABEL DISCREPANCY_STATE_CLOSED",
    "DISCREPANCY_KIND_PREDICTION DISCREPANCY_STATE_OPEN",
    "a secret beside other items",
    "an own secret stands",
    "a secret of another replica stands",
    "answer ABORTED",
    "answer UNAVAILABLE",
    "a client in one group with messages",
    "saved behind an outbox",
    "view with an outbox",
    "crash with an unsent outbox",
    "armed a crash before a write",
    "armed a crash after a write",
    "restart",
};

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
  const uint64_t last =
      first + Environment("TRIALSYNC_SEEDS", kSanitized ? kSeedsSanitized : kSeeds);
  for (uint64_t seed = first; seed < last; ++seed) {
    const Report report = Driver(seed, &probes).Run();
    ASSERT_EQ(report.failure, "") << Explain(seed, report, /*whole=*/false);
    if (seed % kTwiceEvery != 0) continue;
    const Report again = Driver(seed, &probes).Run();
    ASSERT_EQ(report.end_state, again.end_state) << "seed " << seed << " is not deterministic";
  }
  for (const auto& [probe, count] : probes.counts()) std::cout << probe << ": " << count << "\n";
  if (last - first < kSeeds) return;
  for (const char* probe : kExpected)
    EXPECT_GT(probes.Count(probe), 0) << probe << " never happened";
}

}  // namespace
}  // namespace trialsync::system_test
