// SPDX-License-Identifier: Apache-2.0
#include <signal.h>

#include <iterator>

#include "absl/time/clock.h"
#include "tests/chaos/faults.h"
#include "tests/end_to_end/wall_clock.h"

namespace trialsync::chaos {
namespace {

absl::Duration AnyOffset(Scene& scene) {
  const absl::Duration offset = scene.Between(absl::Seconds(1), absl::Hours(24 * 3650));
  return scene.Coin() ? offset : -offset;
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

// The clock is wrong at its start, may jump while it runs, and is right from the next start on.
void SetWallClock(Scene& scene) {
  constexpr uint64_t kJumpsMax = 4;
  Daemon& daemon =
      scene.CoordinatorsTurn() ? scene.trial().coordinator() : scene.AnyPlace().site->daemon;
  end_to_end::SetWallClock(daemon, AnyOffset(scene));
  {
    const end_to_end::SettableClock clock(daemon);
    scene.Restart(daemon);
  }
  for (uint64_t jumps = scene.Below(kJumpsMax); jumps > 0; --jumps) {
    absl::SleepFor(scene.Between(absl::Milliseconds(100), absl::Seconds(5)));
    end_to_end::SetWallClock(daemon, AnyOffset(scene));
  }
}

}  // namespace trialsync::chaos
