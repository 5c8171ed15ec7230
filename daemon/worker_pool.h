// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_WORKER_POOL_H_
#define TRIALSYNC_DAEMON_WORKER_POOL_H_

#include <cstddef>
#include <deque>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "daemon/mutex.h"

namespace trialsync::daemon {

// A few threads for work that waits for the disk: reads, and replays of the log. gRPC calls back on
// threads of its own, of which there are as few as two; nothing may wait on those. Safe to call
// from any thread.
class WorkerPool {
 public:
  using Work = absl::AnyInvocable<void()>;

  // At most `waiting_max` pieces of work wait for a thread.
  WorkerPool(int threads, size_t waiting_max);
  // Stops.
  ~WorkerPool();

  // Does `work` on one of the threads. RESOURCE_EXHAUSTED when too much waits, UNAVAILABLE after
  // Stop(): then it is not done.
  absl::Status Submit(Work work) ABSL_LOCKS_EXCLUDED(mutex_);

  // Does what waits, then ends the threads. Not for the pool's own threads.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);

  const size_t waiting_max_;
  Mutex mutex_;
  ConditionVariable changed_;
  std::deque<Work> waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // Touched by the constructor and Stop() alone.
  std::vector<std::thread> threads_;
};

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_WORKER_POOL_H_
