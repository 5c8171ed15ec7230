// SPDX-License-Identifier: Apache-2.0
// Daemons are killed and links cut at random moments of a transfer, while people write at both
// sites. Afterwards everything that a site called saved is at the coordinator, exactly once.
//
// The faults follow from a seed, which is printed; TRIALSYNC_SEED=N repeats them (what they hit
// depends on the machine's timing as well).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "tests/end_to_end/trial.h"
#include "tests/end_to_end/writer.h"
#include "tests/sanitizers/sanitized.h"

namespace trialsync::end_to_end {
namespace {

enum class Fault { kKillSite, kKillCoordinator, kCutUp, kCutDown, kCutNow };

constexpr int kSiteKills = kSanitized ? 6 : 18;
constexpr int kCoordinatorKills = kSanitized ? 5 : 14;
constexpr int kCutsOfEachKind = kSanitized ? 2 : 5;
static_assert(kSanitized || kSiteKills + kCoordinatorKills >= 30);
constexpr int kBacklogRecords = 1500;
constexpr int kRecordsPerCall = 150;
// The writers do something beside the faults.
constexpr size_t kValuesMin = kBacklogRecords + (kSanitized ? 100 : 500);

uint64_t Seed() {
  const char* given = std::getenv("TRIALSYNC_SEED");
  return given != nullptr ? std::stoull(given) : std::random_device()();
}

class Storm {
 public:
  Storm(Trial* trial, Trial::Site* site, uint64_t seed)
      : trial_(trial), site_(site), random_(seed) {}

  void Run() {
    std::vector<Fault> faults(kSiteKills, Fault::kKillSite);
    faults.insert(faults.end(), kCoordinatorKills, Fault::kKillCoordinator);
    for (const Fault cut : {Fault::kCutUp, Fault::kCutDown, Fault::kCutNow}) {
      faults.insert(faults.end(), kCutsOfEachKind, cut);
    }
    std::shuffle(faults.begin(), faults.end(), random_);
    for (const Fault fault : faults) {
      // A slow link, so that there is a middle to hit.
      constexpr uint64_t kBytesPerSecond[] = {4'000, 20'000, 100'000, 0};
      site_->link.SetBytesPerSecondMax(kBytesPerSecond[random_() % std::size(kBytesPerSecond)]);
      absl::SleepFor(absl::Milliseconds(LogUniform(20, 2000)));
      Strike(fault);
    }
    site_->link.SetBytesPerSecondMax(0);
  }

  int strikes_in_transfer() const { return strikes_in_transfer_; }

 private:
  void Strike(Fault fault) {
    // Every other one waits for a transfer, which a busy machine may be slow to begin.
    if (++strikes_ % 2 == 0) WaitUntil([&] { return InTransfer(); }, kPatience, absl::Milliseconds(2));
    if (InTransfer()) ++strikes_in_transfer_;
    switch (fault) {
      case Fault::kKillSite:
        site_->daemon.Kill();
        absl::SleepFor(absl::Milliseconds(LogUniform(1, 300)));
        site_->daemon.Start();
        return;
      case Fault::kKillCoordinator:
        trial_->coordinator().Kill();
        absl::SleepFor(absl::Milliseconds(LogUniform(1, 300)));
        trial_->StartCoordinator();
        return;
      case Fault::kCutUp:
        site_->link.CutAfter(TcpProxy::Direction::kUp, LogUniform(1, 20'000));
        return;
      case Fault::kCutDown:
        site_->link.CutAfter(TcpProxy::Direction::kDown, LogUniform(1, 5'000));
        return;
      case Fault::kCutNow:
        site_->link.CutNow();
        return;
    }
  }

  // Whether bytes went up in the moment before the strike.
  bool InTransfer() const {
    return absl::Now() - site_->link.traffic().last_up_time < absl::Milliseconds(50);
  }

  uint64_t LogUniform(double low, double high) {
    std::uniform_real_distribution<double> exponent(std::log(low), std::log(high));
    return static_cast<uint64_t>(std::exp(exponent(random_)));
  }

  Trial* const trial_;
  Trial::Site* const site_;
  std::mt19937_64 random_;
  int strikes_ = 0;
  int strikes_in_transfer_ = 0;
};

TEST(KillTest, WhatWasSavedArrivesExactlyOnce) {
  const uint64_t seed = Seed();
  std::printf("TRIALSYNC_SEED=%llu\n", static_cast<unsigned long long>(seed));
  Trial trial("pbc", "deploy/studies/pbc/v1.yaml");
  Trial::Site& struck = trial.AddSite("STRUCK");
  Trial::Site& spared = trial.AddSite("SPARED");

  Ledger struck_ledger;
  Ledger spared_ledger;
  Writer first(&struck, &struck_ledger, "first", seed + 1);
  Writer second(&struck, &struck_ledger, "second", seed + 2);
  Writer third(&spared, &spared_ledger, "third", seed + 3);

  // A backlog written offline: each record is a change for its visit's birth and one for its value.
  struck.Cut();
  for (int i = 0; i < kBacklogRecords; i += kRecordsPerCall) first.WriteNew(kRecordsPerCall);
  struck.link.SetRefuse(false);

  const absl::Time begin = absl::Now();
  for (Writer* writer : {&first, &second, &third}) writer->Start();
  Storm storm(&trial, &struck, seed);
  storm.Run();
  for (Writer* writer : {&first, &second, &third}) writer->Stop();
  const absl::Duration storm_time = absl::Now() - begin;
  EXPECT_TRUE(WaitUntil([&] { return InStep(trial); }, 2 * kPatience, absl::Milliseconds(300)));

  std::printf(
      "%d kills and %d cuts in %s, %d of them while bytes went up; %llu connections; saved %zu + "
      "%zu "
      "values in %zu + %zu records; %d calls without an answer\n",
      kSiteKills + kCoordinatorKills, 3 * kCutsOfEachKind,
      absl::FormatDuration(absl::Trunc(storm_time, absl::Milliseconds(100))).c_str(),
      storm.strikes_in_transfer(),
      static_cast<unsigned long long>(struck.link.traffic().connections),
      struck_ledger.value_count(), spared_ledger.value_count(), struck_ledger.record_count(),
      spared_ledger.record_count(), first.repeated_count() + second.repeated_count());
  EXPECT_GE(storm.strikes_in_transfer(), (kSiteKills + kCoordinatorKills) / 3);
  EXPECT_GE(struck_ledger.value_count(), kValuesMin);

  const auto centre = trial.coordinator().Connect();
  EXPECT_EQ(absl::StrJoin(struck_ledger.Compare(*centre, struck.parent, kWrittenItem), "\n"), "");
  EXPECT_EQ(absl::StrJoin(spared_ledger.Compare(*centre, spared.parent, kWrittenItem), "\n"), "");
  const auto at_struck = struck.daemon.Connect();
  EXPECT_EQ(absl::StrJoin(struck_ledger.Compare(*at_struck, struck.parent, kWrittenItem), "\n"),
            "");
  for (const Writer* writer : {&first, &second, &third}) {
    EXPECT_EQ(absl::StrJoin(writer->complaints(), "\n"), "");
  }
  // Its own daemon was never touched, so its people never waited.
  EXPECT_EQ(third.repeated_count(), 0);
  EXPECT_EQ(Verify(trial.coordinator()), "");
  EXPECT_EQ(Verify(struck.daemon), "");
  EXPECT_EQ(Verify(spared.daemon), "");
  EXPECT_EQ(struck.daemon.Stop(), 0);
  EXPECT_EQ(spared.daemon.Stop(), 0);
  EXPECT_EQ(trial.coordinator().Stop(), 0);
  if (HasFailure()) trial.Keep();
  if (HasFailure()) std::printf("left for a look: %s\n", trial.directory().c_str());
}

}  // namespace
}  // namespace trialsync::end_to_end
