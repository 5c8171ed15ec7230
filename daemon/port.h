// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_PORT_H_
#define TRIALSYNC_DAEMON_PORT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <variant>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "daemon/mutex.h"
#include "sync/loop.h"

namespace trialsync::daemon {

// The transport's end of a session. Both calls are safe from any thread, never wait, and have no
// effect on a stream that has ended.
class Stream {
 public:
  virtual ~Stream() = default;
  // Puts a message behind those before it. Of the kind that this side sends.
  virtual void SendMessage(std::variant<v1::SiteMessage, v1::CoordinatorMessage> message) = 0;
  // Ends the stream once all of that is sent.
  virtual void Close() = 0;
};

// Where the loop's effects go: messages to streams, answers to those who wait for them, events to
// the log. Safe to call from any thread.
class Port : public sync::Port {
 public:
  // Gets its answer once; must not wait nor call the port.
  using Waiter = absl::AnyInvocable<void(sync::Answer)>;

  // Begins a session over `stream`. It is kept until RemoveStream().
  sync::SessionId AddStream(std::shared_ptr<Stream> stream) ABSL_LOCKS_EXCLUDED(mutex_);
  void RemoveStream(sync::SessionId session) ABSL_LOCKS_EXCLUDED(mutex_);

  // A token whose answer goes to `waiter`.
  uint64_t AddWaiter(Waiter waiter) ABSL_LOCKS_EXCLUDED(mutex_);

  // Sends `farewell` on every stream, unless it is empty, and closes them all.
  void CloseAllStreams(const v1::Refusal* farewell) ABSL_LOCKS_EXCLUDED(mutex_);

  void SendMessage(sync::Send send) override ABSL_LOCKS_EXCLUDED(mutex_);
  void CloseSession(sync::SessionId session) override ABSL_LOCKS_EXCLUDED(mutex_);
  void Deliver(sync::Answer answer) override ABSL_LOCKS_EXCLUDED(mutex_);
  void Log(sync::Event event) override;

 private:
  std::shared_ptr<Stream> FindStream(sync::SessionId session) const ABSL_LOCKS_EXCLUDED(mutex_);

  mutable Mutex mutex_;
  std::map<sync::SessionId, std::shared_ptr<Stream>> streams_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, Waiter> waiters_ ABSL_GUARDED_BY(mutex_);
  sync::SessionId last_session_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t last_token_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_PORT_H_
