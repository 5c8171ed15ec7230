// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/str_cat.h"
#include "sync/author_common.h"
#include "sync/authorship.h"
#include "sync/present.h"
#include "sync/record.h"
#include "sync/words.h"
#include "sync/write_plan.h"

namespace trialsync::sync {
namespace {

bool Ends(v1::RecordActKind kind) {
  return kind == v1::RECORD_ACT_KIND_UNLOCK || kind == v1::RECORD_ACT_KIND_REINSTATE;
}

// Marks that several persons may set, each once.
bool IsPersonal(v1::RecordActKind kind) {
  return kind == v1::RECORD_ACT_KIND_COMPLETE || kind == v1::RECORD_ACT_KIND_VERIFY ||
         kind == v1::RECORD_ACT_KIND_SIGN;
}

absl::Status CheckEnds(const v1::RecordState& record, v1::RecordActKind kind,
                       const std::string& name) {
  if (kind == v1::RECORD_ACT_KIND_UNLOCK && !IsLocked(record)) {
    return absl::FailedPreconditionError(absl::StrCat(name, " is neither locked nor frozen"));
  }
  if (kind == v1::RECORD_ACT_KIND_REINSTATE &&
      FindAct(record, v1::RECORD_ACT_KIND_VOID) == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat(name, " is not void"));
  }
  return absl::OkStatus();
}

// Whether the act would say anything new of the record.
absl::Status CheckNew(Desk& desk, const v1::RecordState& record, v1::RecordActKind kind,
                      const std::string& author, const std::string& name) {
  Authors authors(desk.view());
  for (const v1::ActRow& act : record.acts()) {
    if (act.kind() != kind) continue;
    const Authorship& who = authors.Of(act.by().change());
    if (IsPersonal(kind) && who.author != author) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        name, " was ", ActDone(kind), " by ", who.author, " at ", MinuteOf(who.time), " already"));
  }
  return absl::OkStatus();
}

absl::Status CheckAct(Desk& desk, const v1::RecordKey& key, v1::RecordActKind kind,
                      const std::string& author) {
  const v1::RecordState& record = desk.view().state().Record(key);
  const bool is_void = FindAct(record, v1::RECORD_ACT_KIND_VOID) != nullptr;
  const bool barred = (is_void && kind != v1::RECORD_ACT_KIND_REINSTATE) ||
                      (IsLocked(record) && kind == v1::RECORD_ACT_KIND_VOID);
  if (barred) return CheckNotHeld(desk, key);
  const std::string name = NameOf(desk.view(), desk.partition_name(), key).Short();
  return Ends(kind) ? CheckEnds(record, kind, name) : CheckNew(desk, record, kind, author, name);
}

absl::Status CheckKind(const Person& person, v1::RecordActKind kind) {
  if (!v1::RecordActKind_IsValid(kind) || kind == v1::RECORD_ACT_KIND_UNSPECIFIED) {
    return absl::InvalidArgumentError(
        "say what is to be done: complete, verify, sign, freeze, "
        "lock, unlock, void or reinstate");
  }
  const bool explains_itself = !Ends(kind) && kind != v1::RECORD_ACT_KIND_VOID;
  return explains_itself ? absl::OkStatus()
                         : CheckReason(person, absl::StrCat("a record is ", ActDone(kind)));
}

absl::StatusOr<v1::ActOnRecordResponse> Respond(Desk& desk, const v1::RecordKey& key,
                                                const ChangeId& id, v1::Outcome outcome) {
  absl::StatusOr<v1::Record> record = PresentRecord(desk.view(), desk.partition_name(), key,
                                                    /*version=*/0, /*include_site_only=*/false);
  if (!record.ok()) return record.status();
  v1::ActOnRecordResponse response;
  *response.mutable_record() = *std::move(record);
  response.set_change(id.hex());
  response.set_outcome(outcome);
  return response;
}

}  // namespace

absl::StatusOr<v1::ActOnRecordResponse> ActOnRecord(Desk& desk,
                                                    const v1::ActOnRecordRequest& request,
                                                    std::optional<v1::WriteConflict>& conflict) {
  const Person person{request.author(), request.reason(), request.request_id()};
  absl::Status status = CheckPerson(person);
  if (status.ok()) status = CheckKind(person, request.kind());
  if (!status.ok()) return status;
  const absl::StatusOr<RecordName> name = RecordNameHere(desk, request.name());
  if (!name.ok()) return name.status();
  const absl::StatusOr<v1::RecordKey> key = ResolveRecord(desk.view(), *name);
  if (!key.ok()) return key.status();
  desk.view().PrepareRecord(*key);

  if (const std::optional<StoredChange> first = FindRequest(desk, person)) {
    const bool same =
        first->change.has_act() && first->change.act().kind() == request.kind() &&
        first->change.reason() == request.reason() &&
        storage::RecordKeyBytes(first->change.record()) == storage::RecordKeyBytes(*key);
    if (!same) return RequestReused(person);
    return Respond(desk, *key, first->id, VerdictOf(desk, first->id).outcome);
  }
  const auto definition = ActiveVersion(desk);
  if (!definition.ok()) return definition.status();
  status = CheckEtag(desk, *key, request.etag(), conflict);
  if (status.ok()) status = CheckAct(desk, *key, request.kind(), request.author());
  if (!status.ok()) return status;

  v1::Change change = NewChange(desk, **definition, person);
  *change.mutable_record() = *key;
  change.mutable_act()->set_kind(request.kind());
  change.mutable_act()->set_covers(ContentDigest(desk.view().state().Record(*key)).str());
  const absl::StatusOr<Desk::Saved> saved = SaveChange(desk, change, OnRecord(*key));
  if (!saved.ok()) return saved.status();
  return Respond(desk, *key, saved->id, saved->verdict.outcome);
}

}  // namespace trialsync::sync
