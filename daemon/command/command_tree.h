// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_COMMAND_TREE_H_
#define TRIALSYNC_DAEMON_COMMAND_COMMAND_TREE_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/command/exit_code.h"
#include "daemon/command/session.h"

namespace trialsync::command {

// What a command does once its options are read.
using Action = std::function<absl::StatusOr<ExitCode>(Session& session)>;

// How a command introduces itself.
struct Introduction {
  std::string name;
  // One line.
  std::string summary;
  // A whole command line, or several, one a line.
  std::string example;
  // What else a person should know; shown by the command's own --help only.
  std::string details = {};
};

// The commands and their options. Not for use by several threads.
class CommandTree {
 public:
  // Reads the options that every command takes into `session`, which outlives the tree.
  explicit CommandTree(Session& session);

  CLI::App& root() { return root_; }

  // Adds a group of commands, which does nothing by itself.
  CLI::App& AddGroup(const Introduction& introduction);

  // Adds a command to `parent`. Options that `action` reads are the caller's to add and to keep
  // alive, usually in a shared_ptr that `action` holds.
  CLI::App& AddCommand(CLI::App& parent, const Introduction& introduction, Action action);

  // The action of the command that was parsed last. Call after a successful parse only.
  const Action& chosen() const;

 private:
  CLI::App root_;
  std::map<const CLI::App*, Action> actions_;
};

// What is told with everything that is written.
struct WriteOptions {
  std::string author;
  std::string reason;
  std::string request_id;
};

// Adds --author, which is required, or taken from TRIALSYNC_AUTHOR.
void AddAuthorOption(CLI::App& command, WriteOptions& options);

// Adds --author and --request-id.
void AddWriteOptions(CLI::App& command, WriteOptions& options);

// Adds --study and --site, with which a place is named at the coordinator.
void AddPlaceOptions(CLI::App& command, PlaceOptions& options);

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_COMMAND_TREE_H_
