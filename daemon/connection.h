// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_CONNECTION_H_
#define TRIALSYNC_DAEMON_CONNECTION_H_

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "daemon/backend.h"
#include "daemon/backoff.h"
#include "daemon/port.h"

namespace trialsync::daemon {

// How a connection ended, and gRPC's words for it; empty when nothing was wrong.
struct ConnectionEnd {
  SessionEnd end = SessionEnd::kNotReached;
  std::string error;
};

// A site's end of one stream to its coordinator, over a transport connection of its own. It lives
// for one session: whoever wants another opens another.
class Connection : public Stream {
 public:
  // Ends it now, whatever is under way. Safe from any thread.
  virtual void Cancel() = 0;
};

// Connects to the backend's coordinator and begins a session over it: the machine says Hello.
// `on_end` is called once, from any thread, after the session was closed for the machine; the caller
// keeps what it got until then.
std::shared_ptr<Connection> OpenConnection(const Backend& backend,
                                           absl::AnyInvocable<void(ConnectionEnd)> on_end);

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_CONNECTION_H_
