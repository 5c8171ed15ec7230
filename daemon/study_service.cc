// SPDX-License-Identifier: Apache-2.0
#include <grpcpp/grpcpp.h>

#include <memory>

#include "daemon/call.h"
#include "daemon/reads.h"
#include "daemon/services.h"
#include "trialsync/v1/study_service.grpc.pb.h"

namespace trialsync::daemon {
namespace {

class StudyServiceImpl final : public v1::StudyService::CallbackService {
 public:
  explicit StudyServiceImpl(const Backend* backend) : backend_(backend) {}

  grpc::ServerUnaryReactor* CheckStudyVersion(grpc::CallbackServerContext* context,
                                              const v1::CheckStudyVersionRequest* request,
                                              v1::CheckStudyVersionResponse* response) override {
    return Read(Call(backend_, "CheckStudyVersion", context), request, response,
                &daemon::CheckStudyVersion);
  }
  grpc::ServerUnaryReactor* GetStudyVersion(grpc::CallbackServerContext* context,
                                            const v1::GetStudyVersionRequest* request,
                                            v1::StudyVersion* response) override {
    return Read(Call(backend_, "GetStudyVersion", context), request, response,
                &daemon::GetStudyVersion);
  }
  grpc::ServerUnaryReactor* ListStudyVersions(grpc::CallbackServerContext* context,
                                              const v1::ListStudyVersionsRequest* request,
                                              v1::ListStudyVersionsResponse* response) override {
    return Read(Call(backend_, "ListStudyVersions", context), request, response,
                &daemon::ListStudyVersions);
  }
  grpc::ServerUnaryReactor* PublishStudyVersion(grpc::CallbackServerContext* context,
                                                const v1::PublishStudyVersionRequest* request,
                                                v1::StudyVersion* response) override {
    return Write(Call(backend_, "PublishStudyVersion", context), request, response);
  }
  grpc::ServerUnaryReactor* ActivateStudyVersion(grpc::CallbackServerContext* context,
                                                 const v1::ActivateStudyVersionRequest* request,
                                                 v1::StudyVersionActivation* response) override {
    return Write(Call(backend_, "ActivateStudyVersion", context), request, response);
  }
  grpc::ServerUnaryReactor* RetireStudyVersion(grpc::CallbackServerContext* context,
                                               const v1::RetireStudyVersionRequest* request,
                                               v1::StudyVersionActivation* response) override {
    return Write(Call(backend_, "RetireStudyVersion", context), request, response);
  }

 private:
  const Backend* const backend_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeStudyService(const Backend* backend) {
  return std::make_unique<StudyServiceImpl>(backend);
}

}  // namespace trialsync::daemon
