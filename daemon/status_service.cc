// SPDX-License-Identifier: Apache-2.0
#include <grpcpp/grpcpp.h>

#include <memory>

#include "daemon/call.h"
#include "daemon/services.h"
#include "daemon/verify_call.h"
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
