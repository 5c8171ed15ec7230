// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_END_TO_END_PROCESS_H_
#define TRIALSYNC_TESTS_END_TO_END_PROCESS_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

// Child processes that never outlive their owner.
namespace trialsync::end_to_end {

// One running child. It is killed and reaped when this is destroyed, and the kernel kills it when
// the thread that started it ends. Not thread-safe, except that other threads may call pid() and
// HasEnded().
class Process {
 public:
  // Runs `command` (a path, then arguments) with standard output and standard error appended to
  // `log_file`. Aborts if the system cannot start a process at all; a program that is not there
  // exits with 127.
  Process(const std::vector<std::string>& command, const std::string& log_file);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  pid_t pid() const { return pid_; }

  // Sends a signal, e.g. SIGTERM. Nothing happens when the child was reaped.
  void Signal(int signal) const;

  // SIGKILL, and waits until the child is gone.
  void Kill();

  // Whether it has ended and waits to be reaped.
  bool HasEnded() const;

  // The exit code, or minus the signal that ended it; nothing if it still runs after `timeout`.
  std::optional<int> WaitForExit(absl::Duration timeout);

  // Time on a processor since its start, user and system, from /proc: in steps of 10 ms.
  absl::Duration CpuTime() const;

 private:
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
};

// A new directory, removed with its content at the end unless `Keep` was called.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();

  const std::string& path() const { return path_; }
  void Keep() { keep_ = true; }

 private:
  std::string path_;
  bool keep_ = false;
};

// The whole content of a file; empty if it is not there.
std::string ReadFile(const std::string& path);

}  // namespace trialsync::end_to_end

#endif  // TRIALSYNC_TESTS_END_TO_END_PROCESS_H_
