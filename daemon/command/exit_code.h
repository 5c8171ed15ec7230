// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_EXIT_CODE_H_
#define TRIALSYNC_DAEMON_COMMAND_EXIT_CODE_H_

#include <string>

#include "absl/status/status.h"

namespace trialsync::command {

// What the command tells the script that called it. Scripts depend on these: they must not change.
enum class ExitCode {
  kOk = 0,
  // The answer is no, or something did not hold: `verify` found a difference, a proof does not hold,
  // `import` had bad rows, `study check` found what breaks, `status` a fault or a refusal.
  kNo = 1,
  // The command line, or a file that it names, is not understood.
  kUsage = 2,
  // A value stands that was not written over (gRPC's ABORTED).
  kConflict = 3,
  // No server at the address, no answer in time, or one that is stopping.
  kUnreachable = 4,
  // Everything else that the server refused, or a file that could not be written.
  kRefused = 5,
};

// An error of the caller, found before the server was asked: exits with kUsage.
absl::Status UsageError(std::string message);

// The code with which an action that ended with `status` exits; kOk for OK.
ExitCode ExitCodeOf(const absl::Status& status);

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_EXIT_CODE_H_
