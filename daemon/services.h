// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_SERVICES_H_
#define TRIALSYNC_DAEMON_SERVICES_H_

#include <memory>

#include "daemon/backend.h"
#include "daemon/status_reader.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace trialsync::daemon {

// The services of proto/ over a backend. Each works by callbacks: work goes to the loop and is
// answered from there, reads go to the backend's workers; gRPC's threads wait for nothing.
// Arguments are not owned and must outlive the services.
std::unique_ptr<grpc::Service> MakeRecordService(const Backend* backend);
std::unique_ptr<grpc::Service> MakeSubjectService(const Backend* backend);
std::unique_ptr<grpc::Service> MakeStudyService(const Backend* backend);
std::unique_ptr<grpc::Service> MakeWorklistService(const Backend* backend);
std::unique_ptr<grpc::Service> MakeBackupService(const Backend* backend);
std::unique_ptr<grpc::Service> MakeStatusService(const Backend* backend, StatusReader* status);
// The coordinator's end of the stream.
std::unique_ptr<grpc::Service> MakeSyncService(const Backend* backend);

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_SERVICES_H_
