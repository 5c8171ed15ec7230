// SPDX-License-Identifier: Apache-2.0
#include "sync/told.h"

namespace trialsync::sync {
namespace {

v1::Outcome Plain(v1::Outcome outcome) {
  return outcome == v1::OUTCOME_AGREED ? v1::OUTCOME_APPLIED : outcome;
}

void Add(uint32_t lineage, v1::Outcome outcome, Told& told) {
  if (Plain(outcome) != told.outcome) told.cells.push_back({lineage, Plain(outcome)});
}

}  // namespace

Told ToldOf(v1::Outcome outcome, const google::protobuf::RepeatedPtrField<v1::CellOutcome>& cells) {
  Told told{.outcome = Plain(outcome), .cells = {}};
  for (const v1::CellOutcome& cell : cells) Add(cell.lineage(), cell.outcome(), told);
  return told;
}

Told ToldOf(const Verdict& verdict) {
  Told told{.outcome = Plain(verdict.outcome), .cells = {}};
  for (const CellVerdict& cell : verdict.cells) Add(cell.lineage, cell.outcome, told);
  return told;
}

void ListContradicted(PartitionState& state, const ChangeId& id, const v1::Change& change,
                      uint64_t number, int64_t received_time_us) {
  if (!state.AnyTakenOff()) return;
  const storage::DiscrepancyId listed{id, v1::DISCREPANCY_KIND_CONTRADICTED, 0};
  const std::optional<v1::ChangeRow> now = state.tables().Change(id);
  if (!now || now->outcome() == v1::OUTCOME_HELD || state.tables().Discrepancy(listed)) return;
  for (const v1::TakenOff& before : state.tables().TakenOff(id)) {
    const bool told =
        before.outcome() != v1::OUTCOME_UNSPECIFIED && before.outcome() != v1::OUTCOME_HELD;
    if (!told || ToldOf(before.outcome(), before.cells()) == ToldOf(now->outcome(), now->cells())) {
      continue;
    }
    v1::DiscrepancyRow row;
    row.set_kind(listed.kind);
    row.set_state(v1::DISCREPANCY_STATE_OPEN);
    row.set_change(id.str());
    if (change.has_record()) *row.mutable_record() = change.record();
    row.set_reason(now->reason());
    row.set_opened_number(number);
    row.set_opened_time_us(received_time_us);
    *row.mutable_predicted() = before.cells();
    row.set_predicted_outcome(before.outcome());
    *row.mutable_received() = now->cells();
    row.set_received_outcome(now->outcome());
    return state.tables().PutDiscrepancy(listed, row);
  }
}

}  // namespace trialsync::sync
