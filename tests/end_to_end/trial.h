// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_END_TO_END_TRIAL_H_
#define TRIALSYNC_TESTS_END_TO_END_TRIAL_H_

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/command/client.h"
#include "tests/end_to_end/process.h"
#include "tests/end_to_end/tcp_proxy.h"

// A trial of real daemons on this machine. What goes wrong while one is set up aborts with a
// sentence and the end of the daemon's log: no test can go on from there.
namespace trialsync::end_to_end {

// How long a test waits for what takes a moment: ten times what it takes on a busy machine.
inline constexpr absl::Duration kPatience = absl::Seconds(60);

// Asks `done` every `pause` until it says true; false after `timeout`.
bool WaitUntil(const std::function<bool()>& done, absl::Duration timeout = kPatience,
               absl::Duration pause = absl::Milliseconds(20));

// One `trialsyncd` that is stopped and started again over one directory. Start, Kill and Stop are
// for one thread; address() and Connect() for any. Whoever asks for a daemon that has ended by
// itself, or in which a sanitizer has found something, abandons the test.
class Daemon {
 public:
  // `arguments` from the role on, without --data and --listen. The directory is made if needed.
  Daemon(std::vector<std::string> arguments, std::string data_directory);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  // Kills it, if it runs.
  ~Daemon();

  // Runs it, and waits until it listens; `more` is added to its arguments.
  void Start(const std::vector<std::string>& more = {});
  // kill -9. Requires running(), as Stop() does.
  void Kill();
  // SIGTERM; the exit code, or nothing if it still runs after `timeout`.
  std::optional<int> Stop(absl::Duration timeout = kPatience);

  bool running() const { return process_ != nullptr; }
  // Requires running().
  Process& process() { return *process_; }

  // Where it listens, or last did.
  std::string address() const;
  // A new connection to it.
  std::unique_ptr<command::Client> Connect() const;
  // Its log since the first start.
  std::string Log() const { return ReadFile(log_file_); }
  const std::string& log_file() const { return log_file_; }
  const std::string& data_directory() const { return data_directory_; }

 private:
  std::unique_ptr<Process> TakeProcess();
  void RequireAlive() const;
  void RequireNoReport() const;

  const std::vector<std::string> arguments_;
  const std::string data_directory_;
  const std::string log_file_;
  mutable std::mutex mutex_;
  // Both guarded by mutex_; the process is written by the one thread alone.
  std::unique_ptr<Process> process_;
  std::string address_;
};

// Command line of `trialsyncd` as built beside the tests.
std::vector<std::string> DaemonCommand(const std::vector<std::string>& arguments);

// What one run of `trialsync` said: standard output and standard error as they came.
struct Said {
  int exit_code = 0;
  std::string text;
};
// Runs the `trialsync` built beside the tests, at `daemon` and with `author` as TRIALSYNC_AUTHOR.
// Nobody sits there to be asked. Not thread-safe: it sets the environment.
Said RunCommand(const Daemon& daemon, const std::string& author,
                const std::vector<std::string>& arguments);

// A coordinator, and sites that reach it through a proxy each.
class Trial {
 public:
  struct Site {
    Site(const std::string& study, const std::string& site_name, std::string data_directory);

    const std::string name;
    // Cuts the line to the coordinator, and keeps it cut.
    void Cut();
    // Restores the line, and has the site dial at once.
    void Mend();

    // `studies/STUDY/sites/SITE`.
    const std::string parent;
    // Outlives the daemon.
    TcpProxy link;
    Daemon daemon;
  };

  // Starts a coordinator, and has `trialsync` publish the study in `study_file` (YAML), whose short
  // name is `study`.
  Trial(std::string study, const std::string& study_file);

  // Starts the coordinator, again or first, with `more` arguments, and points every link at where it
  // listens now.
  void StartCoordinator(const std::vector<std::string>& more = {});

  // Has `trialsync` activate version 1 at a site, starts a daemon of it and waits until it may
  // write. Several replicas of one site may be added; the directories are numbered.
  Site& AddSite(const std::string& name);

  Daemon& coordinator() { return coordinator_; }
  std::vector<std::unique_ptr<Site>>& sites() { return sites_; }
  const std::string& directory() const { return directory_.path(); }
  // Leaves stores and logs for a look.
  void Keep() { directory_.Keep(); }

 private:
  const std::string study_;
  TemporaryDirectory directory_;
  Daemon coordinator_;
  std::vector<std::unique_ptr<Site>> sites_;
};

// What a site's own status says; nothing while it does not answer.
std::optional<v1::PartitionStatus> SiteStatus(command::Client& client);
std::optional<v1::PartitionStatus> SiteStatus(const Trial::Site& site);

// What the coordinator says of a site; nothing while it does not answer or know it.
std::optional<v1::PartitionStatus> StatusAtCentre(const Daemon& coordinator,
                                                  const std::string& site);

// Whether nothing is left to send at a site, and its log is the coordinator's; and at every site.
bool InStep(Trial& trial, const Trial::Site& site);
bool InStep(Trial& trial);

// Empty if the daemon's log replays to what it shows; else the first difference, or why it could
// not be found out.
std::string Verify(const Daemon& daemon);

}  // namespace trialsync::end_to_end

#endif  // TRIALSYNC_TESTS_END_TO_END_TRIAL_H_
