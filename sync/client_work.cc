// SPDX-License-Identifier: Apache-2.0
#include "sync/client_work.h"

#include <utility>

#include "proto/check.h"

namespace trialsync::sync {
namespace {

// Calls the author's function for each kind of work.
struct Performer {
  Desk& desk;
  Answer& answer;

  template <typename Result>
  void Set(absl::StatusOr<Result> result) {
    answer.status = result.status();
    if (result.ok()) answer.result = *std::move(result);
  }

  void operator()(const v1::CreateSubjectRequest& work) { Set(CreateSubject(desk, work)); }
  void operator()(const v1::RenameSubjectRequest& work) { Set(RenameSubject(desk, work)); }
  void operator()(const v1::MergeSubjectsRequest& work) { Set(MergeSubjects(desk, work)); }
  void operator()(const v1::WriteRecordRequest& work) {
    Set(WriteRecord(desk, work, answer.conflict));
  }
  void operator()(const v1::BatchWriteRecordsRequest& work) { Set(BatchWriteRecords(desk, work)); }
  void operator()(const v1::ActOnRecordRequest& work) {
    Set(ActOnRecord(desk, work, answer.conflict));
  }
  void operator()(const v1::SettleDiscrepancyRequest& work) {
    Set(SettleDiscrepancy(desk, work));
  }
  void operator()(const v1::OpenQueryRequest& work) { Set(OpenQuery(desk, work)); }
  void operator()(const v1::AnswerQueryRequest& work) { Set(AnswerQuery(desk, work)); }
  void operator()(const v1::CloseQueryRequest& work) { Set(CloseQuery(desk, work)); }
  void operator()(const v1::PublishStudyVersionRequest&) { RefuseAtSite(); }
  void operator()(const v1::ActivateStudyVersionRequest&) { RefuseAtSite(); }
  void operator()(const v1::RetireStudyVersionRequest&) { RefuseAtSite(); }

  // The machines do it without a desk.
  void operator()(const v1::BecomeReplicaRequest&) { TS_CHECK(false); }

  void RefuseAtSite() {
    answer.status = absl::FailedPreconditionError(
        "study versions are published, activated and retired at the coordinator: point --at at it");
  }
};

struct ResourceReader {
  std::string_view operator()(const v1::CreateSubjectRequest& work) { return work.parent(); }
  std::string_view operator()(const v1::BatchWriteRecordsRequest& work) {
    if (!work.parent().empty() || work.requests().empty()) return work.parent();
    return work.requests(0).name();
  }
  std::string_view operator()(const v1::OpenQueryRequest& work) { return work.record(); }
  std::string_view operator()(const v1::PublishStudyVersionRequest&) { return {}; }
  std::string_view operator()(const v1::ActivateStudyVersionRequest&) { return {}; }
  std::string_view operator()(const v1::RetireStudyVersionRequest&) { return {}; }
  std::string_view operator()(const v1::BecomeReplicaRequest&) { return {}; }
  template <typename Work>
  std::string_view operator()(const Work& work) {
    return work.name();
  }
};

}  // namespace

Answer Perform(Desk& desk, const ClientRequest& request) {
  Answer answer;
  answer.token = request.token;
  std::visit(Performer{desk, answer}, request.work);
  if (const absl::Status& read = desk.view().state().status(); !read.ok()) {
    answer.status = read;
    answer.result = std::monostate();
  }
  return answer;
}

std::string_view ResourceOf(const ClientWork& work) {
  return std::visit(ResourceReader{}, work);
}

}  // namespace trialsync::sync
