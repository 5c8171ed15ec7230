// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <string>
#include <vector>

#include "daemon/config.h"
#include "daemon/run_daemon.h"

namespace {

// Documented in --help: must not change.
constexpr int kFailed = 1;
constexpr int kUsage = 2;

}  // namespace

int main(int argc, char** argv) {
  using namespace trialsync::daemon;  // NOLINT(build/namespaces)
  const absl::StatusOr<CommandLine> command_line =
      ParseCommandLine(std::vector<std::string>(argv + 1, argv + argc));
  if (!command_line.ok()) {
    std::cerr << "trialsyncd: " << command_line.status().message()
              << "\nRun it with --help for more information.\n";
    return kUsage;
  }
  std::cout << command_line->print << std::flush;
  if (!command_line->config) return 0;
  const absl::Status status = RunDaemon(*command_line->config);
  if (status.ok()) return 0;
  Log(LogLevel::kError, std::string(status.message()));
  return kFailed;
}
