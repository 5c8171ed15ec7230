// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_CONSOLE_H_
#define TRIALSYNC_DAEMON_COMMAND_CONSOLE_H_

#include <istream>
#include <ostream>

namespace trialsync::command {

// Where the command reads and writes. The streams are the caller's and outlive it.
struct Console {
  // Results, and nothing else.
  std::ostream& out;
  // Progress, questions and errors.
  std::ostream& err;
  // Answers to questions.
  std::istream& in;
  // A person sits there: questions may be asked, progress may redraw its line.
  bool interactive = false;
};

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_CONSOLE_H_
