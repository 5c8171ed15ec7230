// SPDX-License-Identifier: Apache-2.0
#include "daemon/address.h"

#include <arpa/inet.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace trialsync::daemon {
namespace {

constexpr uint32_t kLoopbackNetwork = 127;
constexpr int kPortMax = 65535;

bool IsLoopback(const std::string& host) {
  if (host == "localhost" || host == "[::1]") return true;
  in_addr parsed{};
  return inet_pton(AF_INET, host.c_str(), &parsed) == 1 &&
         ntohl(parsed.s_addr) >> 24 == kLoopbackNetwork;
}

bool ParsePort(const std::string& text, int& port) {
  const bool digits = !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
  return digits && absl::SimpleAtoi(text, &port) && port <= kPortMax;
}

}  // namespace

std::string Address::ToString() const { return absl::StrCat(host, ":", port); }

absl::StatusOr<Address> ParseLoopback(std::string_view text) {
  const std::string shown(text);
  const size_t colon = shown.rfind(':');
  Address address;
  if (colon == std::string::npos || !ParsePort(shown.substr(colon + 1), address.port)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", shown, "\" is not HOST:PORT; write, for example, 127.0.0.1:7443"));
  }
  address.host = shown.substr(0, colon);
  if (!IsLoopback(address.host)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", shown,
        "\" is not an address of this machine alone (127.0.0.1, [::1] or localhost), and plaintext "
        "never leaves this machine: until replicas have identities and certificates, put an "
        "encrypted tunnel (SSH) between two machines and give its end here"));
  }
  return address;
}

}  // namespace trialsync::daemon
