// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_RUN_H_
#define TRIALSYNC_DAEMON_COMMAND_RUN_H_

#include <string>
#include <vector>

#include "daemon/command/command_tree.h"
#include "daemon/command/console.h"
#include "daemon/command/exit_code.h"

namespace trialsync::command {

// Adds every command of `trialsync` to `tree`.
void AddAllCommands(CommandTree& tree);

// Runs `trialsync` with these arguments (without the program's name). An error is printed to
// console.err as `trialsync: MESSAGE`. Throws nothing.
ExitCode Run(std::vector<std::string> arguments, Console& console);

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_RUN_H_
