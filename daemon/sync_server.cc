// SPDX-License-Identifier: Apache-2.0
#include <grpcpp/grpcpp.h>

#include <deque>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "daemon/backend.h"
#include "daemon/mutex.h"
#include "daemon/services.h"
#include "trialsync/v1/sync.grpc.pb.h"

namespace trialsync::daemon {
namespace {

// The coordinator's end of one stream. Its reactions only post to the loop and start what is next:
// one read and one write are in flight. It holds itself until gRPC is done with it.
class ServerStream final : public grpc::ServerBidiReactor<v1::SiteMessage, v1::CoordinatorMessage>,
                           public Stream,
                           public std::enable_shared_from_this<ServerStream> {
 public:
  static ServerStream* Begin(const Backend& backend) {
    const auto stream = std::make_shared<ServerStream>(backend);
    const MutexLock lock(&stream->mutex_);
    stream->self_ = stream;
    stream->session_ = backend.port->AddStream(stream);
    backend.loop->Post(sync::SessionOpened{stream->session_});
    stream->StartNextRead();
    return stream.get();
  }

  explicit ServerStream(const Backend& backend) : backend_(backend) {}

  void SendMessage(std::variant<v1::SiteMessage, v1::CoordinatorMessage> message) override {
    const MutexLock lock(&mutex_);
    if (finished_ || closing_) return;
    outgoing_.push_back(std::get<v1::CoordinatorMessage>(std::move(message)));
    if (outgoing_.size() == 1) StartNextWrite();
  }

  void Close() override {
    const MutexLock lock(&mutex_);
    closing_ = true;
    if (outgoing_.empty()) FinishOnce();
  }

  void OnReadDone(bool ok) override {
    const MutexLock lock(&mutex_);
    // The site has ended the stream, or it was cut.
    if (!ok) return FinishOnce();
    backend_.metrics->CountReceived(incoming_.ByteSizeLong());
    const bool room = backend_.loop->PostMessage(
        {.session = session_, .message = std::exchange(incoming_, v1::SiteMessage())},
        [stream = shared_from_this()] { stream->ReadOn(); });
    if (room) StartNextRead();
  }

  void OnWriteDone(bool ok) override {
    const MutexLock lock(&mutex_);
    if (!ok) return FinishOnce();
    outgoing_.pop_front();
    if (!outgoing_.empty()) return StartNextWrite();
    if (closing_) FinishOnce();
  }

  void OnCancel() override {
    const MutexLock lock(&mutex_);
    FinishOnce();
  }

  void OnDone() override {
    std::shared_ptr<ServerStream> self;  // let go of after the lock
    sync::SessionId session = 0;
    {
      const MutexLock lock(&mutex_);
      self.swap(self_);
      session = session_;
    }
    backend_.port->RemoveStream(session);
    backend_.loop->Post(sync::SessionClosed{session});
  }

 private:
  void ReadOn() ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(&mutex_);
    StartNextRead();
  }

  void StartNextRead() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (finished_) return;
    StartRead(&incoming_);
  }

  void StartNextWrite() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (finished_) return;
    backend_.metrics->CountSent(outgoing_.front().ByteSizeLong());
    StartWrite(&outgoing_.front());
  }

  void FinishOnce() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (finished_) return;
    finished_ = true;
    Finish(grpc::Status::OK);
  }

  const Backend& backend_;
  mutable Mutex mutex_;
  std::shared_ptr<ServerStream> self_ ABSL_GUARDED_BY(mutex_);
  sync::SessionId session_ ABSL_GUARDED_BY(mutex_) = 0;
  v1::SiteMessage incoming_ ABSL_GUARDED_BY(mutex_);
  // The first one is being written.
  std::deque<v1::CoordinatorMessage> outgoing_ ABSL_GUARDED_BY(mutex_);
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

class SyncServiceImpl final : public v1::SyncService::CallbackService {
 public:
  explicit SyncServiceImpl(const Backend* backend) : backend_(backend) {}

  grpc::ServerBidiReactor<v1::SiteMessage, v1::CoordinatorMessage>* Sync(
      grpc::CallbackServerContext*) override {
    return ServerStream::Begin(*backend_);
  }

 private:
  const Backend* const backend_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeSyncService(const Backend* backend) {
  return std::make_unique<SyncServiceImpl>(backend);
}

}  // namespace trialsync::daemon
