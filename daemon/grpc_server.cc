// SPDX-License-Identifier: Apache-2.0
#include "daemon/grpc_server.h"

#include <grpc/support/log.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/service_type.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "daemon/limits.h"
#include "daemon/log.h"
#include "daemon/services.h"

namespace trialsync::daemon {
namespace {

void LogFromGrpc(gpr_log_func_args* line) {
  const LogLevel level = line->severity == GPR_LOG_SEVERITY_ERROR  ? LogLevel::kWarning
                         : line->severity == GPR_LOG_SEVERITY_INFO ? LogLevel::kInfo
                                                                   : LogLevel::kDebug;
  Log(level, line->message, {{"from", "grpc"}, {"file", line->file}, {"line", line->line}});
}

void SetArguments(grpc::ServerBuilder& builder) {
  const auto milliseconds = [](absl::Duration duration) {
    return static_cast<int>(absl::ToInt64Milliseconds(duration));
  };
  builder.SetMaxReceiveMessageSize(static_cast<int>(kGrpcMessageBytesMax));
  // Else a second daemon on this port would share it.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, milliseconds(kKeepaliveInterval));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, milliseconds(kKeepaliveTimeout));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Idle sites ping at their interval, and must not be taken for abusers.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             milliseconds(kKeepaliveInterval / 2));
}

}  // namespace

void RouteGrpcLog() { gpr_set_log_function(&LogFromGrpc); }

struct GrpcServer::Parts {
  std::vector<std::unique_ptr<grpc::Service>> services;
  std::unique_ptr<grpc::Server> server;
  int port = 0;
};

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(const Address& listen,
                                                              const Backend* backend,
                                                              StatusReader* status) {
  auto parts = std::make_unique<Parts>();
  parts->services.push_back(MakeRecordService(backend));
  parts->services.push_back(MakeSubjectService(backend));
  parts->services.push_back(MakeStudyService(backend));
  parts->services.push_back(MakeWorklistService(backend));
  parts->services.push_back(MakeStatusService(backend, status));
  parts->services.push_back(MakeBackupService(backend));
  if (backend->at_centre()) parts->services.push_back(MakeSyncService(backend));

  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  SetArguments(builder);
  builder.AddListeningPort(listen.ToString(), grpc::InsecureServerCredentials(), &parts->port);
  for (const auto& service : parts->services) builder.RegisterService(service.get());
  parts->server = builder.BuildAndStart();
  if (parts->server == nullptr || parts->port == 0) {
    return absl::UnavailableError(absl::StrCat(
        "cannot listen on ", listen.ToString(),
        ": is another program using this port? Stop it, or give another port with --listen"));
  }
  return std::unique_ptr<GrpcServer>(new GrpcServer(std::move(parts)));
}

GrpcServer::GrpcServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

GrpcServer::~GrpcServer() { Stop(absl::ZeroDuration()); }

int GrpcServer::port() const { return parts_->port; }

void GrpcServer::SetServing(bool serving) {
  parts_->server->GetHealthCheckService()->SetServingStatus(serving);
}

void GrpcServer::Stop(absl::Duration grace) {
  parts_->server->Shutdown(absl::ToChronoTime(absl::Now() + grace));
}

}  // namespace trialsync::daemon
