// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_CONNECTOR_H_
#define TRIALSYNC_DAEMON_CONNECTOR_H_

#include <memory>
#include <optional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "daemon/backend.h"
#include "daemon/backoff.h"
#include "daemon/connection.h"
#include "daemon/link.h"
#include "daemon/mutex.h"

namespace trialsync::daemon {

// Keeps a site connected to its coordinator: opens a connection, waits for its end, pauses (see
// Backoff) and opens the next. A link that rests has none. Safe from any thread.
class Connector : public Link {
 public:
  // Neither is owned; both must outlive this.
  Connector(const Backend* backend, sync::Entropy* entropy)
      : backend_(backend), entropy_(entropy) {}
  // Stops.
  ~Connector() override;

  void Start();
  // Closes the connection, if there is one, and ends the thread.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

  // The link is enabled when made, and takes at most kGoodbyeTimeout to rest.
  void SetEnabled(bool enabled) override ABSL_LOCKS_EXCLUDED(mutex_);
  void DialNow() override ABSL_LOCKS_EXCLUDED(mutex_);
  bool enabled() const override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  // False when the thread shall end.
  bool AwaitAttempt() ABSL_LOCKS_EXCLUDED(mutex_);
  void RunConnection() ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits for the end of `connection`, and brings it about when the link shall rest.
  ConnectionEnd AwaitEnd(Connection& connection) ABSL_LOCKS_EXCLUDED(mutex_);

  const Backend* const backend_;
  sync::Entropy* const entropy_;

  mutable Mutex mutex_;
  ConditionVariable changed_;
  bool enabled_ ABSL_GUARDED_BY(mutex_) = true;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Backoff backoff_ ABSL_GUARDED_BY(mutex_);
  Deadline next_attempt_ ABSL_GUARDED_BY(mutex_);
  // Of the connection that is or was there last.
  std::optional<ConnectionEnd> end_ ABSL_GUARDED_BY(mutex_);

  // Start() and Stop() alone.
  std::thread thread_;
};

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_CONNECTOR_H_
