// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_END_TO_END_WALL_CLOCK_H_
#define TRIALSYNC_TESTS_END_TO_END_WALL_CLOCK_H_

#include "absl/time/time.h"
#include "tests/end_to_end/trial.h"

// Daemons whose wall clock is wrong, and is set while they run.
namespace trialsync::end_to_end {

// `daemon` is told times that are off by `offset`, at most 100 years: at once if it runs and was
// started beside a SettableClock, else from such a start on.
void SetWallClock(const Daemon& daemon, absl::Duration offset);

// While one lives, a daemon that is started has a clock that SetWallClock() sets; it keeps it until
// its end. One at a time: it sets the environment.
class SettableClock {
 public:
  explicit SettableClock(const Daemon& daemon);
  SettableClock(const SettableClock&) = delete;
  SettableClock& operator=(const SettableClock&) = delete;
  ~SettableClock();
};

}  // namespace trialsync::end_to_end

#endif  // TRIALSYNC_TESTS_END_TO_END_WALL_CLOCK_H_
