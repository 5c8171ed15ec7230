// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_CHAOS_FAULTS_H_
#define TRIALSYNC_TESTS_CHAOS_FAULTS_H_

#include <span>
#include <string>

#include "tests/chaos/scene.h"

namespace trialsync::chaos {

// One kind of fault. `rows` are those of the list of faults.
struct FaultClass {
  const char* name;
  const char* rows;
  // How often it comes, beside the others.
  uint64_t weight;
  // Empty, or why it cannot be done on this machine.
  std::string (*unavailable)();
  // Does it to somebody; afterwards every daemon runs.
  void (*strike)(Scene& scene);
};

// All of them.
std::span<const FaultClass> FaultClasses();

// Processes and links.
void KillSite(Scene& scene);
void KillCoordinator(Scene& scene);
void StopForAWhile(Scene& scene);
void CutLink(Scene& scene);
void RefuseLink(Scene& scene);
void StopOneWay(Scene& scene);
void DelayLink(Scene& scene);
void ThrottleLink(Scene& scene);
void SetWallClock(Scene& scene);

// Stores.
void PutBack(Scene& scene);
void CopyInUse(Scene& scene);
void DeleteLog(Scene& scene);
void FlipBit(Scene& scene);

// Disks. Mounts are seen by this process and its children only, and go with them.
void FillDisk(Scene& scene);
void FailSync(Scene& scene);
void FailWrite(Scene& scene);
std::string NoOwnMounts();
std::string NoTracer();

}  // namespace trialsync::chaos

#endif  // TRIALSYNC_TESTS_CHAOS_FAULTS_H_
