// SPDX-License-Identifier: Apache-2.0
#include "daemon/loop_thread.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "sync/limits.h"

namespace trialsync::daemon {
namespace {

absl::Status Stopping() {
  return absl::UnavailableError("not saved: the daemon is stopping; ask again after its start");
}

absl::Status Faulty(const absl::Status& fault) {
  return absl::UnavailableError(
      absl::StrCat("not saved: the daemon stopped taking work (", fault.message(),
                   "); what was saved before is safe; mend the cause: trialsync status"));
}

}  // namespace

LoopThread::LoopThread(sync::Loop* loop, sync::Port* port, Options options)
    : loop_(loop), port_(port), options_(std::move(options)) {}

LoopThread::~LoopThread() { Stop(); }

void LoopThread::Start() {
  next_tick_ = DeadlineIn(options_.tick_interval);
  thread_ = std::thread([this] { Run(); });
}

absl::Status LoopThread::Submit(sync::ClientRequest request) {
  const size_t bytes =
      std::visit([](const auto& work) { return work.ByteSizeLong(); }, request.work);
  const MutexLock lock(&mutex_);
  if (!fault_.ok()) return Faulty(fault_);
  if (draining_ || stopping_) return Stopping();
  if (Full()) {
    return absl::ResourceExhaustedError(
        "not saved: too much work waits for the disk; ask again in a moment");
  }
  Push(std::move(request), bytes);
  return absl::OkStatus();
}

void LoopThread::Post(sync::SessionOpened opened) {
  const MutexLock lock(&mutex_);
  Push(opened, 0);
}

void LoopThread::Post(sync::SessionClosed closed) {
  const MutexLock lock(&mutex_);
  Push(closed, 0);
}

bool LoopThread::PostMessage(sync::MessageReceived message, absl::AnyInvocable<void()> when_room) {
  const size_t bytes =
      std::visit([](const auto& content) { return content.ByteSizeLong(); }, message.message);
  const MutexLock lock(&mutex_);
  Push(std::move(message), bytes);
  if (!Full() && !draining_) return true;
  when_room_.push_back(std::move(when_room));
  return false;
}

absl::Status LoopThread::fault() const {
  const MutexLock lock(&mutex_);
  return fault_;
}

size_t LoopThread::queued_inputs() const {
  const MutexLock lock(&mutex_);
  return queue_.size();
}

bool LoopThread::Drain(absl::Duration timeout) {
  const MutexLock lock(&mutex_);
  draining_ = true;
  const Deadline deadline = DeadlineIn(timeout);
  while (!queue_.empty() || running_) {
    if (!changed_.WaitUntil(&mutex_, deadline)) return queue_.empty() && !running_;
  }
  return true;
}

void LoopThread::Stop() {
  {
    const MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
  RefuseQueued(Stopping());
  std::vector<absl::AnyInvocable<void()>> never_called;  // destroyed without the lock
  const MutexLock lock(&mutex_);
  when_room_.swap(never_called);
}

void LoopThread::Push(sync::Input input, size_t bytes) {
  // After a fault nothing takes effect any more; those who wait for an answer were refused.
  if (!fault_.ok()) return;
  queue_bytes_ += bytes;
  queue_.push_back({std::move(input), bytes});
  changed_.NotifyAll();
}

bool LoopThread::Full() const {
  return queue_.size() >= options_.queue_inputs_max || queue_bytes_ >= options_.queue_bytes_max;
}

void LoopThread::Run() {
  while (true) {
    const std::vector<sync::Input> group = TakeGroup();
    if (group.empty()) return;
    const auto start = std::chrono::steady_clock::now();
    const absl::Status status = loop_->Run(group, absl::Now());
    if (options_.on_group) {
      options_.on_group({group.size(), absl::FromChrono(std::chrono::steady_clock::now() - start)});
    }
    {
      const MutexLock lock(&mutex_);
      running_ = false;
      fault_ = status;
      changed_.NotifyAll();
    }
    if (!status.ok()) RefuseQueued(Faulty(status));
    GiveRoom();
    if (status.ok()) continue;
    if (options_.on_fault) options_.on_fault(status);
    return;
  }
}

// Waits for inputs or for the next tick. Empty when the thread shall end.
std::vector<sync::Input> LoopThread::TakeGroup() {
  std::vector<sync::Input> group;
  const MutexLock lock(&mutex_);
  while (!stopping_ && queue_.empty() && changed_.WaitUntil(&mutex_, next_tick_)) {
  }
  if (stopping_) return group;
  if (HasPassed(next_tick_)) {
    group.emplace_back(sync::Tick{});
    next_tick_ = DeadlineIn(options_.tick_interval);
  }
  uint64_t commits = 0;
  while (!queue_.empty() && group.size() < sync::kGroupInputsMax &&
         commits < sync::kGroupCommitsMax) {
    commits += sync::CommitsIn(queue_.front().input);
    queue_bytes_ -= queue_.front().bytes;
    group.push_back(std::move(queue_.front().input));
    queue_.pop_front();
  }
  if (group.empty()) group.emplace_back(sync::Tick{});
  running_ = true;
  return group;
}

void LoopThread::GiveRoom() {
  std::vector<absl::AnyInvocable<void()>> calls;
  {
    const MutexLock lock(&mutex_);
    const bool room = !draining_ && queue_.size() <= options_.queue_inputs_max / 2 &&
                      queue_bytes_ <= options_.queue_bytes_max / 2;
    if (room) calls.swap(when_room_);
  }
  for (auto& call : calls) std::move(call)();
}

void LoopThread::RefuseQueued(const absl::Status& status) {
  std::deque<Queued> queue;
  {
    const MutexLock lock(&mutex_);
    queue.swap(queue_);
    queue_bytes_ = 0;
  }
  for (const Queued& queued : queue) {
    const auto* request = std::get_if<sync::ClientRequest>(&queued.input);
    if (request == nullptr) continue;
    sync::Answer answer;
    answer.token = request->token;
    answer.status = status;
    port_->Deliver(std::move(answer));
  }
}

}  // namespace trialsync::daemon
