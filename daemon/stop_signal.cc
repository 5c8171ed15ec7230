// SPDX-License-Identifier: Apache-2.0
#include "daemon/stop_signal.h"

#include <pthread.h>

namespace trialsync::daemon {

StopSignal::StopSignal() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGTERM);
  sigaddset(&signals_, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

std::optional<int> StopSignal::WaitFor(absl::Duration timeout) {
  const timespec wait = absl::ToTimespec(timeout);
  const int signal = sigtimedwait(&signals_, nullptr, &wait);
  if (signal < 0) return std::nullopt;
  return signal;
}

}  // namespace trialsync::daemon
