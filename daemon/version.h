// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_VERSION_H_
#define TRIALSYNC_DAEMON_VERSION_H_

namespace trialsync::daemon {

// Release of this software, e.g. `0.1.0`.
extern const char* const kSoftwareVersion;

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_VERSION_H_
