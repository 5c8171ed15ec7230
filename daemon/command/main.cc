// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

#include "daemon/command/run.h"

int main(int argc, char** argv) {
  using namespace trialsync::command;  // NOLINT(build/namespaces)
  const bool interactive = isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0;
  Console console{std::cout, std::cerr, std::cin, interactive};
  return static_cast<int>(Run(std::vector<std::string>(argv + 1, argv + argc), console));
}
