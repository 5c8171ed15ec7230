// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_CONFIG_H_
#define TRIALSYNC_DAEMON_CONFIG_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/address.h"
#include "daemon/log.h"
#include "proto/names.h"

namespace trialsync::daemon {

enum class Role { kCoordinator, kSite };

// What a daemon is told when it starts, checked.
struct Config {
  Role role = Role::kCoordinator;
  std::string data_directory;
  // Where backups are put; empty: none are made.
  std::string backup_directory;
  // Where clients and, at the coordinator, sites connect.
  Address listen;
  // Where /metrics and /healthz are served; none: nowhere.
  std::optional<Address> metrics_listen;
  LogLevel log_level = LogLevel::kInfo;

  // Coordinator only: a person says that the store was put back, or is gone.
  bool restored = false;

  // Site only: the partition, and the coordinator.
  SiteName site;
  Address coordinator;
};

// What a command line says: run with this, or only print that.
struct CommandLine {
  std::optional<Config> config;
  std::string print;
};

// Takes a command line without the program's name, with the file that its --config names. Flags
// win over the file. INVALID_ARGUMENT says what is wrong in words for a person; of a file, with
// its name, line and column.
absl::StatusOr<CommandLine> ParseCommandLine(std::vector<std::string> arguments);

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_CONFIG_H_
