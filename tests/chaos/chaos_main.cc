// SPDX-License-Identifier: Apache-2.0
// See run.sh.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <numeric>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/chaos/faults.h"
#include "tests/chaos/scene.h"

namespace trialsync::chaos {

std::span<const FaultClass> FaultClasses() {
  static constexpr auto kAlways = [] { return std::string(); };
  static const FaultClass kClasses[] = {
      {"site killed", "A1 A4", 12, kAlways, KillSite},
      {"coordinator killed", "A2 A3", 8, kAlways, KillCoordinator},
      {"stopped and resumed", "A5 C3", 5, kAlways, StopForAWhile},
      {"link cut", "C1 C2", 12, kAlways, CutLink},
      {"link down for a while", "C1 C6", 5, kAlways, RefuseLink},
      {"link stopped one way", "C4", 4, kAlways, StopOneWay},
      {"link delayed", "C7", 4, kAlways, DelayLink},
      {"link throttled", "C7", 4, kAlways, ThrottleLink},
      {"wall clock set", "K1", 4, kAlways, SetWallClock},
      {"store put back", "E1", 6, kAlways, PutBack},
      {"store copied, both used", "E2", 3, kAlways, CopyInUse},
      {"log deleted", "B3", 4, kAlways, DeleteLog},
      {"bit flipped in a log", "B1 B2", 4, kAlways, FlipBit},
      {"disk full", "B6", 3, NoOwnMounts, FillDisk},
      {"sync fails", "B4 B5", 4, NoTracer, FailSync},
      {"write fails", "B5", 3, NoTracer, FailWrite},
  };
  return kClasses;
}

namespace {

struct Tally {
  int count = 0;
  size_t saved = 0;
};

class Storm {
 public:
  Storm(uint64_t seed, absl::Duration duration)
      : random_(seed),
        duration_(duration),
        scene_(seed + 1, std::min(absl::Seconds(30), duration / 10)) {}

  int Run() {
    for (const FaultClass& fault : FaultClasses()) {
      const std::string why = fault.unavailable();
      if (!why.empty()) std::printf("skipped: %s: %s\n", fault.name, why.c_str());
      weights_.push_back(why.empty() ? fault.weight : 0);
    }
    begin_ = absl::Now();
    while (absl::Now() < begin_ + duration_) {
      absl::SleepFor(scene_.Between(absl::Milliseconds(20), absl::Milliseconds(1500)));
      Strike();
    }
    std::printf("[%5.1f s] the end: everything is sent, compared and verified\n", Elapsed());
    std::fflush(stdout);
    scene_.Judge();
    return Report();
  }

 private:
  double Elapsed() const { return absl::ToDoubleSeconds(absl::Now() - begin_); }

  void Strike() {
    std::discrete_distribution<size_t> any(weights_.begin(), weights_.end());
    const FaultClass& fault = FaultClasses()[any(random_)];
    const size_t saved_before = scene_.saved_count();
    scene_.journal().Write(absl::StrCat("fault ", fault.name));
    std::printf("[%5.1f s] %zu saved, %zu lost and reported; %s\n", Elapsed(), saved_before,
                scene_.counts().lost_and_reported, fault.name);
    std::fflush(stdout);
    fault.strike(scene_);
    Tally& tally = tallies_[fault.name];
    ++tally.count;
    tally.saved += scene_.saved_count() - saved_before;
  }

  int Report() {
    std::printf("\n| fault | rows | times | values saved meanwhile |\n|---|---|---|---|\n");
    int faults = 0;
    for (const FaultClass& fault : FaultClasses()) {
      const Tally& tally = tallies_[fault.name];
      faults += tally.count;
      std::printf("| %s | %s | %d | %zu |\n", fault.name, fault.rows, tally.count, tally.saved);
    }
    const Counts& counts = scene_.counts();
    std::printf(
        "\n%d faults in %.0f s; %zu values saved; %d recoveries after a lost tail; %d copies made "
        "replicas; %d disks that failed\nlosses reported: %zu\nlosses unreported: %zu\n",
        faults, Elapsed(), scene_.saved_count(), counts.recoveries, counts.copies_made_replicas,
        counts.disk_failures_met, counts.lost_and_reported, counts.lost_unreported);
    for (const std::string& complaint : scene_.complaints()) {
      std::printf("WRONG: %s\n", complaint.c_str());
    }
    if (scene_.complaints().empty()) return 0;
    std::printf("left for a look: %s (oracle, stores, logs)\n", scene_.trial().directory().c_str());
    return 1;
  }

  std::mt19937_64 random_;
  const absl::Duration duration_;
  Scene scene_;
  std::vector<uint64_t> weights_;
  std::map<std::string, Tally> tallies_;
  absl::Time begin_;
};

int Main(int argc, char** argv) {
  CLI::App app("Real daemons under random faults.");
  std::string duration_text = "2m";
  uint64_t seed = std::random_device()();
  app.add_option("--for", duration_text, "How long faults come: 90s, 10m, 2h");
  app.add_option("--seed", seed, "What chance follows from");
  CLI11_PARSE(app, argc, argv);
  absl::Duration duration;
  if (!absl::ParseDuration(duration_text, &duration) || duration < absl::Seconds(1)) {
    std::fprintf(stderr, "no duration \"%s\": write 90s, 10m or 2h\n", duration_text.c_str());
    return 2;
  }
  // Also if it does not come to its end.
  std::printf("repeat with: tests/chaos/run.sh --for %s --seed %llu\n", duration_text.c_str(),
              static_cast<unsigned long long>(seed));
  // Before any thread: they see the mounts that this one makes.
  NoOwnMounts();
  return Storm(seed, duration).Run();
}

}  // namespace
}  // namespace trialsync::chaos

int main(int argc, char** argv) { return trialsync::chaos::Main(argc, argv); }
