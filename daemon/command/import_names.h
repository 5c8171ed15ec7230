// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_IMPORT_NAMES_H_
#define TRIALSYNC_DAEMON_COMMAND_IMPORT_NAMES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "daemon/command/import_map.h"
#include "trialsync/v1/definition.pb.h"

namespace trialsync::command {

// OK if the events, forms and items that `map` names itself, and not by a cell, are each in one of
// `versions`. Otherwise a usage error that lists those that are not, one a line, with what there
// is: so that what is wrong with the map is not said of every row.
absl::Status CheckMapNames(const ImportMap& map, const std::string& map_name,
                           const std::vector<v1::StudyDefinition>& versions);

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_IMPORT_NAMES_H_
