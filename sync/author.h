// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_AUTHOR_H_
#define TRIALSYNC_SYNC_AUTHOR_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "proto/names.h"
#include "study/definition.h"
#include "sync/machine.h"
#include "sync/view.h"

// From what a person asks for to changes: names are resolved, values parsed, etags compared, and
// whatever cannot be saved is told before it is called saved.
namespace trialsync::sync {

// What an author needs of the replica on which the act is saved. The site's puts changes into its
// outbox, the coordinator's commits them in the same group.
class Desk {
 public:
  virtual ~Desk() = default;

  // Study and site acted on.
  virtual const SiteName& partition_name() const = 0;
  // What the replica shows now, changes saved earlier in the same group included.
  virtual View& view() = 0;
  // The position that a change made now has as its base.
  virtual v1::Position base() const = 0;
  virtual bool at_centre() const = 0;
  virtual absl::Time now() const = 0;
  virtual Entropy& entropy() = 0;

  // Where a view replays a change: on a record, or on births.
  struct Scope {
    std::string record_key;
    std::vector<ChangeId> births;
  };
  // Saves a change whose nonce, base and time are set: stamps it with the next seq of the own
  // chain, takes it into the view, and says what the merge predicts (at the centre: what became of
  // it). RESOURCE_EXHAUSTED when the outbox is at its quota: nothing was saved.
  struct Saved {
    ChangeId id;
    Verdict verdict;
  };
  virtual absl::StatusOr<Saved> Save(const v1::Change& change, const Scope& scope) = 0;
  // Keeps the `site_only` values that the change, just saved, withholds, in their own table and log.
  // FAILED_PRECONDITION at the centre.
  virtual absl::Status SavePrivate(const ChangeId& change, const v1::PrivateEdit& edit) = 0;
  // Takes note of a prediction that turned out otherwise: a row of this replica's alone.
  virtual absl::Status ClosePrediction(const storage::DiscrepancyId& id) = 0;
};

// Each function answers one request. On error nothing of the request was saved, except as
// BatchWriteRecords says. Errors are those of the service's comments in proto/.
absl::StatusOr<v1::Subject> CreateSubject(Desk& desk, const v1::CreateSubjectRequest& request);
absl::StatusOr<v1::Subject> RenameSubject(Desk& desk, const v1::RenameSubjectRequest& request);
absl::StatusOr<v1::Subject> MergeSubjects(Desk& desk, const v1::MergeSubjectsRequest& request);

// `conflict` is set when the status is ABORTED.
absl::StatusOr<v1::WriteRecordResponse> WriteRecord(Desk& desk,
                                                    const v1::WriteRecordRequest& request,
                                                    std::optional<v1::WriteConflict>& conflict);
// A write that fails is told in its result and leaves the others alone; with `all_or_nothing` all
// are checked first, and none is made if one cannot be.
absl::StatusOr<v1::BatchWriteRecordsResponse> BatchWriteRecords(
    Desk& desk, const v1::BatchWriteRecordsRequest& request);
absl::StatusOr<v1::ActOnRecordResponse> ActOnRecord(Desk& desk,
                                                    const v1::ActOnRecordRequest& request,
                                                    std::optional<v1::WriteConflict>& conflict);
absl::StatusOr<v1::SettleDiscrepancyResponse> SettleDiscrepancy(
    Desk& desk, const v1::SettleDiscrepancyRequest& request);
absl::StatusOr<v1::Discrepancy> OpenQuery(Desk& desk, const v1::OpenQueryRequest& request);
absl::StatusOr<v1::Discrepancy> AnswerQuery(Desk& desk, const v1::AnswerQueryRequest& request);
absl::StatusOr<v1::Discrepancy> CloseQuery(Desk& desk, const v1::CloseQueryRequest& request);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_AUTHOR_H_
