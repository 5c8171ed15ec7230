// SPDX-License-Identifier: Apache-2.0
#include "daemon/version.h"

namespace trialsync::daemon {

// Set by CMake from the version of the project.
const char* const kSoftwareVersion = TRIALSYNC_VERSION;

}  // namespace trialsync::daemon
