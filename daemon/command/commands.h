// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_COMMANDS_H_
#define TRIALSYNC_DAEMON_COMMAND_COMMANDS_H_

#include "daemon/command/command_tree.h"

// One function for each group of commands.
namespace trialsync::command {

// study check | publish | list | show | activate | retire
void AddStudyCommands(CommandTree& tree);
void AddStudyCheck(CommandTree& tree, CLI::App& group);

// subject add | list | rename | merge
void AddSubjectCommands(CommandTree& tree);

// record get | list | history, record set, and record lock … reinstate
void AddRecordCommands(CommandTree& tree);
void AddRecordSet(CommandTree& tree, CLI::App& group);
void AddRecordActs(CommandTree& tree, CLI::App& group);

// query open | answer | close
void AddQueryCommands(CommandTree& tree);

// worklist, worklist show | settle
void AddWorklistCommands(CommandTree& tree);

// import; export
void AddImportCommand(CommandTree& tree);
void AddExportCommand(CommandTree& tree);

// proof; proof check
void AddProofCommands(CommandTree& tree);

// status, verify, link up | down
void AddStatusCommands(CommandTree& tree);

// backup create | list | verify | restore
void AddBackupCommands(CommandTree& tree);

// recovery show | become-replica
void AddRecoveryCommands(CommandTree& tree);

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_COMMANDS_H_
