// SPDX-License-Identifier: Apache-2.0
#include "sync/decision_plan.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/names.h"
#include "study/value.h"
#include "sync/authorship.h"
#include "sync/open_disputes.h"
#include "sync/record.h"
#include "sync/standing.h"
#include "sync/stored_change.h"

namespace trialsync::sync {
namespace {

using Request = v1::SettleDiscrepancyRequest;

// Digits of a change's id that tell alternatives apart.
constexpr size_t kDigitsMin = 4;

class Planner {
 public:
  Planner(Desk& desk, const Request& request, const storage::DiscrepancyId& id,
          const v1::DiscrepancyRow& row, const study::Definition& definition)
      : desk_(desk), request_(request), id_(id), row_(row), definition_(definition) {
    open_ = OpenDisputes(desk.view().state(), row.record(), row.lineage());
  }

  absl::StatusOr<DecisionPlan> Run() {
    Close();
    absl::Status status = absl::OkStatus();
    switch (request_.settlement_case()) {
      case Request::kKeep:
        status = Keep();
        break;
      case Request::kTake:
        status = Take();
        break;
      case Request::kValue:
        status = WriteValue();
        break;
      case Request::kAccept:
        status = Accept();
        break;
      default:
        break;
    }
    if (!status.ok()) return status;
    return std::move(plan_);
  }

 private:
  void AddClosed(const std::string& challenger, uint32_t lineage) {
    v1::DisputeReference* reference = plan_.decision.add_closes();
    reference->set_challenger(challenger);
    reference->set_lineage(lineage);
  }

  // The one that is settled first, then the others that its person saw.
  void Close() {
    AddClosed(id_.change.str(), row_.lineage());
    if (request_.has_decline()) return;
    for (const auto& [id, row] : open_) {
      if (id.change != id_.change) AddClosed(id.change.str(), row.lineage());
    }
  }

  StandingValues StandingNow() {
    const v1::CellRow* cell = FindCell(desk_.view().state().Record(row_.record()), row_.lineage());
    return cell == nullptr ? StandingValues() : cell->values();
  }

  absl::Status Keep() {
    const v1::RecordState& record = desk_.view().state().Record(row_.record());
    const v1::CellRow* cell = FindCell(record, row_.lineage());
    if (cell == nullptr || cell->values().empty() || cell->writers().empty()) {
      return absl::FailedPreconditionError("nothing stands here that could be kept: give a value");
    }
    return Write(cell->values(), ChangeId::From(LastWriter(record, *cell).change()));
  }

  // Writes what the change `source` wrote.
  absl::Status Write(const StandingValues& values, const std::optional<ChangeId>& source) {
    const auto writes = WritesOf(values, definition_, desk_.view().state().definitions());
    if (!writes.ok()) return writes.status();
    plan_.decision.mutable_writes()->Assign(writes->begin(), writes->end());
    if (source && AddKept(desk_, *source, plan_.decision.writes(), plan_.kept)) {
      return absl::OkStatus();
    }
    return absl::FailedPreconditionError(
        "the value stays where it was entered, and can be kept or taken over there alone: settle "
        "it there, or with --value at the hospital");
  }

  absl::Status Take() {
    const std::string wanted = absl::AsciiStrToLower(request_.take());
    if (!wanted.empty() && wanted.size() < kDigitsMin) return NoAlternative();
    std::vector<const DisputeEntry*> taken;
    for (const DisputeEntry& entry : open_) {
      if (entry.first.change.hex().starts_with(wanted)) taken.push_back(&entry);
    }
    if (taken.empty() && IsStanding(wanted)) return Keep();
    if (taken.size() != 1) return NoAlternative();
    return Write(taken.front()->second.challenging(), taken.front()->first.change);
  }

  bool IsStanding(const std::string& wanted) {
    const v1::RecordState& record = desk_.view().state().Record(row_.record());
    const v1::CellRow* cell = FindCell(record, row_.lineage());
    if (cell == nullptr) return false;
    return std::any_of(cell->writers().begin(), cell->writers().end(), [&](uint32_t writer) {
      return ToHex(record.writers(static_cast<int>(writer)).change()).starts_with(wanted);
    });
  }

  absl::Status NoAlternative() {
    const Vocabulary vocabulary(desk_.view().state());
    return absl::InvalidArgumentError(
        absl::StrCat("say which value to take by its change, as in --take ",
                     open_.front().first.change.hex().substr(0, 12), ": ",
                     absl::StrJoin(open_, ", ", [&](std::string* out, const DisputeEntry& entry) {
                       absl::StrAppend(out, entry.first.change.hex().substr(0, 12), " (",
                                       TextOf(entry.second.challenging(), vocabulary), ")");
                     })));
  }

  absl::Status WriteValue() {
    v1::ItemWrite* write = plan_.decision.add_writes();
    if (row_.lineage() == kLabelItem) {
      write->set_item(kLabelItem);
      write->mutable_value()->set_text(request_.value());
      return CheckLabel(request_.value());
    }
    const StandingValues standing = StandingNow();
    const StandingValues& shown = row_.challenging().empty() ? standing : row_.challenging();
    if (shown.size() != 1) {
      return absl::FailedPreconditionError(
          "several items are at stake here: decline it, or keep or take the values as they are, "
          "and write what is right");
    }
    const v1::ItemDefinition* item = definition_.FindItem(shown[0].item());
    if (item == nullptr) {
      return absl::FailedPreconditionError(absl::StrCat(
          "version ", definition_.number(), " of the study does not have this item any more"));
    }
    if (item->site_only() && desk_.at_centre()) {
      return absl::FailedPreconditionError(
          absl::StrCat(item->name(), ": the item stays at the hospital and is settled there"));
    }
    absl::StatusOr<v1::Value> value =
        study::ParseValue(definition_.proto(), *item, request_.value());
    if (!value.ok()) return value.status();
    write->set_item(item->id());
    *write->mutable_value() = *std::move(value);
    if (item->site_only() && !write->value().has_missing()) Withhold(*write);
    return absl::OkStatus();
  }

  // Takes the value out of the decision, to be kept beside it.
  void Withhold(v1::ItemWrite& write) {
    *plan_.kept.Add() = write;
    write.mutable_value()->mutable_withheld();
  }

  absl::Status Accept() {
    if (!row_.challenging().empty()) return Write(row_.challenging(), id_.change);
    const std::optional<StoredChange> proposal =
        FindChange(desk_.view().state().tables(), id_.change);
    if (!proposal) return absl::NotFoundError("the proposal is not there any more");
    if (proposal->change.has_same_thing()) {
      plan_.same_thing = proposal->change.same_thing();
      return absl::OkStatus();
    }
    // It proposes to write nothing: what it would close is closed, and nothing else.
    plan_.decision.clear_closes();
    AddClosed(id_.change.str(), row_.lineage());
    for (const v1::DisputeReference& closed : proposal->change.decision().closes()) {
      *plan_.decision.add_closes() = closed;
    }
    return absl::OkStatus();
  }

  Desk& desk_;
  const Request& request_;
  const storage::DiscrepancyId id_;
  const v1::DiscrepancyRow& row_;
  const study::Definition& definition_;
  std::vector<DisputeEntry> open_;
  DecisionPlan plan_;
};

}  // namespace

absl::StatusOr<DecisionPlan> PlanDecision(Desk& desk, const Request& request,
                                          const storage::DiscrepancyId& id,
                                          const v1::DiscrepancyRow& row,
                                          const study::Definition& definition) {
  return Planner(desk, request, id, row, definition).Run();
}

}  // namespace trialsync::sync
