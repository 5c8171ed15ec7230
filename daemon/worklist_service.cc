// SPDX-License-Identifier: Apache-2.0
#include <grpcpp/grpcpp.h>

#include <memory>

#include "daemon/call.h"
#include "daemon/reads.h"
#include "daemon/services.h"
#include "trialsync/v1/worklist_service.grpc.pb.h"

namespace trialsync::daemon {
namespace {

class WorklistServiceImpl final : public v1::WorklistService::CallbackService {
 public:
  explicit WorklistServiceImpl(const Backend* backend) : backend_(backend) {}

  grpc::ServerUnaryReactor* ListDiscrepancies(grpc::CallbackServerContext* context,
                                              const v1::ListDiscrepanciesRequest* request,
                                              v1::ListDiscrepanciesResponse* response) override {
    return Read(Call(backend_, "ListDiscrepancies", context), request, response,
                &daemon::ListDiscrepancies);
  }
  grpc::ServerUnaryReactor* GetDiscrepancy(grpc::CallbackServerContext* context,
                                           const v1::GetDiscrepancyRequest* request,
                                           v1::Discrepancy* response) override {
    return Read(Call(backend_, "GetDiscrepancy", context), request, response,
                &daemon::GetDiscrepancy);
  }
  grpc::ServerUnaryReactor* SettleDiscrepancy(grpc::CallbackServerContext* context,
                                              const v1::SettleDiscrepancyRequest* request,
                                              v1::SettleDiscrepancyResponse* response) override {
    return Write(Call(backend_, "SettleDiscrepancy", context), request, response);
  }
  grpc::ServerUnaryReactor* OpenQuery(grpc::CallbackServerContext* context,
                                      const v1::OpenQueryRequest* request,
                                      v1::Discrepancy* response) override {
    return Write(Call(backend_, "OpenQuery", context), request, response);
  }
  grpc::ServerUnaryReactor* AnswerQuery(grpc::CallbackServerContext* context,
                                        const v1::AnswerQueryRequest* request,
                                        v1::Discrepancy* response) override {
    return Write(Call(backend_, "AnswerQuery", context), request, response);
  }
  grpc::ServerUnaryReactor* CloseQuery(grpc::CallbackServerContext* context,
                                       const v1::CloseQueryRequest* request,
                                       v1::Discrepancy* response) override {
    return Write(Call(backend_, "CloseQuery", context), request, response);
  }

 private:
  const Backend* const backend_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeWorklistService(const Backend* backend) {
  return std::make_unique<WorklistServiceImpl>(backend);
}

}  // namespace trialsync::daemon
