// SPDX-License-Identifier: Apache-2.0
#include "daemon/backend.h"

#include <utility>

namespace trialsync::daemon {

void Backend::Submit(sync::ClientWork work, Port::Waiter waiter) const {
  const uint64_t token = port->AddWaiter(std::move(waiter));
  const absl::Status status = loop->Submit({.token = token, .work = std::move(work)});
  if (status.ok()) return;
  sync::Answer answer;
  answer.token = token;
  answer.status = status;
  port->Deliver(std::move(answer));
}

}  // namespace trialsync::daemon
