// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_RUN_DAEMON_H_
#define TRIALSYNC_DAEMON_RUN_DAEMON_H_

#include "absl/status/status.h"
#include "daemon/config.h"

namespace trialsync::daemon {

// Runs a site or a coordinator until SIGTERM or SIGINT, then finishes what was begun, tells its
// peers and closes the store, within kStopTimeout. After a write that failed it takes no work, and
// opens the store anew when the disk takes writes again. OK after a stop. Else why it could not
// start, or the fault after which it took no more work. To be called once, before the process has
// other threads.
absl::Status RunDaemon(const Config& config);

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_RUN_DAEMON_H_
