// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_LOOP_THREAD_H_
#define TRIALSYNC_DAEMON_LOOP_THREAD_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/limits.h"
#include "daemon/mutex.h"
#include "sync/loop.h"

namespace trialsync::daemon {

// What a group of inputs cost.
struct GroupReport {
  size_t inputs = 0;
  absl::Duration duration;
};

// The one thread that runs a machine's loop, and the bounded queue in front of it: everything that
// happens to a store goes through here, one group after the other. Whatever waits while a group is
// synced to disk shares the next one.
//
// After a group failed the store is in doubt: clients get UNAVAILABLE with the reason, messages are
// dropped, fault() says why until a new one is made over the store, opened again. Nothing that was answered is lost.
//
// Posting is safe from any thread and never waits.
class LoopThread {
 public:
  struct Options {
    size_t queue_inputs_max = kQueueInputsMax;
    size_t queue_bytes_max = kQueueBytesMax;
    absl::Duration tick_interval = kTickInterval;
    // Called on the loop's thread: after each group, and once after the one that failed.
    std::function<void(const GroupReport&)> on_group;
    std::function<void(const absl::Status&)> on_fault;
  };

  // Neither is owned; both must outlive this. `port` gets the answers of requests that never reach
  // the loop.
  LoopThread(sync::Loop* loop, sync::Port* port, Options options);
  // Stops.
  ~LoopThread();

  void Start();

  // Work of a client. OK: its token will be answered once. RESOURCE_EXHAUSTED when the queue is
  // full, UNAVAILABLE after a fault or while the daemon stops: there will be no answer.
  absl::Status Submit(sync::ClientRequest request) ABSL_LOCKS_EXCLUDED(mutex_);

  // A stream was opened or closed.
  void Post(sync::SessionOpened opened) ABSL_LOCKS_EXCLUDED(mutex_);
  void Post(sync::SessionClosed closed) ABSL_LOCKS_EXCLUDED(mutex_);

  // A message of a stream, taken even when the queue is full, since it has been read already. True:
  // the stream may read on. False: it must not, until `when_room` is called, on the loop's thread.
  bool PostMessage(sync::MessageReceived message, absl::AnyInvocable<void()> when_room)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // OK, or why no new work is taken.
  absl::Status fault() const ABSL_LOCKS_EXCLUDED(mutex_);
  size_t queued_inputs() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Takes no new work from clients, lets no stream read on, and waits until what is queued is done:
  // false after `timeout`.
  bool Drain(absl::Duration timeout) ABSL_LOCKS_EXCLUDED(mutex_);

  // Ends the thread after its group; clients that still wait get UNAVAILABLE. Not for the loop's
  // own thread.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Queued {
    sync::Input input;
    size_t bytes = 0;
  };

  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  std::vector<sync::Input> TakeGroup() ABSL_LOCKS_EXCLUDED(mutex_);
  void GiveRoom() ABSL_LOCKS_EXCLUDED(mutex_);
  void RefuseQueued(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  void Push(sync::Input input, size_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Full() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  sync::Loop* const loop_;
  sync::Port* const port_;
  const Options options_;

  mutable Mutex mutex_;
  ConditionVariable changed_;
  std::deque<Queued> queue_ ABSL_GUARDED_BY(mutex_);
  size_t queue_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<absl::AnyInvocable<void()>> when_room_ ABSL_GUARDED_BY(mutex_);
  absl::Status fault_ ABSL_GUARDED_BY(mutex_);
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  // The loop's thread alone.
  Deadline next_tick_;
  // Start() and Stop() alone.
  std::thread thread_;
};

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_LOOP_THREAD_H_
