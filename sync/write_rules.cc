// SPDX-License-Identifier: Apache-2.0
#include "sync/write_rules.h"

#include <algorithm>

#include "sync/query_rules.h"
#include "sync/record.h"
#include "sync/worklist.h"

namespace trialsync::sync {
namespace {

// One lineage of one change on its way through the table.
struct Merging {
  PartitionState& state;
  const Arriving& arriving;
  const study::Definition& definition;
  const CellWrite& write;
  v1::RecordState& record;
  v1::CellRow& cell;  // of the record
  bool owned;
  v1::ConflictPolicy on_conflict;

  bool equal() const { return EqualsStanding(cell, write, definition, state.definitions()); }
  bool seen() const { return cell.values().empty() || HasSeenValue(arriving, record, cell); }
  bool overtaken() const { return OvertakenOnOwnChain(arriving, record, cell); }
};

// A value changed: signatures and the other marks on what stood are void.
void EndMarks(v1::RecordState& record) {
  auto* acts = record.mutable_acts();
  const auto ended = std::remove_if(acts->begin(), acts->end(), [](const v1::ActRow& act) {
    return act.kind() == v1::RECORD_ACT_KIND_SIGN || act.kind() == v1::RECORD_ACT_KIND_VERIFY ||
           act.kind() == v1::RECORD_ACT_KIND_COMPLETE;
  });
  acts->erase(ended, acts->end());
}

v1::Outcome Apply(const Merging& merging, bool decision) {
  const bool changed = !merging.equal();
  ApplyWrite(merging.arriving, merging.write, merging.definition, decision,
             /*keep_other_parts=*/merging.seen(), merging.record, merging.cell);
  if (changed) EndMarks(merging.record);
  return v1::OUTCOME_APPLIED;
}

// One more writer; of a person's decision, and of a split of which it says only a part, only if
// it has seen it. A decision whose value stands already is a decision all the same.
v1::Outcome Agree(const Merging& merging, bool decision) {
  const bool covers = CoversStanding(merging.cell, merging.write, merging.definition);
  if (!merging.seen() && (!covers || merging.cell.decided())) {
    MarkEffect(merging.arriving, merging.record, merging.cell);
  } else if (decision) {
    SetOnlyWriter(merging.arriving, /*decided=*/true, merging.record, merging.cell);
  } else {
    AddWriter(merging.arriving, merging.record, merging.cell);
  }
  return v1::OUTCOME_AGREED;
}

v1::Outcome List(const Merging& merging, v1::DiscrepancyKind kind, v1::Outcome outcome) {
  ListWrite(merging.state, merging.arriving, merging.record, merging.write, merging.definition,
            kind, v1::DISCREPANCY_STATE_OPEN);
  return outcome;
}

v1::Outcome Propose(const Merging& merging) {
  return List(merging, v1::DISCREPANCY_KIND_PROPOSAL, v1::OUTCOME_PROPOSED);
}

v1::Outcome Dispute(const Merging& merging) {
  return List(merging, v1::DISCREPANCY_KIND_DISPUTE, v1::OUTCOME_DISPUTED);
}

// Rows 2 to 7. Row 5 stands before row 4: what its author overtook himself must not come back,
// even where he had seen what stands now.
v1::Outcome MergeByTable(const Merging& merging) {
  if (merging.equal()) return Agree(merging, /*decision=*/false);
  if (!merging.owned) return Propose(merging);
  if (merging.overtaken()) return v1::OUTCOME_OVERTAKEN;
  if (merging.seen()) return Apply(merging, /*decision=*/false);
  if (merging.on_conflict == v1::CONFLICT_POLICY_LATEST && !merging.cell.decided()) {
    ListWrite(merging.state, merging.arriving, merging.record, merging.write, merging.definition,
              v1::DISCREPANCY_KIND_DISPUTE, v1::DISCREPANCY_STATE_SETTLED_BY_RULE);
    return Apply(merging, /*decision=*/false);
  }
  return Dispute(merging);
}

// Row 1. A lock, a freeze or a void holds whatever the author saw; a signature, if he had not
// seen it.
std::optional<Judgement> HeldByRecord(const Arriving& arriving, const v1::RecordState& record) {
  const storage::Awaited end_of_hold{.change = std::nullopt,
                                     .version = std::nullopt,
                                     .record_key = storage::RecordKeyBytes(record.key())};
  if (FindAct(record, v1::RECORD_ACT_KIND_VOID) != nullptr) {
    return Judgement::Held(v1::REASON_RECORD_VOIDED);
  }
  if (IsLocked(record)) return Judgement::Held(v1::REASON_RECORD_LOCKED, end_of_hold);
  for (const v1::ActRow& act : record.acts()) {
    if (act.kind() == v1::RECORD_ACT_KIND_SIGN &&
        !HasSeen(arriving, act.by(), ChainOf(record, act.by()))) {
      return Judgement::Held(v1::REASON_RECORD_SIGNED, end_of_hold);
    }
  }
  return std::nullopt;
}

Merging MergingOf(PartitionState& state, const Arriving& arriving,
                  const study::Definition& definition, const CellWrite& write,
                  v1::RecordState& record) {
  const ItemPolicy policy = PolicyOf(
      definition, write.writes.empty() ? write.lineage : write.writes.front()->item());
  const bool owned = (policy.owner == v1::OWNER_CENTRE) == arriving.from_centre;
  v1::CellRow& cell = MutableCell(record, write.lineage);
  return {state, arriving, definition, write, record, cell, owned, policy.on_conflict};
}

// The outcome of the whole is the one that most wants attention; lineages with another are listed.
Verdict Summarise(const std::vector<CellVerdict>& cells) {
  constexpr v1::Outcome kByAttention[] = {v1::OUTCOME_DISPUTED, v1::OUTCOME_PROPOSED,
                                          v1::OUTCOME_OVERTAKEN, v1::OUTCOME_APPLIED,
                                          v1::OUTCOME_AGREED};
  Verdict verdict;
  for (const v1::Outcome outcome : kByAttention) {
    if (std::any_of(cells.begin(), cells.end(),
                    [outcome](const CellVerdict& cell) { return cell.outcome == outcome; })) {
      verdict.outcome = outcome;
      break;
    }
  }
  for (const CellVerdict& cell : cells) {
    if (cell.outcome != verdict.outcome) verdict.cells.push_back(cell);
  }
  return verdict;
}

enum class Listing { kOpen, kSettled, kNone };

Listing Look(PartitionState& state, const v1::DisputeReference& reference) {
  const std::optional<storage::DiscrepancyId> id = FindDispute(state, reference);
  if (!id) return Listing::kNone;
  return IsOpen(*state.tables().Discrepancy(*id)) ? Listing::kOpen : Listing::kSettled;
}

bool CloseListed(PartitionState& state, const Arriving& arriving, const v1::Decision& decision) {
  bool any = false;
  for (const v1::DisputeReference& reference : decision.closes()) {
    const std::optional<storage::DiscrepancyId> id = FindDispute(state, reference);
    if (id && CloseDiscrepancy(state, *id, arriving)) any = true;
  }
  return any;
}

// If a challenger is not committed, or held: held with it.
std::optional<Judgement> HeldWithChallenger(PartitionState& state, const v1::Decision& decision) {
  for (const v1::DisputeReference& reference : decision.closes()) {
    const std::optional<ChangeId> challenger = ChangeId::From(reference.challenger());
    if (!challenger) return Judgement::Refused(v1::REASON_CHANGE_INVALID);
    const std::optional<v1::ChangeRow> row = state.tables().Change(*challenger);
    if (!row || row->outcome() == v1::OUTCOME_HELD) return Judgement::AwaitsChange(*challenger);
  }
  return std::nullopt;
}

v1::Outcome JudgeDecision(const Merging& merging, const v1::Decision& decision) {
  const auto listed = [&](Listing listing) {
    return std::any_of(decision.closes().begin(), decision.closes().end(),
                       [&](const auto& r) { return Look(merging.state, r) == listing; });
  };
  const bool equal = merging.equal();
  if (listed(Listing::kSettled)) {
    return equal ? Agree(merging, /*decision=*/true) : Dispute(merging);
  }
  if (equal && listed(Listing::kNone)) return Agree(merging, /*decision=*/true);
  if (merging.overtaken()) {
    return equal ? Agree(merging, /*decision=*/true) : v1::OUTCOME_OVERTAKEN;
  }
  if (merging.seen()) return Apply(merging, /*decision=*/true);
  return equal ? Agree(merging, /*decision=*/true) : Dispute(merging);
}

// The one lineage that a decision is about; nullopt if there is not exactly one.
std::optional<uint32_t> LineageOf(const v1::Decision& decision, const std::vector<CellWrite>& cells) {
  std::optional<uint32_t> lineage;
  if (!cells.empty()) lineage = cells.front().lineage;
  if (cells.size() > 1) return std::nullopt;
  for (const v1::DisputeReference& reference : decision.closes()) {
    if (lineage && *lineage != reference.lineage()) return std::nullopt;
    lineage = reference.lineage();
  }
  return lineage;
}

}  // namespace

Judgement MergeEdit(PartitionState& state, const Arriving& arriving,
                    const study::Definition& definition) {
  const v1::Change& change = *arriving.change;
  v1::RecordState& record = state.MutableRecord(change.record());
  if (std::optional<Judgement> held = HeldByRecord(arriving, record)) return *held;
  std::vector<CellVerdict> cells;
  for (const CellWrite& write : WritesByLineage(change.edit().writes(), definition)) {
    cells.push_back(
        {write.lineage, MergeByTable(MergingOf(state, arriving, definition, write, record))});
  }
  DropUnusedWriters(record);
  UpdateCheckQueries(state, arriving, definition, record);
  Judgement judgement;
  judgement.verdict = Summarise(cells);
  return judgement;
}

Judgement MergeDecision(PartitionState& state, const Arriving& arriving,
                        const study::Definition& definition) {
  const v1::Change& change = *arriving.change;
  const v1::Decision& decision = change.decision();
  std::vector<CellWrite> cells = WritesByLineage(decision.writes(), definition);
  const std::optional<uint32_t> lineage = LineageOf(decision, cells);
  if (!lineage) return Judgement::Refused(v1::REASON_CHANGE_INVALID);
  if (std::optional<Judgement> held = HeldByRecord(arriving, state.Record(change.record()))) {
    return *held;
  }
  if (cells.empty()) cells.emplace_back().lineage = *lineage;
  v1::RecordState& record = state.MutableRecord(change.record());
  const Merging merging = MergingOf(state, arriving, definition, cells.front(), record);
  if (!merging.owned) return Judgement::Of(Propose(merging));
  if (std::optional<Judgement> held = HeldWithChallenger(state, decision)) return *held;

  if (decision.writes().empty()) {
    const bool closed = CloseListed(state, arriving, decision);
    return Judgement::Of(closed ? v1::OUTCOME_APPLIED : v1::OUTCOME_AGREED);
  }
  const v1::Outcome outcome = JudgeDecision(merging, decision);
  if (outcome == v1::OUTCOME_APPLIED || outcome == v1::OUTCOME_AGREED) {
    CloseListed(state, arriving, decision);
  }
  DropUnusedWriters(record);
  UpdateCheckQueries(state, arriving, definition, record);
  return Judgement::Of(outcome);
}

Judgement MergeLabel(PartitionState& state, const Arriving& arriving,
                     const study::Definition& definition, const v1::RecordKey& label_record,
                     const v1::ItemWrite& label) {
  v1::RecordState& record = state.MutableRecord(label_record);
  const CellWrite write{kLabelItem, {&label}};
  const v1::Outcome outcome =
      MergeByTable(MergingOf(state, arriving, definition, write, record));
  DropUnusedWriters(record);
  return Judgement::Of(outcome);
}

}  // namespace trialsync::sync
