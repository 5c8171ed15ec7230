// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_PRESENT_H_
#define TRIALSYNC_SYNC_PRESENT_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "proto/names.h"
#include "sync/view.h"
#include "trialsync/v1/record_service.pb.h"
#include "trialsync/v1/subject_service.pb.h"
#include "trialsync/v1/worklist_service.pb.h"

// From what stands in a view to what the services show: resource names, texts, etags, history.
// Every function prepares in the view what it needs, and returns view.state().status() if a read
// failed. Lists are paged by an opaque token; a page has at most kPageSizeMax entries.
namespace trialsync::sync {

inline constexpr int kPageSizeDefault = 100;
inline constexpr int kPageSizeMax = 1000;

// The identity that a record's name means. NOT_FOUND names the part that does not exist.
absl::StatusOr<v1::RecordKey> ResolveRecord(View& view, const RecordName& name);
// The birth that `ZJU-007`, `ZJU-007?2`, `ZJU-007/UNS~2` or `ZJU-007/AE/AE~1` means.
absl::StatusOr<ChangeId> ResolveBirth(View& view, std::string_view name);

// The name of a record, with labels as they are now.
RecordName NameOf(View& view, const SiteName& parent, const v1::RecordKey& key);

// Values and names of items under `version`; if that is 0, each value as it was written, called by
// the name that its item has at the site now, i.e. in the newest version active there.
absl::StatusOr<v1::Record> PresentRecord(View& view, const SiteName& parent,
                                         const v1::RecordKey& key, uint32_t version,
                                         bool include_site_only);
absl::StatusOr<v1::ListRecordsResponse> ListRecords(View& view, const SiteName& parent,
                                                    const v1::ListRecordsRequest& request);
absl::StatusOr<v1::GetRecordHistoryResponse> PresentHistory(
    View& view, const SiteName& parent, const v1::GetRecordHistoryRequest& request);
absl::StatusOr<v1::ProveRecordResponse> ProveRecord(View& view, const SiteName& parent,
                                                    const v1::ProveRecordRequest& request);
absl::StatusOr<v1::Subject> PresentSubject(View& view, const SiteName& parent,
                                           const ChangeId& birth);
absl::StatusOr<v1::ListSubjectsResponse> ListSubjects(View& view, const SiteName& parent,
                                                      const v1::ListSubjectsRequest& request);
absl::StatusOr<v1::Discrepancy> PresentDiscrepancy(View& view, const SiteName& parent,
                                                   const storage::DiscrepancyId& id);
absl::StatusOr<v1::ListDiscrepanciesResponse> ListDiscrepancies(
    View& view, const SiteName& parent, const v1::ListDiscrepanciesRequest& request);

// The discrepancy that an id, a full name, or an unmistakable beginning of an id (`dispute-3f9a`)
// means. NOT_FOUND, or INVALID_ARGUMENT when it is the beginning of several.
absl::StatusOr<storage::DiscrepancyId> ResolveDiscrepancy(View& view, std::string_view name);

// An etag names, for each item of a record, the writers of its value, and the lock, signatures and
// void in force. It is opaque, and stays comparable per item: EtagDiffers says whether what
// `etag` names differs from what stands for one lineage. INVALID_ARGUMENT if it is no etag.
std::string EtagOf(const v1::RecordState& record);
std::string EtagOfLineage(const v1::RecordState& record, uint32_t lineage);
absl::StatusOr<bool> EtagDiffers(std::string_view etag, const v1::RecordState& record,
                                 uint32_t lineage);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_PRESENT_H_
