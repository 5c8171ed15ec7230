// SPDX-License-Identifier: Apache-2.0
#include "daemon/verify_call.h"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <deque>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "daemon/call.h"
#include "daemon/mutex.h"
#include "daemon/sight.h"
#include "sync/verify.h"

namespace trialsync::daemon {
namespace {

// One call of Verify. It holds itself until gRPC is done with it; the work holds it too.
class VerifyCall final : public grpc::ServerWriteReactor<v1::VerifyProgress>,
                         public std::enable_shared_from_this<VerifyCall> {
 public:
  static VerifyCall* Begin(const Backend& backend) {
    const auto call = std::make_shared<VerifyCall>(backend);
    {
      const MutexLock lock(&call->mutex_);
      call->self_ = call;
    }
    VerifyCall* const reactor = call.get();
    const absl::Status taken = backend.verifiers->Submit([call] { call->End(call->Run()); });
    if (!taken.ok()) reactor->End(taken);
    return reactor;
  }

  explicit VerifyCall(const Backend& backend) : backend_(backend) {}

  void OnWriteDone(bool ok) override {
    const MutexLock lock(&mutex_);
    if (!ok) cancelled_ = true;
    outgoing_.pop_front();
    WriteOrFinish();
  }

  void OnCancel() override { cancelled_ = true; }

  void OnDone() override {
    std::shared_ptr<VerifyCall> self;  // let go of after the lock
    const MutexLock lock(&mutex_);
    self.swap(self_);
  }

 private:
  absl::Status Run() {
    const Sight sight(backend_);
    if (!sight.status().ok()) return sight.status();
    for (const Sight::Partition& partition : sight.all_partitions()) {
      if (absl::Status status = VerifyOne(sight, partition); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status VerifyOne(const Sight& sight, const Sight::Partition& partition) {
    v1::VerifyProgress progress;
    progress.set_study(partition.name.study);
    progress.set_site(partition.name.site);
    const auto tell = [this, &progress](uint64_t done, uint64_t total) {
      progress.set_commits_done(done);
      progress.set_commits_total(total);
      Send(progress);
      return !cancelled_;
    };
    const absl::StatusOr<sync::Verification> verification =
        sync::VerifyPartition(sight.snapshot(), partition.number, partition.name,
                              sight.DefinitionsOf(partition.name.study), tell);
    if (!verification.ok()) return verification.status();
    progress.set_finished(true);
    progress.set_ok(verification->difference.empty());
    progress.set_difference(verification->difference);
    *progress.mutable_log() = verification->log;
    Send(progress);
    return absl::OkStatus();
  }

  // Progress that a slow client has not taken is replaced by newer; a verdict never is.
  void Send(const v1::VerifyProgress& progress) ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(&mutex_);
    if (outgoing_.size() > 1 && !outgoing_.back().finished()) outgoing_.pop_back();
    outgoing_.push_back(progress);
    if (outgoing_.size() == 1) WriteOrFinish();
  }

  void End(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_) {
    backend_.metrics->CountCall("Verify", absl::StatusCodeToString(status.code()));
    const MutexLock lock(&mutex_);
    ended_ = true;
    end_ = status;
    if (outgoing_.empty()) WriteOrFinish();
  }

  void WriteOrFinish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (outgoing_.empty() && !ended_) return;
    if (!outgoing_.empty()) {
      StartWrite(&outgoing_.front());
    } else {
      Finish(ToGrpcStatus(end_));
    }
  }

  const Backend& backend_;
  std::atomic<bool> cancelled_ = false;
  Mutex mutex_;
  std::shared_ptr<VerifyCall> self_ ABSL_GUARDED_BY(mutex_);
  // The first one is being written.
  std::deque<v1::VerifyProgress> outgoing_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status end_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

grpc::ServerWriteReactor<v1::VerifyProgress>* StartVerifyCall(const Backend& backend) {
  return VerifyCall::Begin(backend);
}

}  // namespace trialsync::daemon
