// SPDX-License-Identifier: Apache-2.0
#include "daemon/port.h"

#include <utility>
#include <vector>

#include "daemon/log.h"

namespace trialsync::daemon {
namespace {

LogLevel LevelOf(sync::Event::Severity severity) {
  switch (severity) {
    case sync::Event::Severity::kInfo:
      return LogLevel::kInfo;
    case sync::Event::Severity::kWarning:
      return LogLevel::kWarning;
    case sync::Event::Severity::kAlarm:
      return LogLevel::kError;
  }
  return LogLevel::kError;
}

}  // namespace

sync::SessionId Port::AddStream(std::shared_ptr<Stream> stream) {
  const MutexLock lock(&mutex_);
  const sync::SessionId session = ++last_session_;
  streams_.emplace(session, std::move(stream));
  return session;
}

void Port::RemoveStream(sync::SessionId session) {
  std::shared_ptr<Stream> removed;  // destroyed after the lock is released
  const MutexLock lock(&mutex_);
  const auto found = streams_.find(session);
  if (found == streams_.end()) return;
  removed = std::move(found->second);
  streams_.erase(found);
}

uint64_t Port::AddWaiter(Waiter waiter) {
  const MutexLock lock(&mutex_);
  const uint64_t token = ++last_token_;
  waiters_.emplace(token, std::move(waiter));
  return token;
}

void Port::CloseAllStreams(const v1::Refusal* farewell) {
  std::vector<std::shared_ptr<Stream>> streams;
  {
    const MutexLock lock(&mutex_);
    for (const auto& [session, stream] : streams_) streams.push_back(stream);
  }
  for (const std::shared_ptr<Stream>& stream : streams) {
    if (farewell != nullptr) {
      v1::CoordinatorMessage message;
      *message.mutable_refusal() = *farewell;
      stream->SendMessage(std::move(message));
    }
    stream->Close();
  }
}

std::shared_ptr<Stream> Port::FindStream(sync::SessionId session) const {
  const MutexLock lock(&mutex_);
  const auto found = streams_.find(session);
  return found == streams_.end() ? nullptr : found->second;
}

void Port::SendMessage(sync::Send send) {
  if (const auto stream = FindStream(send.session)) stream->SendMessage(std::move(send.message));
}

void Port::CloseSession(sync::SessionId session) {
  if (const auto stream = FindStream(session)) stream->Close();
}

void Port::Deliver(sync::Answer answer) {
  Waiter waiter;
  {
    const MutexLock lock(&mutex_);
    const auto found = waiters_.find(answer.token);
    if (found == waiters_.end()) return;
    waiter = std::move(found->second);
    waiters_.erase(found);
  }
  std::move(waiter)(std::move(answer));
}

void Port::Log(sync::Event event) {
  std::vector<LogField> fields;
  fields.reserve(event.fields.size());
  for (const auto& [key, value] : event.fields) fields.emplace_back(key, value);
  daemon::Log(LevelOf(event.severity), event.text, fields);
}

}  // namespace trialsync::daemon
