// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_BACKOFF_H_
#define TRIALSYNC_DAEMON_BACKOFF_H_

#include <cstdint>

#include "absl/time/time.h"

namespace trialsync::daemon {

// How a session ended, as far as the next attempt goes.
enum class SessionEnd {
  // Nobody answered, or the line was cut before a Welcome.
  kNotReached,
  // It had been welcomed, and was cut.
  kCut,
  // A Refusal: a person may have to mend something first.
  kRefused,
};

// The pause before the next attempt to connect: doubles from kBackoffMin to kBackoffMax, is short
// again after a session that was welcomed, and longest after a refusal. Jittered over its upper
// half, so that sites that lost one coordinator do not come back in one moment. Not thread-safe.
class Backoff {
 public:
  // `random` is any number, evenly distributed; it gives the jitter.
  absl::Duration Next(SessionEnd end, uint64_t random);

  // The next pause is the shortest: a person asked for the link.
  void Reset();

 private:
  int attempts_ = 0;
};

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_BACKOFF_H_
