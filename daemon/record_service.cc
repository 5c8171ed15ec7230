// SPDX-License-Identifier: Apache-2.0
#include <grpcpp/grpcpp.h>

#include <memory>

#include "daemon/call.h"
#include "daemon/reads.h"
#include "daemon/services.h"
#include "trialsync/v1/record_service.grpc.pb.h"

namespace trialsync::daemon {
namespace {

class RecordServiceImpl final : public v1::RecordService::CallbackService {
 public:
  explicit RecordServiceImpl(const Backend* backend) : backend_(backend) {}

  grpc::ServerUnaryReactor* GetRecord(grpc::CallbackServerContext* context,
                                      const v1::GetRecordRequest* request,
                                      v1::Record* response) override {
    return Read(Call(backend_, "GetRecord", context), request, response, &daemon::GetRecord);
  }
  grpc::ServerUnaryReactor* ListRecords(grpc::CallbackServerContext* context,
                                        const v1::ListRecordsRequest* request,
                                        v1::ListRecordsResponse* response) override {
    return Read(Call(backend_, "ListRecords", context), request, response, &daemon::ListRecords);
  }
  grpc::ServerUnaryReactor* GetRecordHistory(grpc::CallbackServerContext* context,
                                             const v1::GetRecordHistoryRequest* request,
                                             v1::GetRecordHistoryResponse* response) override {
    return Read(Call(backend_, "GetRecordHistory", context), request, response,
                &daemon::GetRecordHistory);
  }
  grpc::ServerUnaryReactor* ProveRecord(grpc::CallbackServerContext* context,
                                        const v1::ProveRecordRequest* request,
                                        v1::ProveRecordResponse* response) override {
    return Read(Call(backend_, "ProveRecord", context), request, response, &daemon::ProveRecord);
  }
  grpc::ServerUnaryReactor* WriteRecord(grpc::CallbackServerContext* context,
                                        const v1::WriteRecordRequest* request,
                                        v1::WriteRecordResponse* response) override {
    return Write(Call(backend_, "WriteRecord", context), request, response);
  }
  grpc::ServerUnaryReactor* BatchWriteRecords(grpc::CallbackServerContext* context,
                                              const v1::BatchWriteRecordsRequest* request,
                                              v1::BatchWriteRecordsResponse* response) override {
    return Write(Call(backend_, "BatchWriteRecords", context), request, response);
  }
  grpc::ServerUnaryReactor* ActOnRecord(grpc::CallbackServerContext* context,
                                        const v1::ActOnRecordRequest* request,
                                        v1::ActOnRecordResponse* response) override {
    return Write(Call(backend_, "ActOnRecord", context), request, response);
  }

 private:
  const Backend* const backend_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeRecordService(const Backend* backend) {
  return std::make_unique<RecordServiceImpl>(backend);
}

}  // namespace trialsync::daemon
