// SPDX-License-Identifier: Apache-2.0
#include "sync/author_write.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "study/checks.h"
#include "study/value.h"
#include "sync/admission.h"
#include "sync/author_common.h"
#include "sync/author_label.h"
#include "sync/authorship.h"
#include "sync/present.h"
#include "sync/record.h"
#include "sync/resolve.h"
#include "sync/words.h"
#include "sync/write_plan.h"

namespace trialsync::sync {
namespace {

using DefinitionPointer = std::shared_ptr<const study::Definition>;

// The version that a client wants to write under, active or not.
absl::StatusOr<DefinitionPointer> VersionToWrite(Desk& desk, uint32_t number) {
  if (number == 0) return ActiveVersion(desk);
  const study::DefinitionSet& known = desk.view().state().definitions();
  if (DefinitionPointer found = known.Find(number)) return found;
  const std::string numbers = absl::StrJoin(
      known.all(), ", ",
      [](std::string* out, const DefinitionPointer& d) { absl::StrAppend(out, d->number()); });
  return absl::FailedPreconditionError(
      absl::StrCat("version ", number, " of study ", desk.partition_name().study,
                   " is not known here; known are: ", numbers.empty() ? "none" : numbers));
}

absl::Status NotThere(const RecordName& name, const Resolution& resolution) {
  const std::string& label = resolution.missing.front().label;
  const bool subject = resolution.missing.front().kind == v1::BIRTH_KIND_SUBJECT;
  return absl::NotFoundError(absl::StrCat("there is no ", subject ? "subject " : "repeat ~", label,
                                          " for ", name.Short(),
                                          ": make it first, or write with --create"));
}

absl::Status CheckNotRetired(const v1::RecordKey& key, const study::Definition& definition) {
  const std::string retired = RetiredPartOf(key, definition);
  if (retired.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      retired, " is retired in version ", definition.number(),
      " of the study: it is read but no longer written; write what has taken its place, or, where "
      "an older version is active still, under that with --version"));
}

// One request on its way to being saved.
class Writing {
 public:
  Writing(Desk& desk, const v1::WriteRecordRequest& request, WriteFailure& failure)
      : desk_(desk),
        request_(request),
        failure_(failure),
        person_{request.author(), request.reason(), request.request_id()} {}

  absl::StatusOr<v1::WriteRecordResponse> Run(bool validate_only) {
    if (absl::Status status = Prepare(); !status.ok()) return status;
    if (const std::optional<StoredChange> first = FindRequest(desk_, person_)) {
      return AnswerAgain(*first);
    }
    if (absl::Status status = Decide(); !status.ok()) return status;
    const bool any = std::any_of(items_.begin(), items_.end(), [](const Offered& offered) {
      return offered.fate == Fate::kWrite;
    });
    if (!any) return Answer({}, Verdict());
    if (absl::Status status = CheckBeforeSaving(); !status.ok()) return status;
    return validate_only ? Answer({}, Expected()) : Save();
  }

 private:
  // Names, values and versions into what they mean.
  absl::Status Prepare();
  absl::Status CheckRecord();
  absl::Status CheckMissing();
  absl::Status Decide();
  // What would keep the merge from taking the change as it is.
  absl::Status CheckBeforeSaving();
  absl::StatusOr<v1::WriteRecordResponse> Save();
  absl::Status SaveBirths(std::vector<ChangeId>& changes);
  KeptValues Kept() const;
  v1::Change MakeEdit();

  // Whether this is the value that the change has withheld of the item.
  bool IsKeptHere(const ChangeId& change, const Offered& offered);
  // Whether the request says what was saved under its id before.
  bool IsSame(const StoredChange& first);
  absl::StatusOr<v1::WriteRecordResponse> AnswerAgain(const StoredChange& first);
  Verdict Expected() const;
  absl::StatusOr<v1::WriteRecordResponse> Answer(const std::vector<ChangeId>& changes,
                                                 const Verdict& verdict);
  std::string RemarkOn(const Offered& offered, v1::Outcome outcome);
  v1::ItemResult ResultOf(const Offered& offered, const Verdict& verdict, Authors& authors);

  Desk& desk_;
  const v1::WriteRecordRequest& request_;
  WriteFailure& failure_;
  const Person person_;
  RecordName name_;
  DefinitionPointer definition_;
  // What is born is born under an active version: nothing may hang on a birth that was refused.
  DefinitionPointer birth_definition_;
  Resolution record_;
  std::vector<Offered> items_;
};

absl::Status Writing::Prepare() {
  if (absl::Status status = CheckPerson(person_); !status.ok()) return status;
  absl::StatusOr<RecordName> name = RecordNameHere(desk_, request_.name());
  if (!name.ok()) return name.status();
  name_ = *std::move(name);
  absl::StatusOr<DefinitionPointer> definition = VersionToWrite(desk_, request_.version());
  if (!definition.ok()) return definition.status();
  definition_ = *std::move(definition);
  absl::StatusOr<Resolution> record =
      FollowName(desk_.view(), Vocabulary(desk_.view().state()), name_);
  if (!record.ok()) return record.status();
  record_ = *std::move(record);
  if (absl::Status status = CheckRecord(); !status.ok()) return status;
  absl::StatusOr<std::vector<Offered>> items =
      ReadItems(desk_, request_, *definition_, record_.key.form(), failure_);
  if (!items.ok()) return items.status();
  items_ = *std::move(items);
  if (record_.missing.empty()) desk_.view().PrepareRecord(record_.key);
  return absl::OkStatus();
}

// The record is one that the version has and asks for, and what is not there can be made.
absl::Status Writing::CheckRecord() {
  v1::RecordKey whole = record_.key;
  for (const Resolution::Missing& missing : record_.missing) {
    absl::Status status = CheckNewLabel(desk_, missing.kind, ParentOf(missing.kind, whole),
                                        missing.label, std::nullopt);
    if (!status.ok()) return status;
    SetBirth(missing.kind, ChangeId(), whole);
  }
  record_.key = whole;
  if (!RecordFits(whole, *definition_)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "version ", definition_->number(), " of the study has no record like ", name_.Short()));
  }
  if (absl::Status status = CheckNotRetired(whole, *definition_); !status.ok()) return status;
  return record_.missing.empty() ? absl::OkStatus() : CheckMissing();
}

// What is not there can be made: under the version that is written under, if it is active.
absl::Status Writing::CheckMissing() {
  if (!request_.create_missing()) return NotThere(name_, record_);
  birth_definition_ = definition_;
  if (StandingOf(desk_.view().state(), definition_->version(), desk_.base()) !=
      VersionStanding::kActive) {
    absl::StatusOr<DefinitionPointer> active = ActiveVersion(desk_);
    if (!active.ok()) return active.status();
    birth_definition_ = *std::move(active);
  }
  if (RecordFits(record_.key, *birth_definition_)) {
    return CheckNotRetired(record_.key, *birth_definition_);
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "version ", birth_definition_->number(), ", which is active here, has no ", name_.Short(),
      ": it can be made when version ", definition_->number(), " is active"));
}

absl::Status Writing::Decide() {
  if (!record_.missing.empty()) {
    return DecideFates(desk_, request_, v1::RecordState(), *definition_, items_, failure_);
  }
  absl::Status status = DecideFates(desk_, request_, desk_.view().state().Record(record_.key),
                                    *definition_, items_, failure_);
  if (!absl::IsAborted(status)) return status;
  // That it is locked says more than that it was not so when it was read.
  absl::Status held = CheckNotHeld(desk_, record_.key);
  if (held.ok()) return status;
  failure_.conflict.reset();
  return held;
}

absl::Status Writing::CheckBeforeSaving() {
  if (record_.missing.empty()) {
    if (absl::Status status = CheckNotHeld(desk_, record_.key); !status.ok()) return status;
  }
  for (const Offered& offered : items_) {
    if (offered.fate != Fate::kWrite || offered.standing.empty) continue;
    absl::Status status = CheckReason(
        person_, absl::StrCat(offered.item->name(), " has a value already, which is changed"));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

v1::Change Writing::MakeEdit() {
  v1::Change change = NewChange(desk_, *definition_, person_);
  *change.mutable_record() = record_.key;
  for (const Offered& offered : items_) {
    if (offered.fate != Fate::kWrite) continue;
    v1::ItemWrite* write = change.mutable_edit()->add_writes();
    write->set_item(offered.item->id());
    if (offered.is_private()) {
      write->mutable_value()->mutable_withheld();
    } else {
      *write->mutable_value() = offered.value;
    }
  }
  return change;
}

absl::StatusOr<v1::WriteRecordResponse> Writing::Save() {
  absl::Status status = CheckSize(MakeEdit());
  std::vector<ChangeId> changes;
  if (status.ok()) status = SaveBirths(changes);
  if (!status.ok()) return status;
  const v1::Change change = MakeEdit();
  if (absl::Status valid = CheckWrites(change, *definition_); !valid.ok()) return valid;
  const absl::StatusOr<Desk::Saved> saved =
      SaveChange(desk_, change, OnRecord(record_.key), Kept());
  if (!saved.ok()) return saved.status();
  changes.push_back(saved->id);
  return Answer(changes, saved->verdict);
}

absl::Status Writing::SaveBirths(std::vector<ChangeId>& changes) {
  const Person without_request{person_.author, person_.reason, ""};
  for (const Resolution::Missing& missing : record_.missing) {
    const absl::StatusOr<ChangeId> birth =
        SaveBirth(desk_, *birth_definition_, without_request, missing.kind,
                  ParentOf(missing.kind, record_.key), missing.label);
    if (!birth.ok()) return birth.status();
    SetBirth(missing.kind, *birth, record_.key);
    changes.push_back(*birth);
  }
  record_.missing.clear();
  return absl::OkStatus();
}

KeptValues Writing::Kept() const {
  KeptValues kept;
  for (const Offered& offered : items_) {
    if (offered.fate != Fate::kWrite || !offered.is_private()) continue;
    v1::ItemWrite* write = kept.Add();
    write->set_item(offered.item->id());
    *write->mutable_value() = offered.value;
  }
  return kept;
}

// Whether the change wrote the item that is offered again.
bool Wrote(const StoredChange& first, const Offered& offered) {
  const auto& writes = first.change.edit().writes();
  return std::any_of(writes.begin(), writes.end(), [&](const v1::ItemWrite& write) {
    return write.item() == offered.item->id();
  });
}

bool Writing::IsKeptHere(const ChangeId& change, const Offered& offered) {
  const std::optional<v1::StandingValue> kept =
      desk_.view().state().tables().PrivateValue(change, offered.item->id());
  return kept && offered.is_private() &&
         study::FormatValue(kept->value()) == study::FormatValue(offered.value);
}

bool Writing::IsSame(const StoredChange& first) {
  const v1::Change& change = first.change;
  const bool same_place =
      record_.missing.empty() && change.has_edit() &&
      storage::RecordKeyBytes(change.record()) == storage::RecordKeyBytes(record_.key);
  if (!same_place || change.reason() != request_.reason()) return false;
  for (const v1::ItemWrite& write : change.edit().writes()) {
    const auto offered = std::find_if(items_.begin(), items_.end(), [&](const Offered& o) {
      return o.item->id() == write.item();
    });
    if (offered == items_.end()) return false;
    const v1::Value& written = write.value();
    const bool equal = written.has_withheld()
                           ? IsKeptHere(first.id, *offered)
                           : study::FormatValue(written) == study::FormatValue(offered->value);
    if (!equal) return false;
  }
  // What was not written then stood already, or was left.
  return std::all_of(items_.begin(), items_.end(), [&](const Offered& offered) {
    return offered.fate == Fate::kUnchanged || offered.fate == Fate::kLeft || Wrote(first, offered);
  });
}

absl::StatusOr<v1::WriteRecordResponse> Writing::AnswerAgain(const StoredChange& first) {
  // Only to see what stood then: what has changed since is no conflict of this request.
  WriteFailure since;
  std::swap(since, failure_);
  const absl::Status decided = Decide();
  std::swap(since, failure_);
  if (absl::IsInvalidArgument(decided)) return decided;
  if (!IsSame(first)) return RequestReused(person_);
  for (Offered& offered : items_) {
    if (Wrote(first, offered)) offered.fate = Fate::kWrite;
  }
  return Answer({first.id}, VerdictOf(desk_, first.id));
}

// A change made now has seen everything that shows here.
Verdict Writing::Expected() const {
  Verdict verdict;
  verdict.outcome = v1::OUTCOME_APPLIED;
  const bool active = StandingOf(desk_.view().state(), definition_->version(), desk_.base()) ==
                      VersionStanding::kActive;
  if (!active) {
    verdict.outcome = v1::OUTCOME_REFUSED;
    verdict.reason = v1::REASON_VERSION_INACTIVE;
    return verdict;
  }
  for (const Offered& offered : items_) {
    const bool equal =
        offered.standing.value &&
        study::CompareValues(*offered.standing.value, offered.value) == study::Comparison::kEqual;
    if (offered.owned && !equal) continue;
    verdict.cells.push_back({offered.lineage, equal ? v1::OUTCOME_AGREED : v1::OUTCOME_PROPOSED});
  }
  return verdict;
}

// What its author should know of a value that was taken: as what it was read, and that it is out of
// its range. Nothing of one that stays at the hospital.
std::string Writing::RemarkOn(const Offered& offered, v1::Outcome outcome) {
  std::vector<std::string> remarks;
  if (offered.is_private()) return "";
  if (offered.unit_assumed) {
    remarks.push_back(absl::StrCat("read as ", study::FormatValue(offered.value)));
  }
  const std::optional<study::CheckFinding> finding =
      study::CheckRanges(*definition_, offered.item->id(), offered.value);
  if (finding) {
    const bool query =
        finding->hard && outcome == v1::OUTCOME_APPLIED && !request_.validate_only();
    remarks.push_back(absl::StrCat(finding->message, query ? " (a query is open)" : ""));
  }
  return absl::StrJoin(remarks, "; ");
}

v1::ItemResult Writing::ResultOf(const Offered& offered, const Verdict& verdict, Authors& authors) {
  v1::ItemResult result;
  result.set_item(offered.item->name());
  if (offered.fate == Fate::kWrite) {
    result.set_outcome(OutcomeOf(verdict, offered.lineage));
    const bool waits =
        result.outcome() == v1::OUTCOME_HELD || result.outcome() == v1::OUTCOME_REFUSED;
    if (waits) {
      result.set_message(absl::StrCat("kept, and ", OutcomeWord(result.outcome()), ", because ",
                                      ReasonClause(verdict.reason), "; see: trialsync worklist"));
    } else {
      result.set_message(RemarkOn(offered, result.outcome()));
    }
  } else if (offered.fate == Fate::kLeft) {
    const v1::RecordState& record = desk_.view().state().Record(record_.key);
    const v1::CellRow* cell = FindCell(record, offered.lineage);
    result.set_standing(offered.standing.text);
    result.set_message(absl::StrCat(
        offered.standing.text, " stands, ", offered.standing.decided ? "decided" : "written",
        " by ", authors.Of(LastWriter(record, *cell).change()).author, ": left as it is"));
  }
  return result;
}

absl::StatusOr<v1::WriteRecordResponse> Writing::Answer(const std::vector<ChangeId>& changes,
                                                        const Verdict& verdict) {
  v1::WriteRecordResponse response;
  Authors authors(desk_.view());
  for (const Offered& offered : items_) {
    *response.add_results() = ResultOf(offered, verdict, authors);
  }
  for (const ChangeId& change : changes) response.add_changes(change.hex());
  if (record_.missing.empty()) {
    absl::StatusOr<v1::Record> record =
        PresentRecord(desk_.view(), desk_.partition_name(), record_.key, /*version=*/0,
                      /*include_site_only=*/false);
    if (!record.ok()) return record.status();
    *response.mutable_record() = *std::move(record);
  }
  if (absl::Status read = desk_.view().state().status(); !read.ok()) return read;
  return response;
}

}  // namespace

absl::StatusOr<v1::WriteRecordResponse> WriteOne(Desk& desk, const v1::WriteRecordRequest& request,
                                                 bool validate_only, WriteFailure& failure) {
  return Writing(desk, request, failure).Run(validate_only);
}

absl::StatusOr<v1::WriteRecordResponse> WriteRecord(Desk& desk,
                                                    const v1::WriteRecordRequest& request,
                                                    std::optional<v1::WriteConflict>& conflict) {
  WriteFailure failure;
  absl::StatusOr<v1::WriteRecordResponse> response =
      WriteOne(desk, request, request.validate_only(), failure);
  conflict = std::move(failure.conflict);
  return response;
}

}  // namespace trialsync::sync
