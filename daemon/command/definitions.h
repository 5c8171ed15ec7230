// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_DEFINITIONS_H_
#define TRIALSYNC_DAEMON_COMMAND_DEFINITIONS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/command/session.h"
#include "trialsync/v1/definition.pb.h"

namespace trialsync::command {

// Every version of the study that the server knows, by ascending number. Errors as Session::Call.
absl::StatusOr<std::vector<v1::StudyDefinition>> GetDefinitions(const std::string& study,
                                                                Session& session);

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_DEFINITIONS_H_
