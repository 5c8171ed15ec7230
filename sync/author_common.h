// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_AUTHOR_COMMON_H_
#define TRIALSYNC_SYNC_AUTHOR_COMMON_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "study/definition.h"
#include "sync/author.h"
#include "sync/stored_change.h"

// What the functions of author.h share. References into a desk's view do not outlive a Save().
namespace trialsync::sync {

// Who does it, why, and under which id the client asks.
struct Person {
  std::string author;
  std::string reason;
  std::string request_id;
};

// OK if somebody is named and nothing is too long; INVALID_ARGUMENT otherwise.
absl::Status CheckPerson(const Person& person);
// INVALID_ARGUMENT if no reason is given; `what` is what needs one: "a value is changed".
absl::Status CheckReason(const Person& person, const std::string& what);

// OK if `name` is the desk's partition; NOT_FOUND otherwise.
absl::Status CheckHere(const Desk& desk, const SiteName& name);

// Study and site of a name, full or short, acted on here: as ParseRecordName(), then CheckHere().
absl::StatusOr<RecordName> RecordNameHere(const Desk& desk, const std::string& name);

// The newest version active for the site, under which everything is written that says no version.
// FAILED_PRECONDITION if there is none.
absl::StatusOr<std::shared_ptr<const study::Definition>> ActiveVersion(Desk& desk);

// A change without a body: study, site, base, nonce, time, version and who, why.
v1::Change NewChange(Desk& desk, const study::Definition& definition, const Person& person);

// INVALID_ARGUMENT for a change beyond kChangeBytesMax.
absl::Status CheckSize(const v1::Change& change);

// Values that stay at the hospital, which the change that writes them withholds.
using KeptValues = google::protobuf::RepeatedPtrField<v1::ItemWrite>;

// As Desk::Save(), after CheckSize(); `kept` is kept here beside the change.
absl::StatusOr<Desk::Saved> SaveChange(Desk& desk, const v1::Change& change,
                                       const Desk::Scope& scope, const KeptValues& kept = {});

// Puts what a change withholds of `writes` into `kept`, where this replica has it. False if it does
// not have all of it.
bool AddKept(Desk& desk, const ChangeId& change,
             const google::protobuf::RepeatedPtrField<v1::ItemWrite>& writes, KeptValues& kept);

// The scope of what happens on a record.
Desk::Scope OnRecord(const v1::RecordKey& key);

// Saves the birth of something called `label` and returns its identity.
absl::StatusOr<ChangeId> SaveBirth(Desk& desk, const study::Definition& definition,
                                   const Person& person, v1::BirthKind kind,
                                   const v1::RecordKey& parent, const std::string& label);

// The change that was saved when the client asked under this id before; nullopt for a new or an
// empty id.
std::optional<StoredChange> FindRequest(Desk& desk, const Person& person);
// ALREADY_EXISTS: the id was used for something else.
absl::Status RequestReused(const Person& person);
// What became of a change, as the view has it.
Verdict VerdictOf(Desk& desk, const ChangeId& id);

// The outcome of one lineage.
v1::Outcome OutcomeOf(const Verdict& verdict, uint32_t lineage);

// FAILED_PRECONDITION if a lock, a freeze or a void is in force on the record: by whom, since
// when, and what ends it. The record must be prepared.
absl::Status CheckNotHeld(Desk& desk, const v1::RecordKey& key);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_AUTHOR_COMMON_H_
