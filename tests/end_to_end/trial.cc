// SPDX-License-Identifier: Apache-2.0
#include "tests/end_to_end/trial.h"

#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "proto/check.h"

namespace trialsync::end_to_end {
namespace {

[[noreturn]] void Abandon(const std::string& what, const Daemon* daemon) {
  std::fprintf(stderr, "%s\n", what.c_str());
  if (daemon != nullptr) {
    constexpr size_t kTailBytes = 4000;
    const std::string log = daemon->Log();
    const std::string tail = log.substr(log.size() - std::min(log.size(), kTailBytes));
    std::fprintf(stderr, "--- end of %s\n%s\n", daemon->log_file().c_str(), tail.c_str());
  }
  std::abort();
}

template <typename Response>
Response Require(absl::StatusOr<Response> response, const char* what, const Daemon& daemon) {
  if (!response.ok()) Abandon(absl::StrCat(what, ": ", response.status().ToString()), &daemon);
  return *std::move(response);
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

Daemon::Daemon(std::vector<std::string> arguments, std::string data_directory)
    : arguments_(std::move(arguments)),
      data_directory_(std::move(data_directory)),
      log_file_(data_directory_ + ".log") {}

void Daemon::Start(const std::vector<std::string>& more) {
  TS_CHECK(process_ == nullptr);
  std::filesystem::create_directories(data_directory_);
  const std::string address_file = data_directory_ + "/listen_address";
  std::filesystem::remove(address_file);
  std::vector<std::string> arguments = arguments_;
  for (const char* word : {"--data", data_directory_.c_str(), "--listen", "127.0.0.1:0"}) {
    arguments.emplace_back(word);
  }
  arguments.insert(arguments.end(), more.begin(), more.end());
  process_ = std::make_unique<Process>(DaemonCommand(arguments), log_file_);
  std::string address;
  WaitUntil(
      [&] {
        address = ReadFile(address_file);
        return !address.empty() || process_->WaitForExit(absl::ZeroDuration());
      },
      kPatience, absl::Milliseconds(2));
  if (address.empty()) Abandon("a daemon did not come to listen", this);
  const std::lock_guard lock(mutex_);
  address_ = address.substr(0, address.find('\n'));
}

void Daemon::Kill() { process_.reset(); }

std::optional<int> Daemon::Stop(absl::Duration timeout) {
  TS_CHECK(process_ != nullptr);
  process_->Signal(SIGTERM);
  const std::optional<int> exit_code = process_->WaitForExit(timeout);
  process_.reset();
  return exit_code;
}

std::string Daemon::address() const {
  const std::lock_guard lock(mutex_);
  return address_;
}

std::unique_ptr<command::Client> Daemon::Connect() const {
  return Require(command::Client::Create(address()), "connect", *this);
}

Trial::Site::Site(const std::string& study, const std::string& site_name,
                  std::string data_directory)
    : name(site_name),
      parent(absl::StrCat("studies/", study, "/sites/", site_name)),
      daemon(SiteArguments(study, site_name, link.address()), std::move(data_directory)) {}

Trial::Trial(std::string study, const std::string& study_file)
    : study_(std::move(study)),
      coordinator_({"coordinator", "--insecure"}, directory_.path() + "/coordinator") {
  StartCoordinator();
  v1::PublishStudyVersionRequest publication;
  publication.set_yaml(ReadFile(study_file));
  publication.set_file_name(study_file);
  publication.set_author("data.manager");
  publication.set_reason("first version");
  Require(coordinator_.Connect()->Call(publication), "publish", coordinator_);
}

void Trial::StartCoordinator() {
  coordinator_.Start();
  for (const auto& site : sites_) site->link.SetTarget(coordinator_.address());
}

Trial::Site& Trial::AddSite(const std::string& name) {
  v1::ActivateStudyVersionRequest activation;
  activation.set_name(absl::StrCat("studies/", study_, "/versions/1"));
  activation.set_site(name);
  activation.set_approval_date("2026-01-15");
  activation.set_approval_reference("EC-1");
  activation.set_author("data.manager");
  activation.set_reason("approved");
  Require(coordinator_.Connect()->Call(activation), "activate", coordinator_);

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

bool InStep(Trial& trial) {
  for (const auto& site : trial.sites()) {
    const auto own = SiteStatus(*site);
    const auto centre = StatusAtCentre(trial.coordinator(), site->name);
    const bool in_step =
        own && centre && own->outbox_count() == 0 && SamePosition(own->log(), centre->log());
    if (!in_step) return false;
  }
  return true;
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
