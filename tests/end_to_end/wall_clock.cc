// SPDX-License-Identifier: Apache-2.0
#include "tests/end_to_end/wall_clock.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "proto/check.h"

namespace trialsync::end_to_end {
namespace {

// What shifted_clock.cc reads.
std::string OffsetFile(const Daemon& daemon) { return daemon.data_directory() + ".clock"; }

}  // namespace

void SetWallClock(const Daemon& daemon, absl::Duration offset) {
  const int64_t nanoseconds = absl::ToInt64Nanoseconds(offset);
  const int file = open(OffsetFile(daemon).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  TS_CHECK(pwrite(file, &nanoseconds, sizeof(nanoseconds), 0) == sizeof(nanoseconds));
  close(file);
}

SettableClock::SettableClock(const Daemon& daemon) {
  setenv("LD_PRELOAD", TRIALSYNC_SHIFTED_CLOCK, /*overwrite=*/1);
  setenv("TRIALSYNC_CLOCK_OFFSET", OffsetFile(daemon).c_str(), /*overwrite=*/1);
}

SettableClock::~SettableClock() {
  unsetenv("LD_PRELOAD");
  unsetenv("TRIALSYNC_CLOCK_OFFSET");
}

}  // namespace trialsync::end_to_end
