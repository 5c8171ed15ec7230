// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_STATUS_TEXT_H_
#define TRIALSYNC_DAEMON_COMMAND_STATUS_TEXT_H_

#include <ostream>

#include "absl/time/time.h"
#include "trialsync/v1/status_service.pb.h"

namespace trialsync::command {

// A site's status as a list, a coordinator's as a row for each site and each replica. `now` is
// what ages are counted from.
void PrintStatus(const v1::Status& status, absl::Time now, std::ostream& out);

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_STATUS_TEXT_H_
