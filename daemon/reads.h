// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_READS_H_
#define TRIALSYNC_DAEMON_READS_H_

#include "absl/status/statusor.h"
#include "daemon/backend.h"
#include "trialsync/v1/record_service.pb.h"
#include "trialsync/v1/status_service.pb.h"
#include "trialsync/v1/study_service.pb.h"
#include "trialsync/v1/subject_service.pb.h"
#include "trialsync/v1/worklist_service.pb.h"

// The reading methods of the services, each on a snapshot of its own: they neither wait for the
// loop nor hold it up. They read the disk: not for gRPC's threads. Errors are those of the
// service's comments in proto/. Safe to call from any thread.
namespace trialsync::daemon {

absl::StatusOr<v1::Record> GetRecord(const Backend& backend, const v1::GetRecordRequest& request);
absl::StatusOr<v1::ListRecordsResponse> ListRecords(const Backend& backend,
                                                    const v1::ListRecordsRequest& request);
absl::StatusOr<v1::GetRecordHistoryResponse> GetRecordHistory(
    const Backend& backend, const v1::GetRecordHistoryRequest& request);

absl::StatusOr<v1::ProveRecordResponse> ProveRecord(const Backend& backend,
                                                    const v1::ProveRecordRequest& request);

absl::StatusOr<v1::ListSubjectsResponse> ListSubjects(const Backend& backend,
                                                      const v1::ListSubjectsRequest& request);

absl::StatusOr<v1::ListDiscrepanciesResponse> ListDiscrepancies(
    const Backend& backend, const v1::ListDiscrepanciesRequest& request);
absl::StatusOr<v1::Discrepancy> GetDiscrepancy(const Backend& backend,
                                               const v1::GetDiscrepancyRequest& request);

absl::StatusOr<v1::LogPosition> GetLogPosition(const Backend& backend,
                                               const v1::GetLogPositionRequest& request);

absl::StatusOr<v1::CheckStudyVersionResponse> CheckStudyVersion(
    const Backend& backend, const v1::CheckStudyVersionRequest& request);
absl::StatusOr<v1::StudyVersion> GetStudyVersion(const Backend& backend,
                                                 const v1::GetStudyVersionRequest& request);
absl::StatusOr<v1::ListStudyVersionsResponse> ListStudyVersions(
    const Backend& backend, const v1::ListStudyVersionsRequest& request);

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_READS_H_
