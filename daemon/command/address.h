// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_ADDRESS_H_
#define TRIALSYNC_DAEMON_COMMAND_ADDRESS_H_

#include <string>

#include "absl/status/status.h"

namespace trialsync::command {

// OK for HOST:PORT where HOST is 127.0.0.0/8, [::1] or localhost and PORT is 1 to 65535. A usage
// error says what else it is and what to write.
absl::Status CheckLoopback(const std::string& address);

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_ADDRESS_H_
