// SPDX-License-Identifier: Apache-2.0
#include <grpcpp/grpcpp.h>

#include <memory>

#include "daemon/call.h"
#include "daemon/reads.h"
#include "daemon/services.h"
#include "trialsync/v1/subject_service.grpc.pb.h"

namespace trialsync::daemon {
namespace {

class SubjectServiceImpl final : public v1::SubjectService::CallbackService {
 public:
  explicit SubjectServiceImpl(const Backend* backend) : backend_(backend) {}

  grpc::ServerUnaryReactor* ListSubjects(grpc::CallbackServerContext* context,
                                         const v1::ListSubjectsRequest* request,
                                         v1::ListSubjectsResponse* response) override {
    return Read(Call(backend_, "ListSubjects", context), request, response, &daemon::ListSubjects);
  }
  grpc::ServerUnaryReactor* CreateSubject(grpc::CallbackServerContext* context,
                                          const v1::CreateSubjectRequest* request,
                                          v1::Subject* response) override {
    return Write(Call(backend_, "CreateSubject", context), request, response);
  }
  grpc::ServerUnaryReactor* RenameSubject(grpc::CallbackServerContext* context,
                                          const v1::RenameSubjectRequest* request,
                                          v1::Subject* response) override {
    return Write(Call(backend_, "RenameSubject", context), request, response);
  }
  grpc::ServerUnaryReactor* MergeSubjects(grpc::CallbackServerContext* context,
                                          const v1::MergeSubjectsRequest* request,
                                          v1::Subject* response) override {
    return Write(Call(backend_, "MergeSubjects", context), request, response);
  }

 private:
  const Backend* const backend_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeSubjectService(const Backend* backend) {
  return std::make_unique<SubjectServiceImpl>(backend);
}

}  // namespace trialsync::daemon
