// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_STOP_SIGNAL_H_
#define TRIALSYNC_DAEMON_STOP_SIGNAL_H_

#include <csignal>
#include <optional>

#include "absl/time/time.h"

namespace trialsync::daemon {

// Turns SIGTERM and SIGINT into something to wait for. Made before the first thread, so that all of
// them leave these signals alone. SIGPIPE and SIGXFSZ are ignored from then on: writing to a peer
// that is gone, or beyond what a file may have, is an error of that write.
class StopSignal {
 public:
  StopSignal();
  // The signal's number; nothing if none came within `timeout`.
  std::optional<int> WaitFor(absl::Duration timeout);

 private:
  sigset_t signals_;
};

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_STOP_SIGNAL_H_
