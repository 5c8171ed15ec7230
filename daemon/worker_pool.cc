// SPDX-License-Identifier: Apache-2.0
#include "daemon/worker_pool.h"

#include <utility>

namespace trialsync::daemon {

WorkerPool::WorkerPool(int threads, size_t waiting_max) : waiting_max_(waiting_max) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

WorkerPool::~WorkerPool() { Stop(); }

absl::Status WorkerPool::Submit(Work work) {
  const MutexLock lock(&mutex_);
  if (stopping_) return absl::UnavailableError("the daemon is stopping; ask again after its start");
  if (waiting_.size() >= waiting_max_) {
    return absl::ResourceExhaustedError("too many requests wait to be answered; ask again later");
  }
  waiting_.push_back(std::move(work));
  changed_.NotifyAll();
  return absl::OkStatus();
}

void WorkerPool::Stop() {
  {
    const MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void WorkerPool::Run() {
  while (true) {
    Work work;
    {
      const MutexLock lock(&mutex_);
      while (!stopping_ && waiting_.empty()) changed_.Wait(&mutex_);
      if (waiting_.empty()) return;
      work = std::move(waiting_.front());
      waiting_.pop_front();
    }
    std::move(work)();
  }
}

}  // namespace trialsync::daemon
