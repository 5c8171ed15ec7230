// SPDX-License-Identifier: Apache-2.0
#include <signal.h>

#include <cstdlib>
#include <filesystem>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/chaos/faults.h"

namespace trialsync::chaos {
namespace {

constexpr char kFakeClock[] = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

// What is started from here on has a clock that is off by this much.
void FakeClock(const std::string& offset) {
  setenv("LD_PRELOAD", kFakeClock, 1);
  setenv("FAKETIME", offset.c_str(), 1);
  setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1", 1);
}

void RealClock() {
  for (const char* name : {"LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC"})
    unsetenv(name);
}

TcpProxy::Direction AnyDirection(Scene& scene) {
  return scene.Coin() ? TcpProxy::Direction::kUp : TcpProxy::Direction::kDown;
}

}  // namespace

void KillSite(Scene& scene) { scene.Restart(scene.AnyPlace().site->daemon); }

void KillCoordinator(Scene& scene) { scene.Restart(scene.trial().coordinator()); }

void StopForAWhile(Scene& scene) {
  Daemon& daemon =
      scene.CoordinatorsTurn() ? scene.trial().coordinator() : scene.AnyPlace().site->daemon;
  daemon.process().Signal(SIGSTOP);
  absl::SleepFor(scene.StallTime());
  daemon.process().Signal(SIGCONT);
}

void CutLink(Scene& scene) {
  constexpr uint64_t kBytesMax = 20'000;
  TcpProxy& link = scene.AnyPlace().site->link;
  if (scene.Coin()) return link.CutNow();
  link.CutAfter(AnyDirection(scene), scene.Below(kBytesMax) + 1);
}

void RefuseLink(Scene& scene) {
  Trial::Site& site = *scene.AnyPlace().site;
  site.Cut();
  absl::SleepFor(scene.StallTime());
  site.link.SetRefuse(false);
}

void StopOneWay(Scene& scene) {
  TcpProxy& link = scene.AnyPlace().site->link;
  const TcpProxy::Direction direction = AnyDirection(scene);
  link.SetStopped(direction, true);
  absl::SleepFor(scene.StallTime());
  link.SetStopped(direction, false);
}

// This and the next stay as they are while other faults come.
void DelayLink(Scene& scene) {
  scene.AnyPlace().site->link.SetDelay(
      scene.Between(absl::Milliseconds(1), absl::Milliseconds(500)));
}

void ThrottleLink(Scene& scene) {
  constexpr uint64_t kBytesPerSecond[] = {0, 7'000, 20'000, 100'000};
  scene.AnyPlace().site->link.SetBytesPerSecondMax(
      kBytesPerSecond[scene.Below(std::size(kBytesPerSecond))]);
}

// It does not go with every allocator: a daemon that cannot say its version with it is none to try.
std::string NoFakeClock() {
  if (!std::filesystem::exists(kFakeClock)) return "libfaketime is not installed";
  const end_to_end::TemporaryDirectory directory;
  FakeClock("+1d");
  end_to_end::Process process(end_to_end::DaemonCommand({"--version"}), directory.path() + "/said");
  RealClock();
  if (process.WaitForExit(absl::Seconds(10)) == 0) return "";
  return "libfaketime does not go with what the daemon is linked to";
}

// Until its next start.
void SetWallClock(Scene& scene) {
  constexpr int kDaysMax = 3650;
  Daemon& daemon =
      scene.CoordinatorsTurn() ? scene.trial().coordinator() : scene.AnyPlace().site->daemon;
  const std::string days = absl::StrCat(scene.Coin() ? "+" : "-", scene.Below(kDaysMax), "d");
  daemon.Kill();
  FakeClock(days);
  if (&daemon == &scene.trial().coordinator()) {
    scene.trial().StartCoordinator();
  } else {
    daemon.Start();
  }
  RealClock();
}

}  // namespace trialsync::chaos
