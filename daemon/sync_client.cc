// SPDX-License-Identifier: Apache-2.0
#include <grpcpp/grpcpp.h>

#include <deque>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "daemon/connection.h"
#include "daemon/limits.h"
#include "daemon/mutex.h"
#include "trialsync/v1/sync.grpc.pb.h"

namespace trialsync::daemon {
namespace {

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(static_cast<int>(kGrpcMessageBytesMax));
  // A connection of its own, dialled now: pausing between attempts is the connector's business.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS,
                   static_cast<int>(absl::ToInt64Milliseconds(kKeepaliveInterval)));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                   static_cast<int>(absl::ToInt64Milliseconds(kKeepaliveTimeout)));
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

// Its reactions only post to the loop and start what is next. A hold keeps gRPC from ending the
// call while the loop may still write. It holds itself until gRPC is done with it.
class ClientStream final : public grpc::ClientBidiReactor<v1::SiteMessage, v1::CoordinatorMessage>,
                           public Connection,
                           public std::enable_shared_from_this<ClientStream> {
 public:
  ClientStream(const Backend& backend, absl::AnyInvocable<void(ConnectionEnd)> on_end)
      : backend_(backend),
        stub_(v1::SyncService::NewStub(MakeChannel(backend.coordinator))),
        on_end_(std::move(on_end)) {}

  void Begin() ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(&mutex_);
    self_ = shared_from_this();
    session_ = backend_.port->AddStream(self_);
    stub_->async()->Sync(&context_, this);
    AddHold();
    StartRead(&incoming_);
    StartCall();
    backend_.loop->Post(sync::SessionOpened{session_});
  }

  void SendMessage(std::variant<v1::SiteMessage, v1::CoordinatorMessage> message) override {
    auto* const content = std::get_if<v1::SiteMessage>(&message);
    if (content == nullptr) return;
    const MutexLock lock(&mutex_);
    if (ended_ || closing_) return;
    outgoing_.push_back(std::move(*content));
    if (outgoing_.size() == 1) StartNextWrite();
  }

  void Close() override {
    const MutexLock lock(&mutex_);
    if (ended_ || closing_) return;
    closing_ = true;
    if (outgoing_.empty()) StartGoodbye();
  }

  void Cancel() override { context_.TryCancel(); }

  void OnReadDone(bool ok) override {
    const MutexLock lock(&mutex_);
    if (!ok) return EndOnce();
    backend_.metrics->CountReceived(incoming_.ByteSizeLong());
    if (incoming_.has_welcome()) end_ = SessionEnd::kCut;
    if (incoming_.has_refusal()) end_ = EndOf(incoming_.refusal().reason(), end_);
    const bool room = backend_.loop->PostMessage(
        {.session = session_, .message = std::exchange(incoming_, v1::CoordinatorMessage())},
        [stream = shared_from_this()] { stream->ReadOn(); });
    if (room) StartNextRead();
  }

  void OnWriteDone(bool ok) override {
    const MutexLock lock(&mutex_);
    // The call is broken: the read that is under way fails too, and ends it.
    if (!ok) return;
    outgoing_.pop_front();
    if (!outgoing_.empty()) return StartNextWrite();
    if (closing_) StartGoodbye();
  }

  void OnDone(const grpc::Status& status) override {
    std::shared_ptr<ClientStream> self;
    sync::SessionId session = 0;
    ConnectionEnd end;
    {
      const MutexLock lock(&mutex_);
      self.swap(self_);
      session = session_;
      end = {end_, status.error_message()};
    }
    backend_.port->RemoveStream(session);
    backend_.loop->Post(sync::SessionClosed{session});
    // The connector lets go of this last: a channel that goes with a thread of gRPC's, which is
    // where this runs, waits for that thread, which is itself.
    auto on_end = std::move(on_end_);
    self.reset();
    std::move(on_end)(std::move(end));
  }

 private:
  void ReadOn() ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(&mutex_);
    StartNextRead();
  }

  void StartNextRead() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    StartRead(&incoming_);
  }

  void StartNextWrite() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (ended_) return;
    backend_.metrics->CountSent(outgoing_.front().ByteSizeLong());
    StartWrite(&outgoing_.front());
  }

  // The coordinator ends the stream when it has read all; then the read that is under way fails.
  void StartGoodbye() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (ended_) return;
    StartWritesDone();
  }

  void EndOnce() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (ended_) return;
    ended_ = true;
    RemoveHold();
  }

  const Backend& backend_;
  const std::unique_ptr<v1::SyncService::Stub> stub_;
  grpc::ClientContext context_;
  absl::AnyInvocable<void(ConnectionEnd)> on_end_;
  Mutex mutex_;
  std::shared_ptr<ClientStream> self_ ABSL_GUARDED_BY(mutex_);
  sync::SessionId session_ ABSL_GUARDED_BY(mutex_) = 0;
  v1::CoordinatorMessage incoming_ ABSL_GUARDED_BY(mutex_);
  // The first one is being written.
  std::deque<v1::SiteMessage> outgoing_ ABSL_GUARDED_BY(mutex_);
  SessionEnd end_ ABSL_GUARDED_BY(mutex_) = SessionEnd::kNotReached;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

std::shared_ptr<Connection> OpenConnection(const Backend& backend,
                                           absl::AnyInvocable<void(ConnectionEnd)> on_end) {
  auto stream = std::make_shared<ClientStream>(backend, std::move(on_end));
  stream->Begin();
  return stream;
}

}  // namespace trialsync::daemon
