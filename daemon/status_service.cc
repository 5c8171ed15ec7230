// SPDX-License-Identifier: Apache-2.0
#include <grpcpp/grpcpp.h>

#include <memory>
#include <utility>
#include <variant>

#include "daemon/call.h"
#include "daemon/reads.h"
#include "daemon/services.h"
#include "daemon/verify_call.h"
#include "sync/present_recovery.h"
#include "trialsync/v1/status_service.grpc.pb.h"

namespace trialsync::daemon {
namespace {

class StatusServiceImpl final : public v1::StatusService::CallbackService {
 public:
  StatusServiceImpl(const Backend* backend, StatusReader* status)
      : backend_(backend), status_(status) {}

  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const v1::GetStatusRequest* request,
                                      v1::Status* response) override {
    return Read(Call(backend_, "GetStatus", context), request, response,
                [this](const Backend&, const v1::GetStatusRequest&) { return status_->Read(); });
  }

  grpc::ServerUnaryReactor* SetLink(grpc::CallbackServerContext* context,
                                    const v1::SetLinkRequest* request,
                                    v1::Status* response) override {
    return Read(Call(backend_, "SetLink", context), request, response,
                [this](const Backend& backend, const v1::SetLinkRequest& link) {
                  return ChangeLink(backend, link.enabled());
                });
  }

  grpc::ServerUnaryReactor* GetLogPosition(grpc::CallbackServerContext* context,
                                           const v1::GetLogPositionRequest* request,
                                           v1::LogPosition* response) override {
    return Read(Call(backend_, "GetLogPosition", context), request, response,
                &daemon::GetLogPosition);
  }

  grpc::ServerUnaryReactor* ListRecoveries(grpc::CallbackServerContext* context,
                                           const v1::ListRecoveriesRequest* request,
                                           v1::ListRecoveriesResponse* response) override {
    return Read(Call(backend_, "ListRecoveries", context), request, response,
                [](const Backend& backend, const v1::ListRecoveriesRequest&) {
                  return sync::ListRecoveries(backend.store->NewSnapshot());
                });
  }

  grpc::ServerUnaryReactor* BecomeReplica(grpc::CallbackServerContext* context,
                                          const v1::BecomeReplicaRequest* request,
                                          v1::BecomeReplicaResponse* response) override {
    const Call call(backend_, "BecomeReplica", context);
    backend_->Submit(*request, [call, response](sync::Answer answer) {
      if (answer.status.ok()) {
        *response = std::get<v1::BecomeReplicaResponse>(std::move(answer.result));
        call.backend->link->DialNow();
      }
      call.Finish(answer.status);
    });
    return call.reactor;
  }

  grpc::ServerWriteReactor<v1::VerifyProgress>* Verify(grpc::CallbackServerContext*,
                                                       const v1::VerifyRequest*) override {
    return StartVerifyCall(*backend_);
  }

 private:
  absl::StatusOr<v1::Status> ChangeLink(const Backend& backend, bool enabled) {
    if (backend.link == nullptr) {
      return absl::FailedPreconditionError(
          "the coordinator has no link of its own to switch: sites connect to it");
    }
    backend.link->SetEnabled(enabled);
    return status_->Read();
  }

  const Backend* const backend_;
  StatusReader* const status_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeStatusService(const Backend* backend, StatusReader* status) {
  return std::make_unique<StatusServiceImpl>(backend, status);
}

}  // namespace trialsync::daemon
