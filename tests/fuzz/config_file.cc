// SPDX-License-Identifier: Apache-2.0
#include "daemon/config_file.h"

#include "daemon/address.h"
#include "proto/check.h"
#include "tests/fuzz/target.h"

// The daemon's configuration file, with what is read of its values.
namespace trialsync::fuzz {
namespace {

void Run(std::string_view yaml) {
  static const auto& known = *new std::set<std::string>{"data", "listen",      "insecure", "study",
                                                        "site", "coordinator", "log-level"};
  const auto settings = daemon::ParseConfigFile(yaml, "c.yaml", known);
  if (!settings.ok()) {
    TS_CHECK(absl::IsInvalidArgument(settings.status()) && !settings.status().message().empty());
    return;
  }
  for (const daemon::Setting& setting : *settings) {
    TS_CHECK(known.contains(setting.name));
    const auto address = daemon::ParseLoopback(setting.value);
    if (!address.ok()) continue;
    const auto again = daemon::ParseLoopback(address->ToString());
    TS_CHECK(again.ok() && again->port == address->port && again->host == address->host);
  }
}

const RegisteredTarget kTarget("config_file", Run);

}  // namespace
}  // namespace trialsync::fuzz
