// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_STOP_SIGNAL_H_
#define TRIALSYNC_DAEMON_STOP_SIGNAL_H_

#include <csignal>

namespace trialsync::daemon {

// Turns SIGTERM and SIGINT into something to wait for. Made before the first thread, so that all of
// them leave these signals alone; SIGPIPE is ignored from then on.
class StopSignal {
 public:
  StopSignal();
  // Returns the signal's number.
  int Wait();

 private:
  sigset_t signals_;
};

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_STOP_SIGNAL_H_
