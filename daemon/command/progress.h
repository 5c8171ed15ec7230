// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_PROGRESS_H_
#define TRIALSYNC_DAEMON_COMMAND_PROGRESS_H_

#include <cstdint>
#include <ostream>
#include <string>
#include <utility>

namespace trialsync::command {

// Tells on `err` how far something is: one line that is redrawn for a person, a line at each tenth
// for a log. Silent if it is done at the first update, as short work is. `err` must outlive it.
class Progress {
 public:
  Progress(std::ostream& err, bool interactive, std::string what)
      : err_(err), interactive_(interactive), what_(std::move(what)) {}

  // Leaves the cursor on a new line.
  ~Progress();

  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Update(uint64_t done, uint64_t total);

 private:
  std::ostream& err_;
  const bool interactive_;
  const std::string what_;
  uint64_t tenth_ = 0;
  bool shown_ = false;
};

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_PROGRESS_H_
