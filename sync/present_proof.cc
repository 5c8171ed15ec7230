// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sync/checkpoint.h"
#include "sync/note_key.h"
#include "sync/present.h"
#include "sync/record_proof.h"
#include "sync/stored_change.h"

namespace trialsync::sync {
namespace {

// The commits that touched a record, oldest first.
std::vector<uint64_t> CommitsOf(View& view, const v1::RecordKey& key) {
  storage::PartitionTables& tables = view.state().tables();
  std::vector<uint64_t> commits;
  for (uint64_t number = view.state().Record(key).last_commit(); number != 0;) {
    commits.push_back(number);
    const std::optional<StoredChange> stored = ReadChange(tables, number);
    number = stored ? stored->previous_of_record : 0;
  }
  std::reverse(commits.begin(), commits.end());
  return commits;
}

absl::StatusOr<uint64_t> Choose(const std::vector<uint64_t>& commits,
                                const v1::ProveRecordRequest& request) {
  if (commits.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("nothing of ", request.name(),
                     " is in the log yet: a change can be proven once it was sent and receipted"));
  }
  if (request.commit() == 0) return commits.back();
  if (std::binary_search(commits.begin(), commits.end(), request.commit())) {
    return request.commit();
  }
  return absl::NotFoundError(absl::StrCat("commit ", request.commit(), " is not one of ",
                                          request.name(), "; it has ",
                                          absl::StrJoin(commits, ", ")));
}

}  // namespace

absl::StatusOr<v1::ProveRecordResponse> ProveRecord(View& view, const SiteName& parent,
                                                    const v1::ProveRecordRequest& request) {
  const absl::StatusOr<RecordName> name = ParseRecordName(request.name(), parent);
  if (!name.ok()) return name.status();
  const absl::StatusOr<v1::RecordKey> key = ResolveRecord(view, *name);
  if (!key.ok()) return key.status();
  storage::PartitionTables& tables = view.state().tables();
  const std::vector<uint64_t> commits = CommitsOf(view, *key);
  std::string note = tables.Checkpoint(tables.Head().epoch());
  const std::string verifier_key = storage::StoreTables(&tables.transaction()).VerifierKey();
  if (!tables.status().ok()) return tables.status();

  const absl::StatusOr<uint64_t> commit = Choose(commits, request);
  if (!commit.ok()) return commit.status();
  const absl::StatusOr<VerifierKey> verifier = VerifierKey::Parse(verifier_key);
  const absl::StatusOr<Checkpoint> checkpoint =
      verifier.ok() ? OpenCheckpoint(note, *verifier) : verifier.status();
  if (!checkpoint.ok() || checkpoint->size < *commit) {
    return absl::FailedPreconditionError(
        absl::StrCat("the coordinator has not signed the log of ", parent.ToString(),
                     " up to commit ", *commit, " yet: it does when it sends that to the site"));
  }
  const absl::StatusOr<RecordProof> proof =
      ProveCommit(tables, *commit, checkpoint->size, std::move(note));
  if (!proof.ok()) return proof.status();
  v1::ProveRecordResponse response;
  response.set_proof(FormatRecordProof(*proof));
  response.set_commit(*commit);
  response.mutable_commits()->Assign(commits.begin(), commits.end());
  response.set_verifier_key(verifier_key);
  return response;
}

}  // namespace trialsync::sync
