// SPDX-License-Identifier: Apache-2.0
#include "tests/end_to_end/trial.h"

#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "proto/check.h"

namespace trialsync::end_to_end {
namespace {

// One that ends by itself is noticed at once; one that opens a store may wait for a processor.
constexpr absl::Duration kStartPatience = absl::Minutes(5);

[[noreturn]] void Abandon(const std::string& what, const Daemon* daemon) {
  std::fprintf(stderr, "%s\n", what.c_str());
  if (daemon != nullptr) {
    constexpr size_t kTailBytes = 20'000;
    const std::string log = daemon->Log();
    const std::string tail = log.substr(log.size() - std::min(log.size(), kTailBytes));
    std::fprintf(stderr, "--- end of %s\n%s\n", daemon->log_file().c_str(), tail.c_str());
  }
  std::abort();
}

// Runs a command of the one who manages the study.
void Manage(const Daemon& coordinator, const std::vector<std::string>& arguments) {
  const Said said = RunCommand(coordinator, "data.manager", arguments);
  if (said.exit_code != 0) Abandon(said.text, &coordinator);
}

std::vector<std::string> SiteArguments(const std::string& study, const std::string& site,
                                       const std::string& coordinator) {
  return {"site", "--study", study, "--site", site, "--coordinator", coordinator, "--insecure"};
}

bool SamePosition(const v1::LogPosition& a, const v1::LogPosition& b) {
  return a.epoch() == b.epoch() && a.size() == b.size() && a.root() == b.root();
}

}  // namespace

bool WaitUntil(const std::function<bool()>& done, absl::Duration timeout, absl::Duration pause) {
  const absl::Time deadline = absl::Now() + timeout;
  while (!done()) {
    if (absl::Now() >= deadline) return false;
    absl::SleepFor(pause);
  }
  return true;
}

std::vector<std::string> DaemonCommand(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {TRIALSYNC_DAEMON};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

Said RunCommand(const Daemon& daemon, const std::string& author,
                const std::vector<std::string>& arguments) {
  setenv("TRIALSYNC_AT", daemon.address().c_str(), /*overwrite=*/1);
  setenv("TRIALSYNC_AUTHOR", author.c_str(), /*overwrite=*/1);
  const TemporaryDirectory directory;
  const std::string said = directory.path() + "/said";
  std::vector<std::string> command = {TRIALSYNC_COMMAND};
  command.insert(command.end(), arguments.begin(), arguments.end());
  Process process(command, said);
  const std::optional<int> exit_code = process.WaitForExit(kPatience);
  if (!exit_code) Abandon("a command did not end: " + absl::StrJoin(arguments, " "), &daemon);
  return {.exit_code = *exit_code, .text = ReadFile(said)};
}

Daemon::Daemon(std::vector<std::string> arguments, std::string data_directory)
    : arguments_(std::move(arguments)),
      data_directory_(std::move(data_directory)),
      log_file_(data_directory_ + ".log") {}

void Daemon::Start(const std::vector<std::string>& more) {
  TS_CHECK(!running());
  std::filesystem::create_directories(data_directory_);
  const std::string address_file = data_directory_ + "/listen_address";
  std::filesystem::remove(address_file);
  std::vector<std::string> arguments = arguments_;
  for (const char* word : {"--data", data_directory_.c_str(), "--listen", "127.0.0.1:0"}) {
    arguments.emplace_back(word);
  }
  arguments.insert(arguments.end(), more.begin(), more.end());
  auto process = std::make_unique<Process>(DaemonCommand(arguments), log_file_);
  std::string address;
  WaitUntil(
      [&] {
        address = ReadFile(address_file);
        return !address.empty() || process->HasEnded();
      },
      kStartPatience, absl::Milliseconds(2));
  if (address.empty()) Abandon("a daemon did not come to listen", this);
  const std::lock_guard lock(mutex_);
  process_ = std::move(process);
  address_ = address.substr(0, address.find('\n'));
}

Daemon::~Daemon() {
  if (running()) Kill();
}

void Daemon::Kill() {
  TakeProcess()->Kill();
  RequireNoReport();
}

std::optional<int> Daemon::Stop(absl::Duration timeout) {
  const std::unique_ptr<Process> process = TakeProcess();
  process->Signal(SIGTERM);
  const std::optional<int> exit_code = process->WaitForExit(timeout);
  RequireNoReport();
  return exit_code;
}

std::string Daemon::address() const {
  const std::lock_guard lock(mutex_);
  RequireAlive();
  return address_;
}

// Its end is awaited from here on.
std::unique_ptr<Process> Daemon::TakeProcess() {
  const std::lock_guard lock(mutex_);
  TS_CHECK(running());
  RequireAlive();
  return std::move(process_);
}

void Daemon::RequireAlive() const {
  if (process_ == nullptr || !process_->HasEnded()) return;
  RequireNoReport();
  Abandon("a daemon ended by itself", this);
}

void Daemon::RequireNoReport() const {
  const std::string log = Log();
  for (const char* sign : {"Sanitizer: ", ": runtime error: "}) {
    if (absl::StrContains(log, sign)) Abandon("a sanitizer has found something in a daemon", this);
  }
}

std::unique_ptr<command::Client> Daemon::Connect() const {
  auto client = command::Client::Create(address());
  if (!client.ok()) Abandon(client.status().ToString(), this);
  return *std::move(client);
}

Trial::Site::Site(const std::string& study, const std::string& site_name,
                  std::string data_directory)
    : name(site_name),
      parent(absl::StrCat("studies/", study, "/sites/", site_name)),
      daemon(SiteArguments(study, site_name, link.address()), std::move(data_directory)) {}

void Trial::Site::Cut() {
  link.SetRefuse(true);
  link.CutNow();
}

void Trial::Site::Mend() {
  link.SetRefuse(false);
  // A link that is taken up does not wait for its next attempt.
  for (const bool enabled : {false, true}) {
    v1::SetLinkRequest request;
    request.set_enabled(enabled);
    if (const auto status = daemon.Connect()->Call(request); !status.ok()) {
      Abandon(status.status().ToString(), &daemon);
    }
  }
}

Trial::Trial(std::string study, const std::string& study_file)
    : study_(std::move(study)),
      coordinator_({"coordinator", "--insecure"}, directory_.path() + "/coordinator") {
  StartCoordinator();
  Manage(coordinator_, {"study", "publish", study_file});
}

void Trial::StartCoordinator(const std::vector<std::string>& more) {
  coordinator_.Start(more);
  for (const auto& site : sites_) site->link.SetTarget(coordinator_.address());
}

Trial::Site& Trial::AddSite(const std::string& name) {
  Manage(coordinator_, {"study", "activate", study_ + "@1", "--site", name, "--approval-date",
                        "2026-01-15", "--approval-reference", "EC-1"});
  const std::string directory = absl::StrCat(directory_.path(), "/", name, "-", sites_.size() + 1);
  sites_.push_back(std::make_unique<Site>(study_, name, directory));
  Site& site = *sites_.back();
  site.link.SetTarget(coordinator_.address());
  site.daemon.Start();
  const bool active = WaitUntil([&] {
    const std::optional<v1::PartitionStatus> status = SiteStatus(site);
    return status && status->active_versions_size() > 0;
  });
  if (!active) Abandon("a site was not told that its version is active", &site.daemon);
  return site;
}

std::optional<v1::PartitionStatus> SiteStatus(command::Client& client) {
  const auto status = client.Call(v1::GetStatusRequest());
  if (!status.ok() || status->partitions().empty()) return std::nullopt;
  return status->partitions(0);
}

std::optional<v1::PartitionStatus> SiteStatus(const Trial::Site& site) {
  return SiteStatus(*site.daemon.Connect());
}

std::optional<v1::PartitionStatus> StatusAtCentre(const Daemon& coordinator,
                                                  const std::string& site) {
  const auto status = coordinator.Connect()->Call(v1::GetStatusRequest());
  if (!status.ok()) return std::nullopt;
  for (const v1::PartitionStatus& partition : status->partitions()) {
    if (partition.site() == site) return partition;
  }
  return std::nullopt;
}

bool InStep(Trial& trial, const Trial::Site& site) {
  const auto own = SiteStatus(site);
  const auto centre = StatusAtCentre(trial.coordinator(), site.name);
  return own && centre && own->outbox_count() == 0 && SamePosition(own->log(), centre->log());
}

bool InStep(Trial& trial) {
  return std::all_of(trial.sites().begin(), trial.sites().end(),
                     [&](const auto& site) { return InStep(trial, *site); });
}

std::string Verify(const Daemon& daemon) {
  std::string difference = "there was nothing to verify";
  bool finished = false;
  const absl::Status status = daemon.Connect()->Verify([&](const v1::VerifyProgress& progress) {
    if (!progress.finished()) return;
    if (!finished) difference.clear();
    finished = true;
    if (!progress.ok() && difference.empty()) {
      difference = absl::StrCat(progress.site(), ": ", progress.difference());
    }
  });
  return status.ok() ? difference : status.ToString();
}

}  // namespace trialsync::end_to_end
