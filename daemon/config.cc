// SPDX-License-Identifier: Apache-2.0
#include "daemon/config.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/config_file.h"
#include "daemon/suggestion.h"
#include "daemon/version.h"
#include "study/check_definition.h"

namespace trialsync::daemon {
namespace {

constexpr char kRootFooter[] = R"(
Exit codes:
  0  stopped cleanly, by SIGTERM or SIGINT
  1  could not start, or failed while it ran; the last line on stderr says why
  2  the command line or the configuration file is not understood

The log is on stderr, one JSON object a line.

Examples:
  trialsyncd coordinator --data /var/lib/trialsync --listen 127.0.0.1:7443 --insecure
  trialsyncd site --data /var/lib/trialsync --study pbc --site MAYO1 \
      --coordinator 127.0.0.1:7443 --listen 127.0.0.1:7451 --insecure)";

constexpr char kCoordinatorFooter[] = R"(
Example:
  trialsyncd coordinator --data /var/lib/trialsync --listen 127.0.0.1:7443 --insecure

The same as a file for --config:
  data: /var/lib/trialsync
  listen: 127.0.0.1:7443
  insecure: true)";

constexpr char kSiteFooter[] = R"(
Example:
  trialsyncd site --data /var/lib/trialsync --study pbc --site MAYO1 \
      --coordinator 127.0.0.1:7443 --listen 127.0.0.1:7451 --insecure

The same as a file for --config:
  data: /var/lib/trialsync
  study: pbc
  site: MAYO1
  coordinator: 127.0.0.1:7443
  listen: 127.0.0.1:7451
  insecure: true)";

// Flags as they are written, before anything is checked.
struct Flags {
  std::string config_file;
  std::string data;
  std::string backup;
  std::string listen;
  std::string metrics_listen;
  std::string log_level = "info";
  std::string study;
  std::string site;
  std::string coordinator;
  bool insecure = false;
  bool restored = false;
  // Where in the file those stand that came from it, by name.
  std::map<std::string, std::string> places;

  // How a message names one of them: by its place in the file, or as a flag.
  std::string Called(const std::string& name) const {
    const auto place = places.find(name);
    return place == places.end() ? absl::StrCat("--", name)
                                 : absl::StrCat(place->second, ": ", name);
  }
};

// Options of one role that may also stand in the file, by name.
using Settable = std::map<std::string, CLI::Option*>;

const std::map<std::string, LogLevel>& LogLevels() {
  static const auto* const levels =
      new std::map<std::string, LogLevel>{{"debug", LogLevel::kDebug},
                                          {"info", LogLevel::kInfo},
                                          {"warning", LogLevel::kWarning},
                                          {"error", LogLevel::kError}};
  return *levels;
}

Settable AddCommonOptions(CLI::App& app, Flags& flags) {
  Settable settable;
  app.add_option("--config", flags.config_file, "A YAML file with the same names as these flags");
  settable["data"] = app.add_option("--data", flags.data, "Directory of the store");
  settable["backup"] = app.add_option(
      "--backup", flags.backup,
      "Directory for `trialsync backup create`, best on another disk; default: none are made");
  settable["listen"] =
      app.add_option("--listen", flags.listen,
                     "HOST:PORT to serve on; port 0: any that is free, which is then "
                     "in DATA/listen_address");
  settable["metrics-listen"] =
      app.add_option("--metrics-listen", flags.metrics_listen,
                     "HOST:PORT for /metrics and /healthz; default none. What was "
                     "chosen for port 0 is in DATA/metrics_address");
  settable["log-level"] =
      app.add_option("--log-level", flags.log_level, "debug, info, warning or error")
          ->capture_default_str();
  settable["insecure"] = app.add_flag("--insecure", flags.insecure,
                                      "Accept that everybody on this machine may connect, without "
                                      "encryption; required, since there are no identities yet");
  return settable;
}

Settable AddSiteOptions(CLI::App& app, Flags& flags) {
  Settable settable = AddCommonOptions(app, flags);
  settable["study"] = app.add_option("--study", flags.study, "Short name of the study");
  settable["site"] = app.add_option("--site", flags.site, "Short name of this site");
  settable["coordinator"] =
      app.add_option("--coordinator", flags.coordinator, "HOST:PORT of the coordinator");
  return settable;
}

// Gives the options that are not on the command line what the file says.
absl::Status ApplyFile(const std::string& file_name, const Settable& settable, Flags& flags) {
  std::set<std::string> known;
  for (const auto& [name, option] : settable) known.insert(name);
  const absl::StatusOr<std::vector<Setting>> settings = ReadConfigFile(file_name, known);
  if (!settings.ok()) return settings.status();
  for (const Setting& setting : *settings) {
    CLI::Option* option = settable.at(setting.name);
    if (option->count() > 0) continue;
    try {
      option->add_result(setting.value);
      option->run_callback();
      flags.places[setting.name] = setting.place;
    } catch (const CLI::Error& error) {
      return absl::InvalidArgumentError(absl::StrCat(setting.place, ": ", error.what()));
    }
  }
  return absl::OkStatus();
}

absl::Status Wrong(const Flags& flags, const std::string& name, absl::string_view sentence) {
  return absl::InvalidArgumentError(absl::StrCat(flags.Called(name), " ", sentence));
}

absl::StatusOr<Address> ParseAddressFlag(const Flags& flags, const std::string& name,
                                         const std::string& text) {
  if (text.empty()) return Wrong(flags, name, "HOST:PORT is missing");
  absl::StatusOr<Address> address = ParseLoopback(text);
  return address.ok() ? address : Wrong(flags, name, address.status().message());
}

// A backup within what it is a backup of goes with it.
absl::Status CheckApart(const Flags& flags) {
  if (flags.backup.empty()) return absl::OkStatus();
  std::error_code error;
  const std::filesystem::path data = std::filesystem::weakly_canonical(flags.data, error);
  const std::filesystem::path backup = std::filesystem::weakly_canonical(flags.backup, error);
  if (error) {
    return Wrong(flags, "backup", absl::StrCat("DIR cannot be looked at: ", error.message()));
  }
  const auto end = std::mismatch(data.begin(), data.end(), backup.begin(), backup.end()).first;
  if (end != data.end()) return absl::OkStatus();
  return Wrong(flags, "backup",
               "DIR is within --data: put backups elsewhere, best on another disk");
}

absl::Status CheckSite(const Flags& flags, Config& config) {
  if (absl::Status status = study::CheckStudyName(flags.study); !status.ok()) {
    return Wrong(flags, "study", status.message());
  }
  if (absl::Status status = CheckShortName(flags.Called("site"), flags.site); !status.ok()) {
    return status;
  }
  config.site = {flags.study, flags.site};
  absl::StatusOr<Address> coordinator = ParseAddressFlag(flags, "coordinator", flags.coordinator);
  if (!coordinator.ok()) return coordinator.status();
  if (coordinator->port == 0) {
    return Wrong(flags, "coordinator", "wants the port on which it listens, not 0");
  }
  config.coordinator = *std::move(coordinator);
  return absl::OkStatus();
}

absl::StatusOr<Config> CheckFlags(Role role, const Flags& flags) {
  Config config;
  config.role = role;
  if (flags.data.empty()) return Wrong(flags, "data", "DIR is missing: where shall the store be?");
  config.data_directory = flags.data;
  if (const absl::Status apart = CheckApart(flags); !apart.ok()) return apart;
  config.backup_directory = flags.backup;
  config.restored = flags.restored;
  const auto level = LogLevels().find(flags.log_level);
  if (level == LogLevels().end()) {
    return Wrong(flags, "log-level",
                 absl::StrCat("\"", flags.log_level, "\": write debug, info, warning or error"));
  }
  config.log_level = level->second;
  absl::StatusOr<Address> listen = ParseAddressFlag(flags, "listen", flags.listen);
  if (!listen.ok()) return listen.status();
  config.listen = *std::move(listen);
  if (!flags.metrics_listen.empty()) {
    absl::StatusOr<Address> metrics =
        ParseAddressFlag(flags, "metrics-listen", flags.metrics_listen);
    if (!metrics.ok()) return metrics.status();
    config.metrics_listen = *std::move(metrics);
  }
  if (role == Role::kSite) {
    if (absl::Status status = CheckSite(flags, config); !status.ok()) return status;
  }
  if (!flags.insecure) {
    return absl::InvalidArgumentError(
        "replicas have no identities yet, so whoever reaches the port of this daemon is let in: "
        "say that you accept this, on this machine alone, with --insecure");
  }
  return config;
}

}  // namespace

absl::StatusOr<CommandLine> ParseCommandLine(std::vector<std::string> arguments) {
  Flags flags;
  CLI::App root("Runs a coordinator or a site replica of trialsync.", "trialsyncd");
  root.set_version_flag("--version", std::string(kSoftwareVersion));
  root.footer(kRootFooter);
  root.require_subcommand(1);
  CLI::App* coordinator = root.add_subcommand(
      "coordinator", "Commits what the sites send, and serves all of it at the centre");
  coordinator->footer(kCoordinatorFooter);
  const Settable coordinator_settable = AddCommonOptions(*coordinator, flags);
  // Of one start, and so not of the file.
  coordinator->add_flag("--restored", flags.restored,
                        "Say so once when the data directory, or its store, was put back from a "
                        "copy or is gone: the sites bring back what it lacks");
  CLI::App* site = root.add_subcommand(
      "site", "Takes case data at a hospital, with or without a link, and replicates it");
  site->footer(kSiteFooter);
  const Settable site_settable = AddSiteOptions(*site, flags);
  try {
    // CLI11 takes them last first.
    std::reverse(arguments.begin(), arguments.end());
    root.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    return CommandLine{.config = std::nullopt, .print = root.help()};
  } catch (const CLI::CallForVersion&) {
    return CommandLine{.config = std::nullopt, .print = absl::StrCat(kSoftwareVersion, "\n")};
  } catch (const CLI::ParseError& error) {
    const std::string missing = MissingCommand(root);
    return absl::InvalidArgumentError(missing.empty() ? error.what() : missing);
  }
  const Role role = site->parsed() ? Role::kSite : Role::kCoordinator;
  if (!flags.config_file.empty()) {
    const absl::Status status = ApplyFile(
        flags.config_file, role == Role::kSite ? site_settable : coordinator_settable, flags);
    if (!status.ok()) return status;
  }
  absl::StatusOr<Config> config = CheckFlags(role, flags);
  if (!config.ok()) return config.status();
  return CommandLine{.config = *std::move(config), .print = ""};
}

}  // namespace trialsync::daemon
