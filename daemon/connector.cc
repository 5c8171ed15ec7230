// SPDX-License-Identifier: Apache-2.0
#include "daemon/connector.h"

#include <utility>

#include "absl/time/time.h"
#include "daemon/limits.h"
#include "daemon/log.h"

namespace trialsync::daemon {

Connector::~Connector() { Stop(); }

void Connector::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Connector::Stop() {
  {
    const MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void Connector::SetEnabled(bool enabled) {
  const MutexLock lock(&mutex_);
  if (enabled_ == enabled) return;
  enabled_ = enabled;
  backoff_.Reset();
  next_attempt_ = Deadline();
  changed_.NotifyAll();
  Log(LogLevel::kInfo, enabled ? "link taken up" : "link at rest");
}

void Connector::DialNow() {
  const MutexLock lock(&mutex_);
  backoff_.Reset();
  next_attempt_ = Deadline();
  changed_.NotifyAll();
}

bool Connector::enabled() const {
  const MutexLock lock(&mutex_);
  return enabled_;
}

void Connector::Run() {
  while (AwaitAttempt()) RunConnection();
}

bool Connector::AwaitAttempt() {
  const MutexLock lock(&mutex_);
  while (!stopping_ && (!enabled_ || !HasPassed(next_attempt_))) {
    if (enabled_) {
      changed_.WaitUntil(&mutex_, next_attempt_);
    } else {
      changed_.Wait(&mutex_);
    }
  }
  end_.reset();
  return !stopping_;
}

void Connector::RunConnection() {
  const std::shared_ptr<Connection> connection =
      OpenConnection(*backend_, [this](ConnectionEnd end) {
        const MutexLock lock(&mutex_);
        end_ = std::move(end);
        changed_.NotifyAll();
      });
  const ConnectionEnd end = AwaitEnd(*connection);
  const MutexLock lock(&mutex_);
  if (!enabled_ || stopping_) return;
  const absl::Duration pause = backoff_.Next(end.end, entropy_->U64());
  next_attempt_ = DeadlineIn(pause);
  Log(LogLevel::kInfo, "connection ended",
      {{"coordinator", backend_->coordinator},
       {"welcomed", end.end == SessionEnd::kCut},
       {"refused", end.end == SessionEnd::kAwaited || end.end == SessionEnd::kRefused},
       {"error", end.error},
       {"next_attempt_ms", absl::ToInt64Milliseconds(pause)}});
}

ConnectionEnd Connector::AwaitEnd(Connection& connection) {
  {
    const MutexLock lock(&mutex_);
    while (!end_ && enabled_ && !stopping_) changed_.Wait(&mutex_);
    if (end_) return *end_;
  }
  connection.Close();
  {
    const Deadline deadline = DeadlineIn(kGoodbyeTimeout);
    const MutexLock lock(&mutex_);
    while (!end_ && changed_.WaitUntil(&mutex_, deadline)) {
    }
    if (end_) return *end_;
  }
  connection.Cancel();
  const MutexLock lock(&mutex_);
  while (!end_) changed_.Wait(&mutex_);
  return *end_;
}

}  // namespace trialsync::daemon
