// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_STUDY_VERSION_NAME_H_
#define TRIALSYNC_DAEMON_COMMAND_STUDY_VERSION_NAME_H_

#include <string>

#include "absl/status/statusor.h"

namespace trialsync::command {

// `studies/STUDY/versions/VERSION` of STUDY@VERSION; of STUDY alone, its latest version; a full
// name stays as it is. A usage error for anything else.
absl::StatusOr<std::string> ResolveVersion(const std::string& text);

// STUDY@VERSION of a full name; the name as it is if it is none.
std::string ShortVersionName(const std::string& name);

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_STUDY_VERSION_NAME_H_
