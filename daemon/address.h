// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_ADDRESS_H_
#define TRIALSYNC_DAEMON_ADDRESS_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace trialsync::daemon {

// HOST:PORT, taken apart.
struct Address {
  // As written; IPv6 in brackets.
  std::string host;
  int port = 0;

  std::string ToString() const;
};

// Takes an address of this machine: 127.0.0.0/8, [::1] or localhost, with a port of 0 to 65535; 0
// lets the system choose one. INVALID_ARGUMENT for anything else: until replicas have identities,
// no plaintext leaves the machine.
absl::StatusOr<Address> ParseLoopback(std::string_view text);

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_ADDRESS_H_
