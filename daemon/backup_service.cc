// SPDX-License-Identifier: Apache-2.0
#include <grpcpp/grpcpp.h>

#include <memory>
#include <utility>

#include "daemon/backup_maker.h"
#include "daemon/call.h"
#include "daemon/services.h"
#include "trialsync/v1/backup_service.grpc.pb.h"

namespace trialsync::daemon {
namespace {

class BackupServiceImpl final : public v1::BackupService::CallbackService {
 public:
  explicit BackupServiceImpl(const Backend* backend) : backend_(backend) {}

  grpc::ServerUnaryReactor* CreateBackup(grpc::CallbackServerContext* context,
                                         const v1::CreateBackupRequest* request,
                                         v1::Backup* response) override {
    const Call call(backend_, "CreateBackup", context);
    // Takes as long as a verification.
    const absl::Status taken = backend_->verifiers->Submit([call, request, response] {
      absl::StatusOr<v1::Backup> backup = call.backend->backups->Create(request->keep_count());
      if (backup.ok()) *response = *std::move(backup);
      call.Finish(backup.status());
    });
    if (!taken.ok()) call.Finish(taken);
    return call.reactor;
  }

 private:
  const Backend* const backend_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeBackupService(const Backend* backend) {
  return std::make_unique<BackupServiceImpl>(backend);
}

}  // namespace trialsync::daemon
