// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_READING_VERSION_H_
#define TRIALSYNC_DAEMON_COMMAND_READING_VERSION_H_

#include <CLI/CLI.hpp>
#include <cstdint>

#include "absl/status/statusor.h"
#include "daemon/command/session.h"

namespace trialsync::command {

// --version and --as-recorded, of the commands that show values.
struct ReadingOptions {
  uint32_t version = 0;
  bool as_recorded = false;
};

void AddReadingOptions(CLI::App& command, ReadingOptions& options);

// The version under which values are to be read, as requests take it: 0 for each as it was
// recorded. Where nothing was asked for it is the newest that is active at the sites of `place`;
// where none is (any more), the newest that was published. Errors as Session::Call.
absl::StatusOr<uint32_t> VersionToRead(Session& session, const SiteName& place,
                                       const ReadingOptions& options);

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_READING_VERSION_H_
