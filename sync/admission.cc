// SPDX-License-Identifier: Apache-2.0
#include "sync/admission.h"

#include <algorithm>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "proto/names.h"
#include "study/value.h"
#include "sync/limits.h"
#include "sync/record.h"

namespace trialsync::sync {
namespace {

bool IsCentreAct(const v1::Change& change) {
  return change.has_version_publication() || change.has_version_activation() ||
         change.has_version_retirement() || change.has_replica_enrolment();
}

std::optional<Judgement> AdmitVersion(PartitionState& state, const Arriving& arriving,
                                      std::shared_ptr<const study::Definition>& definition) {
  const v1::Change& change = *arriving.change;
  if (!NeedsVersion(change)) return std::nullopt;
  switch (StandingOf(state, change.version(), change.base())) {
    case VersionStanding::kUnknown:
      return Judgement::Held(
          v1::REASON_VERSION_UNKNOWN,
          {.change = std::nullopt, .version = change.version(), .record_key = std::nullopt});
    case VersionStanding::kInactive:
      return Judgement::Refused(v1::REASON_VERSION_INACTIVE);
    case VersionStanding::kActive:
      break;
  }
  definition = state.definitions().Find(change.version());
  return std::nullopt;
}

// The births that a change names; ids that are none are told by `malformed`.
absl::InlinedVector<ChangeId, 3> NamedBirths(const v1::Change& change, bool& malformed) {
  absl::InlinedVector<ChangeId, 3> named;
  const auto add = [&](const std::string& bytes) {
    if (const std::optional<ChangeId> id = ChangeId::From(bytes)) {
      named.push_back(*id);
    } else {
      malformed = true;
    }
  };
  const auto add_record = [&](const v1::RecordKey& key) {
    add(key.subject());
    if (!key.event_birth().empty()) add(key.event_birth());
    if (!key.form_birth().empty()) add(key.form_birth());
  };
  if (change.has_birth()) {
    if (change.birth().kind() != v1::BIRTH_KIND_SUBJECT) add_record(change.birth().parent());
  } else if (change.has_rename()) {
    add(change.rename().birth());
  } else if (change.has_same_thing()) {
    add(change.same_thing().birth());
    add(change.same_thing().other());
  } else if (change.has_record()) {
    add_record(change.record());
  }
  return named;
}

// A change that names a refused one is refused; one that names a held one waits with it.
std::optional<Judgement> AdmitNames(PartitionState& state, const v1::Change& change) {
  bool malformed = false;
  const absl::InlinedVector<ChangeId, 3> named = NamedBirths(change, malformed);
  if (malformed) return Judgement::Refused(v1::REASON_RECORD_INVALID);
  std::optional<ChangeId> awaited;
  for (const ChangeId& id : named) {
    if (state.Birth(id) != nullptr) continue;
    const std::optional<v1::ChangeRow> row = state.tables().Change(id);
    if (!row || row->outcome() == v1::OUTCOME_HELD) {
      if (!awaited) awaited = id;
    } else {
      return Judgement::Refused(row->outcome() == v1::OUTCOME_REFUSED ? v1::REASON_CHANGE_REFUSED
                                                                      : v1::REASON_RECORD_INVALID);
    }
  }
  if (awaited) return Judgement::AwaitsChange(*awaited);
  return std::nullopt;
}

// Whether the births that a record key names are of the kinds and parents that it says.
bool BirthsFit(PartitionState& state, const v1::RecordKey& key) {
  const auto is = [&](const std::string& bytes, v1::BirthKind kind, const v1::RecordKey& parent) {
    const v1::BirthRow* const row = state.Birth(*ChangeId::From(bytes));
    return row != nullptr && row->kind() == kind && SameRecord(row->parent(), parent);
  };
  if (!is(key.subject(), v1::BIRTH_KIND_SUBJECT, v1::RecordKey())) return false;
  if (key.event_birth().empty() && key.form_birth().empty()) return true;
  v1::RecordKey parent;
  parent.set_subject(key.subject());
  parent.set_event(key.event());
  if (!key.event_birth().empty() && !is(key.event_birth(), v1::BIRTH_KIND_EVENT, parent)) {
    return false;
  }
  parent.set_event_birth(key.event_birth());
  parent.set_form(key.form());
  return key.form_birth().empty() || is(key.form_birth(), v1::BIRTH_KIND_FORM, parent);
}

std::optional<Judgement> AdmitContent(PartitionState& state, const v1::Change& change,
                                      const study::Definition& definition) {
  if (change.has_birth()) {
    if (!CheckLabel(change.birth().label()).ok()) {
      return Judgement::Refused(v1::REASON_VALUE_INVALID);
    }
    if (!BirthFits(change.birth(), definition)) {
      return Judgement::Refused(v1::REASON_RECORD_INVALID);
    }
    return std::nullopt;
  }
  if (!change.has_record() || IsLabelRecord(change.record())) return std::nullopt;
  if (!RecordFits(change.record(), definition) || !BirthsFit(state, change.record())) {
    return Judgement::Refused(v1::REASON_RECORD_INVALID);
  }
  if (change.has_edit() && !RetiredPartOf(change.record(), definition).empty()) {
    return Judgement::Refused(v1::REASON_RECORD_INVALID);
  }
  if (!CheckWrites(change, definition).ok()) return Judgement::Refused(v1::REASON_VALUE_INVALID);
  return std::nullopt;
}

bool WellFormed(const v1::Change& change) {
  const bool on_record =
      change.has_edit() || change.has_act() || change.has_decision() || change.has_query_opening();
  if (on_record != change.has_record()) return false;
  if (change.has_edit() && (change.edit().writes().empty() || IsLabelRecord(change.record()))) {
    return false;
  }
  return change.body_case() != v1::Change::BODY_NOT_SET;
}

// The item of a form, looked for from `next` on, which goes behind it: writes are mostly in the
// order of the form. Null if the form has none of this id.
const v1::ItemDefinition* FindNext(const v1::FormDefinition& form, uint32_t id, int& next) {
  for (int tried = 0; tried < form.items_size(); ++tried, ++next) {
    if (next >= form.items_size()) next = 0;
    if (form.items(next).id() == id) return &form.items(next++);
  }
  return nullptr;
}

}  // namespace

VersionStanding StandingOf(PartitionState& state, const v1::VersionReference& version,
                           const v1::Position& base) {
  const v1::VersionRow* const row = state.Version(version);
  if (row == nullptr || !row->published_here() || state.definitions().Find(version) == nullptr) {
    return VersionStanding::kUnknown;
  }
  const auto as_of_base = [&](uint64_t number) { return number <= base.number(); };
  const bool activated = std::any_of(row->activated().begin(), row->activated().end(), as_of_base);
  const bool retired = std::any_of(row->retired().begin(), row->retired().end(), as_of_base);
  return activated && !retired ? VersionStanding::kActive : VersionStanding::kInactive;
}

std::shared_ptr<const study::Definition> NewestActive(PartitionState& state,
                                                      const v1::Position& base) {
  std::shared_ptr<const study::Definition> newest;
  for (const v1::VersionRow& row : state.Versions()) {
    if (StandingOf(state, row.version(), base) == VersionStanding::kActive) {
      newest = state.definitions().Find(row.version());
    }
  }
  return newest;
}

bool NeedsVersion(const v1::Change& change) { return !IsCentreAct(change); }

std::optional<Judgement> Admit(PartitionState& state, const Arriving& arriving,
                               std::shared_ptr<const study::Definition>& definition) {
  const v1::Change& change = *arriving.change;
  if (IsCentreAct(change) && !arriving.from_centre) {
    return Judgement::Refused(v1::REASON_NOT_PERMITTED);
  }
  if (!WellFormed(change)) return Judgement::Refused(v1::REASON_CHANGE_INVALID);
  if (std::optional<Judgement> judgement = AdmitVersion(state, arriving, definition)) {
    return judgement;
  }
  if (std::optional<Judgement> judgement = AdmitNames(state, change)) return judgement;
  if (definition == nullptr) return std::nullopt;
  return AdmitContent(state, change, *definition);
}

bool RecordFits(const v1::RecordKey& key, const study::Definition& definition) {
  const v1::EventDefinition* event = definition.FindEvent(key.event());
  const v1::FormDefinition* form = definition.FindForm(key.form());
  return event != nullptr && form != nullptr && definition.EventHasForm(event->id(), form->id()) &&
         event->repeating() == !key.event_birth().empty() &&
         form->repeating() == !key.form_birth().empty();
}

bool BirthFits(const v1::Birth& birth, const study::Definition& definition) {
  const v1::RecordKey& parent = birth.parent();
  const v1::EventDefinition* event = definition.FindEvent(parent.event());
  const v1::FormDefinition* form = definition.FindForm(parent.form());
  switch (birth.kind()) {
    case v1::BIRTH_KIND_SUBJECT:
      return parent.ByteSizeLong() == 0;
    case v1::BIRTH_KIND_EVENT:
      return event != nullptr && event->repeating() && !event->retired() && parent.form() == 0;
    case v1::BIRTH_KIND_FORM:
      return event != nullptr && !event->retired() && form != nullptr && form->repeating() &&
             !form->retired() && definition.EventHasForm(event->id(), form->id());
    default:
      return false;
  }
}

std::string RetiredPartOf(const v1::RecordKey& key, const study::Definition& definition) {
  const v1::EventDefinition& event = *definition.FindEvent(key.event());
  if (event.retired()) return absl::StrCat("the event ", event.name());
  const v1::FormDefinition& form = *definition.FindForm(key.form());
  return form.retired() ? absl::StrCat("the form ", form.name()) : "";
}

absl::Status CheckWrites(const v1::Change& change, const study::Definition& definition) {
  const auto& writes = change.has_edit() ? change.edit().writes() : change.decision().writes();
  if (writes.size() > kWritesPerChangeMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("a change writes at most ", kWritesPerChangeMax, " items"));
  }
  const v1::FormDefinition* const form = definition.FindForm(change.record().form());
  int next = 0;
  uint32_t greatest = 0;
  for (int i = 0; i < writes.size(); ++i) {
    const v1::ItemWrite& write = writes[i];
    const v1::ItemDefinition* const item =
        form == nullptr ? nullptr : FindNext(*form, write.item(), next);
    if (item == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("the form has no item with id ", write.item()));
    }
    const bool after_all = write.item() > greatest;
    if (after_all) greatest = write.item();
    for (int j = 0; !after_all && j < i; ++j) {
      if (writes[j].item() == write.item()) {
        return absl::InvalidArgumentError(absl::StrCat(item->name(), " is written twice"));
      }
    }
    const absl::Status valid = study::ValidateValue(definition.proto(), *item, write.value());
    if (!valid.ok()) return valid;
  }
  return absl::OkStatus();
}

}  // namespace trialsync::sync
