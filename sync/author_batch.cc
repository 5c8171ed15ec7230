// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "study/value.h"
#include "sync/author_common.h"
#include "sync/author_write.h"

namespace trialsync::sync {
namespace {

v1::BatchWriteResult ResultOf(absl::StatusOr<v1::WriteRecordResponse> response,
                              WriteFailure failure) {
  v1::BatchWriteResult result;
  if (response.ok()) {
    *result.mutable_response() = *std::move(response);
    return result;
  }
  result.set_code(static_cast<int>(response.status().code()));
  result.set_message(std::string(response.status().message()));
  if (failure.conflict) *result.mutable_conflict() = *std::move(failure.conflict);
  for (v1::ItemResult& invalid : failure.invalid) *result.add_invalid() = std::move(invalid);
  return result;
}

// Two writes of one batch each of which could be made, but not both: they are found before the
// first is made.
class Together {
 public:
  explicit Together(const Desk& desk) : desk_(desk) {}

  absl::Status Add(const v1::WriteRecordRequest& request) {
    if (!request.request_id().empty() &&
        !requests_.emplace(request.author(), request.request_id()).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("the request id ", request.request_id(), " stands twice in this batch"));
    }
    const absl::StatusOr<RecordName> name = ParseRecordName(request.name(), desk_.partition_name());
    if (!name.ok()) return name.status();
    for (const v1::ItemInput& input : request.items()) {
      const std::string text = input.has_value() ? study::FormatValue(input.value()) : input.text();
      const auto [it, inserted] =
          texts_.try_emplace(std::make_pair(name->Short(), input.item()), text);
      if (!inserted && it->second != text) {
        return absl::InvalidArgumentError(
            absl::StrCat(input.item(), " of ", name->Short(),
                         " is given two values in this batch: leave one out"));
      }
    }
    return absl::OkStatus();
  }

 private:
  const Desk& desk_;
  std::set<std::pair<std::string, std::string>> requests_;
  std::map<std::pair<std::string, std::string>, std::string> texts_;
};

// Checks every write of a batch of which all or none are to be made. False, with the reasons in
// `response`, if one cannot be.
bool AllCanBeWritten(Desk& desk, const v1::BatchWriteRecordsRequest& request,
                     v1::BatchWriteRecordsResponse& response) {
  Together together(desk);
  bool all = true;
  for (const v1::WriteRecordRequest& write : request.requests()) {
    WriteFailure failure;
    absl::StatusOr<v1::WriteRecordResponse> checked =
        WriteOne(desk, write, /*validate_only=*/true, failure);
    if (checked.ok()) {
      if (absl::Status status = together.Add(write); !status.ok()) checked = status;
    }
    all = all && checked.ok();
    *response.add_results() = ResultOf(std::move(checked), std::move(failure));
  }
  if (all) return true;
  for (v1::BatchWriteResult& result : *response.mutable_results()) {
    if (result.code() != 0) continue;
    result.clear_response();
    result.set_code(static_cast<int>(absl::StatusCode::kAborted));
    result.set_message("not written, because another write of this batch cannot be");
  }
  return false;
}

}  // namespace

absl::StatusOr<v1::BatchWriteRecordsResponse> BatchWriteRecords(
    Desk& desk, const v1::BatchWriteRecordsRequest& request) {
  const absl::StatusOr<SiteName> parent = ParseSiteName(request.parent(), desk.partition_name());
  if (!parent.ok()) return parent.status();
  if (absl::Status here = CheckHere(desk, *parent); !here.ok()) return here;

  v1::BatchWriteRecordsResponse response;
  if (request.all_or_nothing()) {
    const bool all = AllCanBeWritten(desk, request, response);
    if (absl::Status read = desk.view().state().status(); !read.ok()) return read;
    if (!all) return response;
    response.Clear();
  }
  for (const v1::WriteRecordRequest& write : request.requests()) {
    WriteFailure failure;
    absl::StatusOr<v1::WriteRecordResponse> written =
        WriteOne(desk, write, write.validate_only(), failure);
    if (absl::Status read = desk.view().state().status(); !read.ok()) return read;
    // Such as a full outbox: as an error it takes back what was saved of the request.
    if (request.all_or_nothing() && !written.ok()) return written.status();
    *response.add_results() = ResultOf(std::move(written), std::move(failure));
  }
  return response;
}

}  // namespace trialsync::sync
