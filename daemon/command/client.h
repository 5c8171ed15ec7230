// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_CLIENT_H_
#define TRIALSYNC_DAEMON_COMMAND_CLIENT_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trialsync/v1/backup_service.pb.h"
#include "trialsync/v1/record_service.pb.h"
#include "trialsync/v1/status_service.pb.h"
#include "trialsync/v1/study_service.pb.h"
#include "trialsync/v1/subject_service.pb.h"
#include "trialsync/v1/worklist_service.pb.h"

namespace trialsync::command {

// One server, site or coordinator, as the command talks to it. The type of the request tells the
// method. Each call waits for its answer, at most as long as limits.h says. Errors have the code
// and the words of the server; where it gave none, they say which address and what to do. An
// ABORTED write carries its conflict (ConflictOf). Not for use by several threads.
class Client {
 public:
  // For HOST:PORT as daemon::ParseLoopback takes it, with a port; does not connect yet. A usage
  // error for everything else.
  static absl::StatusOr<std::unique_ptr<Client>> Create(const std::string& address);
  ~Client();

  absl::StatusOr<v1::Record> Call(const v1::GetRecordRequest& request);
  absl::StatusOr<v1::ListRecordsResponse> Call(const v1::ListRecordsRequest& request);
  absl::StatusOr<v1::WriteRecordResponse> Call(const v1::WriteRecordRequest& request);
  absl::StatusOr<v1::BatchWriteRecordsResponse> Call(const v1::BatchWriteRecordsRequest& request);
  absl::StatusOr<v1::ActOnRecordResponse> Call(const v1::ActOnRecordRequest& request);
  absl::StatusOr<v1::GetRecordHistoryResponse> Call(const v1::GetRecordHistoryRequest& request);
  absl::StatusOr<v1::ProveRecordResponse> Call(const v1::ProveRecordRequest& request);

  absl::StatusOr<v1::Subject> Call(const v1::CreateSubjectRequest& request);
  absl::StatusOr<v1::ListSubjectsResponse> Call(const v1::ListSubjectsRequest& request);
  absl::StatusOr<v1::Subject> Call(const v1::RenameSubjectRequest& request);
  absl::StatusOr<v1::Subject> Call(const v1::MergeSubjectsRequest& request);

  absl::StatusOr<v1::CheckStudyVersionResponse> Call(const v1::CheckStudyVersionRequest& request);
  absl::StatusOr<v1::StudyVersion> Call(const v1::PublishStudyVersionRequest& request);
  absl::StatusOr<v1::StudyVersion> Call(const v1::GetStudyVersionRequest& request);
  absl::StatusOr<v1::ListStudyVersionsResponse> Call(const v1::ListStudyVersionsRequest& request);
  absl::StatusOr<v1::StudyVersionActivation> Call(const v1::ActivateStudyVersionRequest& request);
  absl::StatusOr<v1::StudyVersionActivation> Call(const v1::RetireStudyVersionRequest& request);

  absl::StatusOr<v1::ListDiscrepanciesResponse> Call(const v1::ListDiscrepanciesRequest& request);
  absl::StatusOr<v1::Discrepancy> Call(const v1::GetDiscrepancyRequest& request);
  absl::StatusOr<v1::SettleDiscrepancyResponse> Call(const v1::SettleDiscrepancyRequest& request);
  absl::StatusOr<v1::Discrepancy> Call(const v1::OpenQueryRequest& request);
  absl::StatusOr<v1::Discrepancy> Call(const v1::AnswerQueryRequest& request);
  absl::StatusOr<v1::Discrepancy> Call(const v1::CloseQueryRequest& request);

  absl::StatusOr<v1::Status> Call(const v1::GetStatusRequest& request);
  absl::StatusOr<v1::Status> Call(const v1::SetLinkRequest& request);
  absl::StatusOr<v1::LogPosition> Call(const v1::GetLogPositionRequest& request);
  absl::StatusOr<v1::ListRecoveriesResponse> Call(const v1::ListRecoveriesRequest& request);
  absl::StatusOr<v1::BecomeReplicaResponse> Call(const v1::BecomeReplicaRequest& request);

  absl::StatusOr<v1::Backup> Call(const v1::CreateBackupRequest& request);

  // Hands each message of the stream to `progress` as it arrives.
  absl::Status Verify(const std::function<void(const v1::VerifyProgress&)>& progress);

 private:
  struct Stubs;
  explicit Client(std::unique_ptr<Stubs> stubs);

  const std::unique_ptr<Stubs> stubs_;
};

// What stood in the way of an ABORTED write; nothing for other statuses, or if the server did not
// tell.
std::optional<v1::WriteConflict> ConflictOf(const absl::Status& status);

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_CLIENT_H_
