// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/address.h"

#include <arpa/inet.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "daemon/command/exit_code.h"

namespace trialsync::command {
namespace {

constexpr uint32_t kLoopbackNetwork = 127;

bool IsLoopback(const std::string& host) {
  if (host == "localhost" || host == "[::1]") return true;
  in_addr parsed{};
  return inet_pton(AF_INET, host.c_str(), &parsed) == 1 &&
         ntohl(parsed.s_addr) >> 24 == kLoopbackNetwork;
}

}  // namespace

absl::Status CheckLoopback(const std::string& address) {
  if (address.empty()) {
    return UsageError("which server? Write --at HOST:PORT, or set TRIALSYNC_AT");
  }
  const size_t colon = address.rfind(':');
  int port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(address.substr(colon + 1), &port) ||
      port < 1 || port > 65535) {
    return UsageError(
        absl::StrCat("\"", address, "\" is not HOST:PORT; write, for example, 127.0.0.1:7451"));
  }
  if (!IsLoopback(address.substr(0, colon))) {
    return UsageError(
        absl::StrCat(address,
                     " is not on this machine, and what is sent is not encrypted yet: log in there "
                     "and use 127.0.0.1:",
                     port, ", or forward that port over SSH"));
  }
  return absl::OkStatus();
}

}  // namespace trialsync::command
