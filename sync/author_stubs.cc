// SPDX-License-Identifier: Apache-2.0
#include "sync/author.h"
#include "sync/present.h"
namespace trialsync::sync {
#define STUB { return absl::UnimplementedError("not yet"); }
absl::StatusOr<v1::Subject> CreateSubject(Desk&, const v1::CreateSubjectRequest&) STUB
absl::StatusOr<v1::Subject> RenameSubject(Desk&, const v1::RenameSubjectRequest&) STUB
absl::StatusOr<v1::Subject> MergeSubjects(Desk&, const v1::MergeSubjectsRequest&) STUB
absl::StatusOr<v1::WriteRecordResponse> WriteRecord(Desk&, const v1::WriteRecordRequest&, std::optional<v1::WriteConflict>&) STUB
absl::StatusOr<v1::BatchWriteRecordsResponse> BatchWriteRecords(Desk&, const v1::BatchWriteRecordsRequest&) STUB
absl::StatusOr<v1::ActOnRecordResponse> ActOnRecord(Desk&, const v1::ActOnRecordRequest&, std::optional<v1::WriteConflict>&) STUB
absl::StatusOr<v1::SettleDiscrepancyResponse> SettleDiscrepancy(Desk&, const v1::SettleDiscrepancyRequest&) STUB
absl::StatusOr<v1::Discrepancy> OpenQuery(Desk&, const v1::OpenQueryRequest&) STUB
absl::StatusOr<v1::Discrepancy> AnswerQuery(Desk&, const v1::AnswerQueryRequest&) STUB
absl::StatusOr<v1::Discrepancy> CloseQuery(Desk&, const v1::CloseQueryRequest&) STUB
absl::StatusOr<v1::RecordKey> ResolveRecord(View&, const RecordName&) STUB
absl::StatusOr<ChangeId> ResolveBirth(View&, std::string_view) STUB
RecordName NameOf(View&, const SiteName& parent, const v1::RecordKey&) { return {parent, "", "", ""}; }
absl::StatusOr<v1::Record> PresentRecord(View&, const SiteName&, const v1::RecordKey&, uint32_t, bool) STUB
absl::StatusOr<v1::ListRecordsResponse> ListRecords(View&, const SiteName&, const v1::ListRecordsRequest&) STUB
absl::StatusOr<v1::GetRecordHistoryResponse> PresentHistory(View&, const SiteName&, const v1::GetRecordHistoryRequest&) STUB
absl::StatusOr<v1::Subject> PresentSubject(View&, const SiteName&, const ChangeId&) STUB
absl::StatusOr<v1::ListSubjectsResponse> ListSubjects(View&, const SiteName&, const v1::ListSubjectsRequest&) STUB
absl::StatusOr<v1::Discrepancy> PresentDiscrepancy(View&, const SiteName&, const storage::DiscrepancyId&) STUB
absl::StatusOr<v1::ListDiscrepanciesResponse> ListDiscrepancies(View&, const SiteName&, const v1::ListDiscrepanciesRequest&) STUB
absl::StatusOr<storage::DiscrepancyId> ResolveDiscrepancy(View&, std::string_view) STUB
std::string EtagOf(const v1::RecordState&) { return ""; }
std::string EtagOfLineage(const v1::RecordState&, uint32_t) { return ""; }
absl::StatusOr<bool> EtagDiffers(std::string_view, const v1::RecordState&, uint32_t) STUB
}
