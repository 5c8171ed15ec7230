// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_ENTROPY_H_
#define TRIALSYNC_DAEMON_ENTROPY_H_

#include <string>

#include "sync/machine.h"

namespace trialsync::daemon {

// Random bytes from the system, by way of OpenSSL's generator. Safe to call from any thread.
class SystemEntropy : public sync::Entropy {
 public:
  std::string Bytes(size_t size_bytes) override;
};

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_ENTROPY_H_
