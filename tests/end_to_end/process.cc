// SPDX-License-Identifier: Apache-2.0
#include "tests/end_to_end/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "proto/check.h"

namespace trialsync::end_to_end {

Process::Process(const std::vector<std::string>& command, const std::string& log_file) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  pid_ = fork();
  TS_CHECK(pid_ >= 0);
  if (pid_ != 0) return;
  // Between fork and exec only what is safe in a signal handler.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(126);
  const int log = open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0) _exit(126);
  execv(arguments[0], arguments.data());
  _exit(127);
}

Process::~Process() { Kill(); }

void Process::Signal(int signal) const {
  if (!exit_code_) kill(pid_, signal);
}

void Process::Kill() {
  Signal(SIGKILL);
  WaitForExit(absl::InfiniteDuration());
}

bool Process::HasEnded() const {
  siginfo_t ended{};
  waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT);
  return ended.si_pid == pid_;
}

std::optional<int> Process::WaitForExit(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  while (!exit_code_) {
    int status = 0;
    const bool forever = timeout == absl::InfiniteDuration();
    const pid_t ended = waitpid(pid_, &status, forever ? 0 : WNOHANG);
    if (ended == pid_) {
      exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    } else if (absl::Now() >= deadline) {
      break;
    } else {
      absl::SleepFor(absl::Milliseconds(2));
    }
  }
  return exit_code_;
}

absl::Duration Process::CpuTime() const {
  // proc(5): the 14th and 15th fields; the second, in parentheses, may hold spaces.
  const std::string line = ReadFile(absl::StrCat("/proc/", pid_, "/stat"));
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return absl::ZeroDuration();
  std::istringstream rest(line.substr(name_end + 1));
  const std::vector<std::string> fields{std::istream_iterator<std::string>(rest), {}};
  constexpr size_t kUserTicks = 11;
  constexpr size_t kSystemTicks = 12;
  const int64_t ticks = std::stoll(fields.at(kUserTicks)) + std::stoll(fields.at(kSystemTicks));
  return absl::Seconds(1) * ticks / sysconf(_SC_CLK_TCK);
}

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "trialsync-XXXXXX").string();
  TS_CHECK(mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  if (!keep_) std::filesystem::remove_all(path_, ignored);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace trialsync::end_to_end
