// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_BACKOFF_H_
#define TRIALSYNC_DAEMON_BACKOFF_H_

#include <cstdint>

#include "absl/time/time.h"
#include "trialsync/v1/sync.pb.h"

namespace trialsync::daemon {

// How a session ended, as far as the next attempt goes.
enum class SessionEnd {
  // Nobody answered, or the line was cut before a Welcome.
  kNotReached,
  // It had been welcomed, and was cut.
  kCut,
  // A Refusal that the centre can mend any minute, with nothing done at the site.
  kAwaited,
  // Any other Refusal: a person has to mend something at the site first.
  kRefused,
};

// How a session ends that was refused. Being stopped is no refusal, since the coordinator comes back
// by itself, nor is being taken over by another session of this replica, which may be gone by now:
// `end`, how the session stood before, counts.
SessionEnd EndOf(v1::RefusalReason reason, SessionEnd end);

// The pause before the next attempt to connect: doubles from kBackoffMin to kBackoffMax, is short
// again after a session that was welcomed, kBackoffAwaitedMax where the centre has something to do,
// and longest after any other refusal. Jittered over its upper
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
