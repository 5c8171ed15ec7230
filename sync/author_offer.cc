// SPDX-License-Identifier: Apache-2.0
#include "sync/author_offer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/admission.h"
#include "sync/open_disputes.h"
#include "sync/record.h"
#include "sync/standing.h"
#include "sync/words.h"

namespace trialsync::sync {
namespace {

using Writes = google::protobuf::RepeatedPtrField<v1::ItemWrite>;

absl::Status NotNow(const v1::Change& change, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat("this ", ActWord(change),
                                                    " cannot be offered again: ", why,
                                                    "; decline it, and write what is right"));
}

// Puts the identity under which something was born again, after its birth was refused, in the
// place of the refused one. Fails if what `birth` names, if anything, is not there.
absl::Status FollowBirth(View& view, const v1::Change& refused, std::string& birth) {
  const std::optional<ChangeId> id = ChangeId::From(birth);
  if (!id) return absl::OkStatus();
  view.PrepareBirth(*id);
  if (view.state().tables().Birth(*id)) return absl::OkStatus();
  const std::optional<v1::DiscrepancyRow> refusal =
      view.state().tables().Discrepancy({*id, v1::DISCREPANCY_KIND_REFUSED, 0});
  const auto again = refusal ? ChangeId::From(refusal->closed_by()) : std::nullopt;
  if (again) view.PrepareBirth(*again);
  if (!again || !view.state().tables().Birth(*again)) {
    return NotNow(refused, "it belongs to something that has not been born");
  }
  birth = again->str();
  return absl::OkStatus();
}

absl::Status FollowBirths(View& view, const v1::Change& refused, v1::RecordKey& key) {
  absl::Status status = FollowBirth(view, refused, *key.mutable_subject());
  if (status.ok()) status = FollowBirth(view, refused, *key.mutable_event_birth());
  if (status.ok()) status = FollowBirth(view, refused, *key.mutable_form_birth());
  return status;
}

absl::Status Reread(Desk& desk, const v1::Change& refused, const study::Definition& definition,
                    Writes& writes) {
  StandingValues values;
  for (const v1::ItemWrite& write : writes) {
    v1::StandingValue* value = values.Add();
    value->set_item(write.item());
    value->set_version(refused.version().number());
    *value->mutable_value() = write.value();
  }
  const auto read = WritesOf(values, definition, desk.view().state().definitions());
  if (!read.ok()) return NotNow(refused, read.status().message());
  writes.Assign(read->begin(), read->end());
  return absl::OkStatus();
}

// A value that stays where it was entered can be offered again there alone.
absl::Status CheckWithheld(Desk& desk, const StoredChange& refused, const Writes& writes) {
  const bool any = std::any_of(writes.begin(), writes.end(), [](const v1::ItemWrite& write) {
    return write.value().has_withheld();
  });
  const std::optional<ChainId> own = desk.view().state().tables().OwnChain();
  if (!any || (own && own->replica == refused.stamp.chain.replica)) return absl::OkStatus();
  return NotNow(refused.change, "it has a value that stays where it was entered");
}

absl::Status PrepareWrites(Desk& desk, const StoredChange& refused,
                           const study::Definition& definition, v1::Change& change) {
  Writes& writes = change.has_edit() ? *change.mutable_edit()->mutable_writes()
                                     : *change.mutable_decision()->mutable_writes();
  absl::Status status = CheckWithheld(desk, refused, writes);
  if (status.ok()) status = Reread(desk, refused.change, definition, writes);
  if (status.ok() && !IsLabelRecord(change.record())) {
    if (const absl::Status valid = CheckWrites(change, definition); !valid.ok()) {
      return NotNow(refused.change, valid.message());
    }
    status = CheckNotHeld(desk, change.record());
  }
  return status;
}

absl::Status PrepareRecordOf(Desk& desk, const v1::Change& refused,
                             const study::Definition& definition, v1::RecordKey& key) {
  absl::Status status = FollowBirths(desk.view(), refused, key);
  if (!status.ok()) return status;
  desk.view().PrepareRecord(key);
  if (IsLabelRecord(key)) return absl::OkStatus();
  if (!RecordFits(key, definition)) {
    return NotNow(
        refused, absl::StrCat("version ", definition.number(), " of the study has no such record"));
  }
  const std::string retired = refused.has_edit() ? RetiredPartOf(key, definition) : "";
  if (retired.empty()) return absl::OkStatus();
  return NotNow(refused, absl::StrCat(retired, " is retired in version ", definition.number(),
                                      " of the study"));
}

absl::Status PrepareBirth(Desk& desk, const v1::Change& refused,
                          const study::Definition& definition, v1::Birth& birth) {
  if (absl::Status label = CheckLabel(birth.label()); !label.ok()) {
    return NotNow(refused, label.message());
  }
  if (birth.kind() == v1::BIRTH_KIND_SUBJECT) return absl::OkStatus();
  if (BirthFits(birth, definition)) {
    return FollowBirths(desk.view(), refused, *birth.mutable_parent());
  }
  return NotNow(refused,
                absl::StrCat("version ", definition.number(), " of the study has no such repeat"));
}

absl::Status PrepareBody(Desk& desk, const StoredChange& refused,
                         const study::Definition& definition, v1::Change& change) {
  View& view = desk.view();
  if (change.has_record()) {
    absl::Status status =
        PrepareRecordOf(desk, refused.change, definition, *change.mutable_record());
    if (!status.ok()) return status;
  }
  if (change.has_edit() || change.has_decision()) {
    return PrepareWrites(desk, refused, definition, change);
  }
  if (change.has_birth()) {
    return PrepareBirth(desk, refused.change, definition, *change.mutable_birth());
  }
  if (change.has_act()) {
    change.mutable_act()->set_covers(ContentDigest(view.state().Record(change.record())).str());
  } else if (change.has_rename()) {
    const absl::Status label = CheckLabel(change.rename().label());
    if (!label.ok()) return NotNow(refused.change, label.message());
    return FollowBirth(view, refused.change, *change.mutable_rename()->mutable_birth());
  } else if (change.has_same_thing()) {
    v1::SameThing& same = *change.mutable_same_thing();
    absl::Status status = FollowBirth(view, refused.change, *same.mutable_birth());
    if (status.ok()) status = FollowBirth(view, refused.change, *same.mutable_other());
    return status;
  }
  return absl::OkStatus();
}

Desk::Scope OnBirths(std::initializer_list<std::string> births) {
  Desk::Scope scope;
  for (const std::string& birth : births) {
    if (const std::optional<ChangeId> id = ChangeId::From(birth)) scope.births.push_back(*id);
  }
  return scope;
}

}  // namespace

Desk::Scope ScopeOf(View& view, const StoredChange& stored) {
  const v1::Change& change = stored.change;
  if (change.has_record()) return OnRecord(change.record());
  if (change.has_birth()) return OnBirths({stored.id.str()});
  if (change.has_rename()) return OnBirths({change.rename().birth()});
  if (change.has_same_thing()) {
    return OnBirths({change.same_thing().birth(), change.same_thing().other()});
  }
  if (change.has_query_answer() || change.has_query_closing()) {
    const v1::QueryReference& query =
        change.has_query_answer() ? change.query_answer().query() : change.query_closing().query();
    const std::optional<ChangeId> opener = ChangeId::From(query.change());
    if (!opener) return {};
    const std::optional<v1::DiscrepancyRow> row =
        ReadDiscrepancy(view, {*opener, v1::DISCREPANCY_KIND_QUERY, query.check()});
    return row ? OnRecord(row->record()) : Desk::Scope();
  }
  const std::optional<ChangeId> settled = ChangeId::From(change.settlement().change());
  const std::optional<StoredChange> target =
      settled ? FindChange(view.state().tables(), *settled) : std::nullopt;
  // A settlement of a settlement of one: each is older than the one that names it.
  return target ? ScopeOf(view, *target) : Desk::Scope();
}

absl::StatusOr<v1::Change> OfferAgain(Desk& desk, const StoredChange& refused,
                                      const study::Definition& definition, const Person& person) {
  if (!NeedsVersion(refused.change)) {
    return NotNow(refused.change, "it is an act of the centre, to be done with trialsync study");
  }
  const v1::Change fresh = NewChange(desk, definition, person);
  v1::Change change = refused.change;
  *change.mutable_base() = fresh.base();
  *change.mutable_version() = fresh.version();
  change.set_author(fresh.author());
  *change.mutable_authored_time() = fresh.authored_time();
  change.set_authored_utc_offset_minutes(fresh.authored_utc_offset_minutes());
  change.set_reason(fresh.reason());
  change.set_request_id(fresh.request_id());
  change.set_nonce(fresh.nonce());
  change.set_offers_again(refused.id.str());
  if (absl::Status status = PrepareBody(desk, refused, definition, change); !status.ok()) {
    return status;
  }
  return change;
}

}  // namespace trialsync::sync
