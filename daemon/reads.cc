// SPDX-License-Identifier: Apache-2.0
#include "daemon/reads.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/full_names.h"
#include "daemon/sight.h"
#include "sync/log_tree.h"
#include "sync/present.h"

namespace trialsync::daemon {
namespace {

// Where a list over several partitions goes on: the name of one, a space, and its own token. No
// name of a site has a space.
struct PageStart {
  std::string partition;
  std::string token;
};

PageStart ParseToken(const std::string& token) {
  const size_t space = token.find(' ');
  if (space == std::string::npos) return {token, ""};
  return {token.substr(0, space), token.substr(space + 1)};
}

int PageSize(int asked) {
  if (asked <= 0) return sync::kPageSizeDefault;
  return std::min(asked, sync::kPageSizeMax);
}

// One page of a list over all partitions that the request's parent means, by name. `list` lists
// one partition, `count` says how many entries a response has.
template <typename Request, typename Response>
absl::StatusOr<Response> ListOver(const Backend& backend, const Request& request,
                                  absl::StatusOr<Response> (*list)(sync::View&, const SiteName&,
                                                                   const Request&),
                                  int (*count)(const Response&)) {
  const Sight sight(backend);
  const absl::StatusOr<std::vector<Sight::Partition>> partitions = sight.Select(request.parent());
  if (!partitions.ok()) return partitions.status();
  const PageStart start = ParseToken(request.page_token());
  const int page_size = PageSize(request.page_size());
  Response response;
  for (const Sight::Partition& partition : *partitions) {
    const std::string name = partition.name.ToString();
    if (name < start.partition) continue;
    if (count(response) >= page_size) {
      response.set_next_page_token(name);
      return response;
    }
    Request part = request;
    part.set_parent(name);
    part.set_page_size(page_size - count(response));
    part.set_page_token(name == start.partition ? start.token : "");
    sync::View view = sight.ViewOf(partition);
    absl::StatusOr<Response> page = list(view, partition.name, part);
    if (!page.ok()) return page.status();
    response.MergeFrom(*page);
    if (!page->next_page_token().empty()) {
      response.set_next_page_token(absl::StrCat(name, " ", page->next_page_token()));
      return response;
    }
  }
  return response;
}

}  // namespace

absl::StatusOr<v1::Record> GetRecord(const Backend& backend, const v1::GetRecordRequest& request) {
  const Sight sight(backend);
  const absl::StatusOr<FoundRecord> found = FindRecord(sight, request.name());
  if (!found.ok()) return found.status();
  sync::View view = sight.ViewOf(found->partition);
  const absl::StatusOr<v1::RecordKey> key = sync::ResolveRecord(view, found->name);
  if (!key.ok()) return key.status();
  return sync::PresentRecord(view, found->partition.name, *key, request.version(),
                             request.include_site_only());
}

absl::StatusOr<v1::ListRecordsResponse> ListRecords(const Backend& backend,
                                                    const v1::ListRecordsRequest& request) {
  return ListOver<v1::ListRecordsRequest, v1::ListRecordsResponse>(
      backend, request, &sync::ListRecords,
      [](const v1::ListRecordsResponse& response) { return response.records_size(); });
}

absl::StatusOr<v1::GetRecordHistoryResponse> GetRecordHistory(
    const Backend& backend, const v1::GetRecordHistoryRequest& request) {
  const Sight sight(backend);
  const absl::StatusOr<FoundRecord> found = FindRecord(sight, request.name());
  if (!found.ok()) return found.status();
  sync::View view = sight.ViewOf(found->partition);
  v1::GetRecordHistoryRequest full = request;
  full.set_name(found->name.ToString());
  return sync::PresentHistory(view, found->partition.name, full);
}

absl::StatusOr<v1::ProveRecordResponse> ProveRecord(const Backend& backend,
                                                    const v1::ProveRecordRequest& request) {
  const Sight sight(backend);
  const absl::StatusOr<FoundRecord> found = FindRecord(sight, request.name());
  if (!found.ok()) return found.status();
  sync::View view = sight.ViewOf(found->partition);
  v1::ProveRecordRequest full = request;
  full.set_name(found->name.ToString());
  return sync::ProveRecord(view, found->partition.name, full);
}

absl::StatusOr<v1::ListSubjectsResponse> ListSubjects(const Backend& backend,
                                                      const v1::ListSubjectsRequest& request) {
  return ListOver<v1::ListSubjectsRequest, v1::ListSubjectsResponse>(
      backend, request, &sync::ListSubjects,
      [](const v1::ListSubjectsResponse& response) { return response.subjects_size(); });
}

absl::StatusOr<v1::ListDiscrepanciesResponse> ListDiscrepancies(
    const Backend& backend, const v1::ListDiscrepanciesRequest& request) {
  return ListOver<v1::ListDiscrepanciesRequest, v1::ListDiscrepanciesResponse>(
      backend, request, &sync::ListDiscrepancies,
      [](const v1::ListDiscrepanciesResponse& response) { return response.discrepancies_size(); });
}

absl::StatusOr<v1::Discrepancy> GetDiscrepancy(const Backend& backend,
                                               const v1::GetDiscrepancyRequest& request) {
  const Sight sight(backend);
  const absl::StatusOr<Sight::Partition> partition = FindDiscrepancy(sight, request.name());
  if (!partition.ok()) return partition.status();
  sync::View view = sight.ViewOf(*partition);
  const absl::StatusOr<storage::DiscrepancyId> id = sync::ResolveDiscrepancy(view, request.name());
  if (!id.ok()) return id.status();
  return sync::PresentDiscrepancy(view, partition->name, *id);
}

absl::StatusOr<v1::LogPosition> GetLogPosition(const Backend& backend,
                                               const v1::GetLogPositionRequest& request) {
  const Sight sight(backend);
  if (!sight.status().ok()) return sight.status();
  const SiteName name{request.study(), request.site()};
  for (const Sight::Partition& partition : sight.all_partitions()) {
    if (partition.name != name) continue;
    sync::View view = sight.ViewOf(partition);
    return sync::PositionAt(view.state().tables(), request.size());
  }
  return absl::NotFoundError(absl::StrCat("nothing of ", name.ToString(), " is here"));
}

}  // namespace trialsync::daemon
