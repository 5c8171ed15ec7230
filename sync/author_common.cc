// SPDX-License-Identifier: Apache-2.0
#include "sync/author_common.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "sync/admission.h"
#include "sync/authorship.h"
#include "sync/limits.h"
#include "sync/present.h"
#include "sync/record.h"
#include "sync/time.h"
#include "sync/words.h"

namespace trialsync::sync {
namespace {

constexpr size_t kNonceBytes = 16;

absl::Status CheckLength(const char* what, const std::string& text, size_t bytes_max) {
  if (text.size() <= bytes_max) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the ", what, " has ", text.size(),
                                                 " bytes, and at most ", bytes_max,
                                                 " are kept: shorten it"));
}

}  // namespace

absl::Status CheckPerson(const Person& person) {
  if (person.author.empty()) {
    return absl::InvalidArgumentError("who does this? give --author");
  }
  absl::Status status = CheckLength("author", person.author, kAuthorBytesMax);
  if (status.ok()) status = CheckLength("reason", person.reason, kReasonBytesMax);
  if (status.ok()) status = CheckLength("request id", person.request_id, kRequestIdBytesMax);
  return status;
}

absl::Status CheckReason(const Person& person, const std::string& what) {
  if (!person.reason.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(what, ": say why with --reason TEXT"));
}

absl::Status CheckHere(const Desk& desk, const SiteName& name) {
  if (name == desk.partition_name()) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat(name.ToString(), " is not kept here: this is ",
                                          desk.partition_name().ToString()));
}

absl::StatusOr<RecordName> RecordNameHere(const Desk& desk, const std::string& name) {
  absl::StatusOr<RecordName> parsed = ParseRecordName(name, desk.partition_name());
  if (!parsed.ok()) return parsed;
  if (absl::Status here = CheckHere(desk, parsed->parent); !here.ok()) return here;
  return parsed;
}

absl::StatusOr<std::shared_ptr<const study::Definition>> ActiveVersion(Desk& desk) {
  std::shared_ptr<const study::Definition> active = NewestActive(desk.view().state(), desk.base());
  if (active != nullptr) return active;
  const SiteName& name = desk.partition_name();
  return absl::FailedPreconditionError(
      absl::StrCat("no version of study ", name.study, " is active for site ", name.site,
                   ": connect once, or ask the centre to activate one of trialsync study list: "
                   "trialsync study activate ",
                   name.study, "@VERSION --site ", name.site));
}

v1::Change NewChange(Desk& desk, const study::Definition& definition, const Person& person) {
  v1::Change change;
  change.set_study(desk.partition_name().study);
  change.set_site(desk.partition_name().site);
  *change.mutable_base() = desk.base();
  *change.mutable_version() = definition.version();
  change.set_author(person.author);
  *change.mutable_authored_time() = ToTimestamp(desk.now());
  change.set_reason(person.reason);
  change.set_request_id(person.request_id);
  change.set_nonce(desk.entropy().Bytes(kNonceBytes));
  return change;
}

absl::Status CheckSize(const v1::Change& change) {
  const size_t size_bytes = change.ByteSizeLong();
  if (size_bytes <= kChangeBytesMax) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("what is to be saved has ", size_bytes,
                                                 " bytes, and one change has at most ",
                                                 kChangeBytesMax, ": write fewer items at once"));
}

absl::StatusOr<Desk::Saved> SaveChange(Desk& desk, const v1::Change& change,
                                       const Desk::Scope& scope, const KeptValues& kept) {
  if (absl::Status read = desk.view().state().status(); !read.ok()) return read;
  if (absl::Status size = CheckSize(change); !size.ok()) return size;
  absl::StatusOr<Desk::Saved> saved = desk.Save(change, scope);
  if (!saved.ok() || kept.empty()) return saved;
  v1::PrivateEdit edit;
  *edit.mutable_record() = change.record();
  *edit.mutable_writes() = kept;
  edit.set_author(change.author());
  edit.set_reason(change.reason());
  *edit.mutable_authored_time() = change.authored_time();
  *edit.mutable_version() = change.version();
  if (absl::Status status = desk.SavePrivate(saved->id, edit); !status.ok()) return status;
  return saved;
}

bool AddKept(Desk& desk, const ChangeId& change,
             const google::protobuf::RepeatedPtrField<v1::ItemWrite>& writes, KeptValues& kept) {
  bool all = true;
  for (const v1::ItemWrite& write : writes) {
    if (!write.value().has_withheld()) continue;
    const std::optional<v1::StandingValue> value =
        desk.view().state().tables().PrivateValue(change, write.item());
    all = all && value;
    if (!value) continue;
    v1::ItemWrite* const found = kept.Add();
    found->set_item(write.item());
    *found->mutable_value() = value->value();
  }
  return all;
}

Desk::Scope OnRecord(const v1::RecordKey& key) {
  return {.record_key = storage::RecordKeyBytes(key), .births = {}};
}

absl::StatusOr<ChangeId> SaveBirth(Desk& desk, const study::Definition& definition,
                                   const Person& person, v1::BirthKind kind,
                                   const v1::RecordKey& parent, const std::string& label) {
  v1::Change change = NewChange(desk, definition, person);
  v1::Birth* birth = change.mutable_birth();
  birth->set_kind(kind);
  birth->set_label(label);
  *birth->mutable_parent() = parent;
  const ChangeId id = ChangeIdOf(Sha256Of(change.SerializeAsString()));
  const absl::StatusOr<Desk::Saved> saved =
      SaveChange(desk, change, {.record_key = "", .births = {id}});
  if (!saved.ok()) return saved.status();
  return saved->id;
}

std::optional<StoredChange> FindRequest(Desk& desk, const Person& person) {
  if (person.request_id.empty()) return std::nullopt;
  View& view = desk.view();
  view.PrepareRequest(person.author, person.request_id);
  storage::PartitionTables& tables = view.state().tables();
  const std::optional<ChangeId> first = tables.Request(person.author, person.request_id);
  if (!first) return std::nullopt;
  std::optional<StoredChange> found = FindChange(tables, *first);
  if (found) return found;
  view.PrepareAll();
  return FindChange(tables, *first);
}

absl::Status RequestReused(const Person& person) {
  return absl::AlreadyExistsError(
      absl::StrCat("the request id ", person.request_id, " was used by ", person.author,
                   " for something else: give every new request an id of its own"));
}

Verdict VerdictOf(Desk& desk, const ChangeId& id) {
  Verdict verdict;
  const std::optional<v1::ChangeRow> row = desk.view().state().tables().Change(id);
  if (!row) return verdict;
  verdict.outcome = row->outcome();
  verdict.reason = row->reason();
  for (const v1::CellOutcome& cell : row->cells()) {
    verdict.cells.push_back({cell.lineage(), cell.outcome()});
  }
  return verdict;
}

v1::Outcome OutcomeOf(const Verdict& verdict, uint32_t lineage) {
  for (const CellVerdict& cell : verdict.cells) {
    if (cell.lineage == lineage) return cell.outcome;
  }
  return verdict.outcome;
}

absl::Status CheckNotHeld(Desk& desk, const v1::RecordKey& key) {
  const v1::RecordState& record = desk.view().state().Record(key);
  for (const auto kind :
       {v1::RECORD_ACT_KIND_VOID, v1::RECORD_ACT_KIND_LOCK, v1::RECORD_ACT_KIND_FREEZE}) {
    const v1::ActRow* act = FindAct(record, kind);
    if (act == nullptr) continue;
    const Authorship who = Authors(desk.view()).Of(act->by().change());
    const std::string name = NameOf(desk.view(), desk.partition_name(), key).Short();
    const char* mend = kind == v1::RECORD_ACT_KIND_VOID ? "reinstate" : "unlock";
    return absl::FailedPreconditionError(
        absl::StrCat(name, " was ", ActDone(kind), " by ", who.author, " at ", MinuteOf(who.time),
                     "; to end that: trialsync record ", mend, " ", name, " --reason TEXT"));
  }
  return absl::OkStatus();
}

}  // namespace trialsync::sync
