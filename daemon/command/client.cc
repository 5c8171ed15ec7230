// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/client.h"

#include <grpcpp/grpcpp.h>

#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "daemon/address.h"
#include "daemon/command/exit_code.h"
#include "daemon/command/limits.h"
#include "daemon/metadata.h"
#include "trialsync/v1/backup_service.grpc.pb.h"
#include "trialsync/v1/record_service.grpc.pb.h"
#include "trialsync/v1/status_service.grpc.pb.h"
#include "trialsync/v1/study_service.grpc.pb.h"
#include "trialsync/v1/subject_service.grpc.pb.h"
#include "trialsync/v1/worklist_service.grpc.pb.h"

namespace trialsync::command {
namespace {

constexpr char kConflictPayload[] = "trialsync.v1.WriteConflict";

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytesMax);
  // A proxy of the environment has no business between here and loopback.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

absl::Status CheckAddress(const std::string& address) {
  if (address.empty()) {
    return UsageError("which server? Write --at HOST:PORT, or set TRIALSYNC_AT");
  }
  const absl::StatusOr<daemon::Address> parsed = daemon::ParseLoopback(address);
  if (!parsed.ok()) return UsageError(std::string(parsed.status().message()));
  if (parsed->port == 0) {
    return UsageError(absl::StrCat("no server is at ", address,
                                   ": the port that the system chose for it is in its log, and in "
                                   "the file listen_address of its data directory"));
  }
  return absl::OkStatus();
}

// Whether something took the connection that does not speak as a server of ours does; only gRPC's
// words tell it.
bool IsForeign(const std::string& reason) {
  return absl::StrContains(reason, "HTTP/2") || absl::StrContains(reason, "SETTINGS") ||
         absl::StrContains(reason, "http1");
}

// Why there is no answer. `answered`: there is one, and it is this error.
std::string Explain(const grpc::Status& status, bool answered, const std::string& address,
                    absl::Duration deadline) {
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      if (answered) return status.error_message();
      if (IsForeign(status.error_message())) {
        return absl::StrCat("what listens at ", address,
                            " is no trialsync server, or only its --metrics-listen: name the "
                            "address that its --listen says with --at HOST:PORT or TRIALSYNC_AT (",
                            status.error_message(), ")");
      }
      return absl::StrCat("no server answers at ", address,
                          ": start `trialsyncd site` or `trialsyncd coordinator` with --listen ",
                          address, ", or name another with --at HOST:PORT or TRIALSYNC_AT (",
                          status.error_message(), ")");
    case grpc::StatusCode::CANCELLED:
      return absl::StrCat("the server at ", address,
                          " stopped before it answered; what was asked may have been done: look "
                          "before you repeat it");
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return absl::StrCat("the server at ", address, " did not answer within ",
                          absl::FormatDuration(deadline),
                          "; what was asked may have been done: look before you repeat it");
    case grpc::StatusCode::UNIMPLEMENTED:
      return absl::StrCat("the server at ", address,
                          " does not know this command: is it of another release? (",
                          status.error_message(), ")");
    default:
      return status.error_message().empty()
                 ? absl::StrCat("the server at ", address, " gave error ", status.error_code(),
                                " without a reason")
                 : status.error_message();
  }
}

absl::Status ToStatus(const grpc::Status& status, const grpc::ClientContext& context,
                      const std::string& address, absl::Duration deadline) {
  if (status.ok()) return absl::OkStatus();
  const auto& metadata = context.GetServerTrailingMetadata();
  const bool answered = metadata.find(daemon::kAnsweredMetadataKey) != metadata.end();
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()),
                      Explain(status, answered, address, deadline));
  if (const auto found = metadata.find(daemon::kConflictMetadataKey); found != metadata.end()) {
    result.SetPayload(kConflictPayload,
                      absl::Cord(std::string(found->second.data(), found->second.size())));
  }
  return result;
}

}  // namespace

struct Client::Stubs {
  explicit Stubs(const std::string& server) : Stubs(server, MakeChannel(server)) {}
  Stubs(const std::string& server, const std::shared_ptr<grpc::Channel>& channel)
      : address(server),
        record(v1::RecordService::NewStub(channel)),
        subject(v1::SubjectService::NewStub(channel)),
        study(v1::StudyService::NewStub(channel)),
        worklist(v1::WorklistService::NewStub(channel)),
        status(v1::StatusService::NewStub(channel)),
        backup(v1::BackupService::NewStub(channel)) {}

  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Unary(
      Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
      const Request& request, absl::Duration deadline = kCallDeadline) const {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + deadline));
    Response response;
    const grpc::Status status_of_call = (stub.*method)(&context, request, &response);
    if (!status_of_call.ok()) return ToStatus(status_of_call, context, address, deadline);
    return response;
  }

  const std::string address;
  const std::unique_ptr<v1::RecordService::Stub> record;
  const std::unique_ptr<v1::SubjectService::Stub> subject;
  const std::unique_ptr<v1::StudyService::Stub> study;
  const std::unique_ptr<v1::WorklistService::Stub> worklist;
  const std::unique_ptr<v1::StatusService::Stub> status;
  const std::unique_ptr<v1::BackupService::Stub> backup;
};

Client::Client(std::unique_ptr<Stubs> stubs) : stubs_(std::move(stubs)) {}
Client::~Client() = default;

absl::StatusOr<std::unique_ptr<Client>> Client::Create(const std::string& address) {
  if (absl::Status status = CheckAddress(address); !status.ok()) return status;
  return std::unique_ptr<Client>(new Client(std::make_unique<Stubs>(address)));
}

absl::StatusOr<v1::Record> Client::Call(const v1::GetRecordRequest& request) {
  return stubs_->Unary(*stubs_->record, &v1::RecordService::Stub::GetRecord, request);
}

absl::StatusOr<v1::ListRecordsResponse> Client::Call(const v1::ListRecordsRequest& request) {
  return stubs_->Unary(*stubs_->record, &v1::RecordService::Stub::ListRecords, request);
}

absl::StatusOr<v1::WriteRecordResponse> Client::Call(const v1::WriteRecordRequest& request) {
  return stubs_->Unary(*stubs_->record, &v1::RecordService::Stub::WriteRecord, request);
}

absl::StatusOr<v1::BatchWriteRecordsResponse> Client::Call(
    const v1::BatchWriteRecordsRequest& request) {
  return stubs_->Unary(*stubs_->record, &v1::RecordService::Stub::BatchWriteRecords, request,
                       kLongCallDeadline);
}

absl::StatusOr<v1::ActOnRecordResponse> Client::Call(const v1::ActOnRecordRequest& request) {
  return stubs_->Unary(*stubs_->record, &v1::RecordService::Stub::ActOnRecord, request);
}

absl::StatusOr<v1::ProveRecordResponse> Client::Call(const v1::ProveRecordRequest& request) {
  return stubs_->Unary(*stubs_->record, &v1::RecordService::Stub::ProveRecord, request);
}

absl::StatusOr<v1::GetRecordHistoryResponse> Client::Call(
    const v1::GetRecordHistoryRequest& request) {
  return stubs_->Unary(*stubs_->record, &v1::RecordService::Stub::GetRecordHistory, request);
}

absl::StatusOr<v1::Subject> Client::Call(const v1::CreateSubjectRequest& request) {
  return stubs_->Unary(*stubs_->subject, &v1::SubjectService::Stub::CreateSubject, request);
}

absl::StatusOr<v1::ListSubjectsResponse> Client::Call(const v1::ListSubjectsRequest& request) {
  return stubs_->Unary(*stubs_->subject, &v1::SubjectService::Stub::ListSubjects, request);
}

absl::StatusOr<v1::Subject> Client::Call(const v1::RenameSubjectRequest& request) {
  return stubs_->Unary(*stubs_->subject, &v1::SubjectService::Stub::RenameSubject, request);
}

absl::StatusOr<v1::Subject> Client::Call(const v1::MergeSubjectsRequest& request) {
  return stubs_->Unary(*stubs_->subject, &v1::SubjectService::Stub::MergeSubjects, request);
}

absl::StatusOr<v1::CheckStudyVersionResponse> Client::Call(
    const v1::CheckStudyVersionRequest& request) {
  return stubs_->Unary(*stubs_->study, &v1::StudyService::Stub::CheckStudyVersion, request,
                       kLongCallDeadline);
}

absl::StatusOr<v1::StudyVersion> Client::Call(const v1::PublishStudyVersionRequest& request) {
  return stubs_->Unary(*stubs_->study, &v1::StudyService::Stub::PublishStudyVersion, request,
                       kLongCallDeadline);
}

absl::StatusOr<v1::StudyVersion> Client::Call(const v1::GetStudyVersionRequest& request) {
  return stubs_->Unary(*stubs_->study, &v1::StudyService::Stub::GetStudyVersion, request);
}

absl::StatusOr<v1::ListStudyVersionsResponse> Client::Call(
    const v1::ListStudyVersionsRequest& request) {
  return stubs_->Unary(*stubs_->study, &v1::StudyService::Stub::ListStudyVersions, request);
}

absl::StatusOr<v1::StudyVersionActivation> Client::Call(
    const v1::ActivateStudyVersionRequest& request) {
  return stubs_->Unary(*stubs_->study, &v1::StudyService::Stub::ActivateStudyVersion, request);
}

absl::StatusOr<v1::StudyVersionActivation> Client::Call(
    const v1::RetireStudyVersionRequest& request) {
  return stubs_->Unary(*stubs_->study, &v1::StudyService::Stub::RetireStudyVersion, request);
}

absl::StatusOr<v1::ListDiscrepanciesResponse> Client::Call(
    const v1::ListDiscrepanciesRequest& request) {
  return stubs_->Unary(*stubs_->worklist, &v1::WorklistService::Stub::ListDiscrepancies, request);
}

absl::StatusOr<v1::Discrepancy> Client::Call(const v1::GetDiscrepancyRequest& request) {
  return stubs_->Unary(*stubs_->worklist, &v1::WorklistService::Stub::GetDiscrepancy, request);
}

absl::StatusOr<v1::SettleDiscrepancyResponse> Client::Call(
    const v1::SettleDiscrepancyRequest& request) {
  return stubs_->Unary(*stubs_->worklist, &v1::WorklistService::Stub::SettleDiscrepancy, request);
}

absl::StatusOr<v1::Discrepancy> Client::Call(const v1::OpenQueryRequest& request) {
  return stubs_->Unary(*stubs_->worklist, &v1::WorklistService::Stub::OpenQuery, request);
}

absl::StatusOr<v1::Discrepancy> Client::Call(const v1::AnswerQueryRequest& request) {
  return stubs_->Unary(*stubs_->worklist, &v1::WorklistService::Stub::AnswerQuery, request);
}

absl::StatusOr<v1::Discrepancy> Client::Call(const v1::CloseQueryRequest& request) {
  return stubs_->Unary(*stubs_->worklist, &v1::WorklistService::Stub::CloseQuery, request);
}

absl::StatusOr<v1::Status> Client::Call(const v1::GetStatusRequest& request) {
  return stubs_->Unary(*stubs_->status, &v1::StatusService::Stub::GetStatus, request);
}

absl::StatusOr<v1::LogPosition> Client::Call(const v1::GetLogPositionRequest& request) {
  return stubs_->Unary(*stubs_->status, &v1::StatusService::Stub::GetLogPosition, request);
}

absl::StatusOr<v1::ListRecoveriesResponse> Client::Call(const v1::ListRecoveriesRequest& request) {
  return stubs_->Unary(*stubs_->status, &v1::StatusService::Stub::ListRecoveries, request);
}

absl::StatusOr<v1::Backup> Client::Call(const v1::CreateBackupRequest& request) {
  return stubs_->Unary(*stubs_->backup, &v1::BackupService::Stub::CreateBackup, request,
                       kBackupDeadline);
}

absl::StatusOr<v1::BecomeReplicaResponse> Client::Call(const v1::BecomeReplicaRequest& request) {
  return stubs_->Unary(*stubs_->status, &v1::StatusService::Stub::BecomeReplica, request);
}

absl::StatusOr<v1::Status> Client::Call(const v1::SetLinkRequest& request) {
  return stubs_->Unary(*stubs_->status, &v1::StatusService::Stub::SetLink, request);
}

absl::Status Client::Verify(const std::function<void(const v1::VerifyProgress&)>& progress) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kVerifyDeadline));
  const auto reader = stubs_->status->Verify(&context, v1::VerifyRequest());
  v1::VerifyProgress message;
  while (reader->Read(&message)) progress(message);
  return ToStatus(reader->Finish(), context, stubs_->address, kVerifyDeadline);
}

std::optional<v1::WriteConflict> ConflictOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kConflictPayload);
  v1::WriteConflict conflict;
  if (!payload || !conflict.ParseFromString(std::string(*payload))) return std::nullopt;
  return conflict;
}

}  // namespace trialsync::command
