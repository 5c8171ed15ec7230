// SPDX-License-Identifier: Apache-2.0
// Daemons whose wall clocks are years off, and are set while they run.
#include "absl/time/clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "sync/limits.h"
#include "tests/end_to_end/ledger.h"
#include "tests/end_to_end/trial.h"
#include "tests/end_to_end/wall_clock.h"
#include "tests/end_to_end/writer.h"

namespace trialsync::end_to_end {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr absl::Duration kTenYears = absl::Hours(24 * 3650);

// By how many days the coordinator finds its clock before the site's.
double DaysBetween(Trial& trial, const Trial::Site& site) {
  const auto status = StatusAtCentre(trial.coordinator(), site.name);
  if (!status || status->peers().empty()) return 0;
  return static_cast<double>(status->peers(0).clock_offset_ms()) / (24 * 3600 * 1000.0);
}

TEST(ClockTest, AClockThatIsSetBackByTwentyYearsStopsNothing) {
  Trial trial("pbc", "deploy/studies/pbc/v1.yaml");
  Trial::Site& site = trial.AddSite("MAYO1");
  Ledger ledger;
  Writer writer(&site, &ledger, "writer", /*seed=*/1);
  writer.Start();

  site.daemon.Kill();
  SetWallClock(site.daemon, kTenYears);
  {
    const SettableClock clock(site.daemon);
    site.daemon.Start();
  }
  EXPECT_TRUE(WaitUntil([&] { return std::abs(DaysBetween(trial, site) + 3650) < 1; }))
      << DaysBetween(trial, site);

  // While it pauses before it dials again.
  site.Cut();
  absl::SleepFor(absl::Seconds(3));
  SetWallClock(site.daemon, -kTenYears);
  site.link.SetRefuse(false);
  EXPECT_TRUE(WaitUntil([&] { return std::abs(DaysBetween(trial, site) - 3650) < 1; }))
      << DaysBetween(trial, site);

  // While it is connected, and has nothing to say.
  writer.Stop();
  EXPECT_TRUE(WaitUntil([&] { return InStep(trial); }));
  SetWallClock(site.daemon, -2 * kTenYears);
  absl::SleepFor(sync::kHeartbeatInterval * (sync::kHeartbeatsMissedMax + 1));
  EXPECT_THAT(trial.coordinator().Log(), Not(HasSubstr("a site is silent")));

  EXPECT_THAT(writer.complaints(), IsEmpty());
  for (const Daemon* daemon : {&site.daemon, &trial.coordinator()}) {
    EXPECT_THAT(ledger.Compare(*daemon->Connect(), site.parent, kWrittenItem), IsEmpty());
    EXPECT_EQ(Verify(*daemon), "");
  }
}

}  // namespace
}  // namespace trialsync::end_to_end
