// SPDX-License-Identifier: Apache-2.0
// §2: the table.
#include <algorithm>
#include <string>
#include <variant>

#include "tests/model/partition.h"

namespace trialsync::model {

Judgement Partition::JudgeBody(const Change& change, const Edit& edit) {
  for (const auto& [item, value] : edit.writes) {
    if (!rules_.item_of_other_version_accepted && !study_->Has(item, change.version.number)) {
      return Refused(change, "an item is not in the version of the change");
    }
  }
  if (std::optional<Judgement> held = HeldByRecord(change)) return *held;

  Judgement judgement{change.id, {}, {}, {}};
  std::optional<Outcome> first;
  for (const auto& [root, values] : ByCell(edit.writes)) {
    Outcome outcome = MergeByTable({change, change.record, root, values});
    if (rules_.record_judged_as_one_item) outcome = *(first = first.value_or(outcome));
    for (const auto& [item, value] : values) judgement.outcomes[item] = outcome;
  }
  return judgement;
}

// Row 1. A lock, a freeze or a void holds whatever the author saw; a signature holds if he had not
// seen it.
std::optional<Judgement> Partition::HeldByRecord(const Change& change) const {
  const auto unseen = [&](const ChangeId& by) {
    return !rules_.row1_asks_whether_lock_was_seen || !Seen(change, by);
  };
  for (const ChangeId& by : InForce(change.record, {ActKind::kVoid})) {
    if (!rules_.row1_ignores_void)
      return Held(change, {WaitKind::kVoid, {}, {}}, "voided by " + by);
  }
  for (const ChangeId& by : InForce(change.record, {ActKind::kLock})) {
    if (rules_.row1_ignores_lock || !unseen(by)) continue;
    return Held(change, {WaitKind::kLock, {}, {}}, "locked by " + by);
  }
  for (const ChangeId& by : InForce(change.record, {ActKind::kFreeze})) {
    if (rules_.row1_ignores_freeze || !unseen(by)) continue;
    return Held(change, {WaitKind::kLock, {}, {}}, "frozen by " + by);
  }
  if (!rules_.row1_ignores_unseen_signature && UnseenSignature(change)) {
    return Held(change, {WaitKind::kSignature, {}, {}}, "signed meanwhile");
  }
  return std::nullopt;
}

// Rows 2 to 7.
Outcome Partition::MergeByTable(const Write& write) {
  const Cell& cell = records_[write.record].cells[write.root];
  const bool empty = cell.content.empty();
  const bool equal = !empty && Equal(write, cell);
  const bool owns = Owns(write.change.side, write.root) || rules_.row3_missing ||
                    (empty && rules_.row3_not_for_empty);
  const bool seen = (empty && !rules_.row4_not_for_empty) || SeenValue(write.change, cell);
  const bool by_rule =
      !rules_.row6_missing &&
      (study_->Rule(write.root)->on_conflict == OnConflict::kLatest || rules_.row6_for_all_items) &&
      (!cell.decided || rules_.row6_over_decision);

  if (!owns && rules_.row3_before_row2) return Propose(write);
  if (seen && owns && rules_.row2_after_row4) return Apply(write, seen, /*decision=*/false);
  if (equal && !rules_.row2_missing) return Agree(write, /*decision=*/false);             // row 2
  if (!owns) return Propose(write);                                                       // row 3
  if (Overtaken(write) && !(seen && rules_.row5_after_row4)) return Outcome::kOvertaken;  // row 5
  if (seen && !rules_.row4_missing) return Apply(write, seen, /*decision=*/false);        // row 4
  if (by_rule) {                                                                          // row 6
    if (!rules_.row6_lists_nothing) {
      discrepancies_.push_back({DiscrepancyKind::kSettledByRule,
                                {write.change.id, write.root},
                                write.record,
                                cell.writers,
                                /*open=*/false});
    }
    return Apply(write, seen, /*decision=*/false);
  }
  if (rules_.row7_applies) return Apply(write, seen, /*decision=*/false);
  return Dispute(write);  // row 7
}

// Who had seen the value keeps the pieces of a split that he did not write; who had not replaces
// all.
Outcome Partition::Apply(const Write& write, bool seen, bool decision) {
  Cell& cell = records_[write.record].cells[write.root];
  const bool changed = !Equal(write, cell);
  Store(write, cell, /*keep_others=*/seen);
  if (!rules_.row4_keeps_writers && !(decision && rules_.decision_adds_writer))
    cell.writers.clear();
  cell.writers.push_back(write.change.id);
  cell.decided = decision && !rules_.decision_is_an_edit;
  if (changed) ValueChanged(write);
  if (rules_.edit_closes_disputes && !decision) {
    for (Discrepancy& discrepancy : discrepancies_) {
      if (discrepancy.record == write.record && discrepancy.id.item == write.root) {
        discrepancy.open = false;
      }
    }
  }
  return Outcome::kApplied;
}

// One more writer; of a person's decision, and of a split of which it says only a part, only if it
// has seen it. A decision is a decision where its value stands already, too: it becomes the only
// writer.
Outcome Partition::Agree(const Write& write, bool decision) {
  Cell& cell = records_[write.record].cells[write.root];
  const bool seen = SeenValue(write.change, cell);
  const bool covers = CoversAll(write, cell) || rules_.split_part_agreed_becomes_writer;
  const bool protects = cell.decided && !rules_.row2_unseen_decision_gets_writer;
  if (decision && !rules_.decision_agreed_only_adds_writer && (seen || (covers && !protects))) {
    cell.writers = {write.change.id};
    cell.decided = !rules_.decision_is_an_edit;
  } else if (!rules_.row2_adds_no_writer && (seen || (covers && !protects))) {
    if (rules_.row2_replaces_writers) cell.writers.clear();
    cell.writers.push_back(write.change.id);
  }
  if (rules_.agreed_ends_signature) ValueChanged(write);
  return Outcome::kAgreed;
}

Outcome Partition::Dispute(const Write& write) {
  Cell& cell = records_[write.record].cells[write.root];
  if (!rules_.row7_lists_nothing) {
    discrepancies_.push_back({DiscrepancyKind::kDispute,
                              {write.change.id, write.root},
                              write.record,
                              cell.writers,
                              /*open=*/true});
  }
  if (rules_.row7_replaces_value) Store(write, cell, /*keep_others=*/false);
  return Outcome::kDisputed;
}

Outcome Partition::Propose(const Write& write) {
  const Cell& cell = records_[write.record].cells[write.root];
  discrepancies_.push_back({DiscrepancyKind::kProposal,
                            {write.change.id, write.root},
                            write.record,
                            cell.writers,
                            /*open=*/true});
  return Outcome::kProposed;
}

// §2: a value is seen iff one of its writers is.
bool Partition::SeenValue(const Change& change, const Cell& cell) const {
  const auto seen = [&](const ChangeId& writer) { return Seen(change, writer); };
  if (cell.writers.empty()) return false;
  if (rules_.seen_needs_first_writer) return seen(cell.writers.front());
  if (rules_.seen_needs_all_writers) {
    return std::all_of(cell.writers.begin(), cell.writers.end(), seen);
  }
  return std::any_of(cell.writers.begin(), cell.writers.end(), seen);
}

// Row 5: a change on the same chain, made after this one, took effect on this item.
bool Partition::Overtaken(const Write& write) const {
  if (rules_.row5_missing) return false;
  for (const LogEntry& entry : log_) {
    const Change& later = entry.change;
    if (later.chain != write.change.chain || later.seq <= write.change.seq) continue;
    if (RecordOf(later) != write.record) continue;
    const auto* decision = std::get_if<Decision>(&later.body);
    if (decision != nullptr && decision->writes.empty()) continue;  // a decline changes no value
    for (const auto& [item, outcome] : entry.judgement.outcomes) {
      if (item == kWhole || CellKey(item) != write.root) continue;
      if (outcome == Outcome::kApplied || outcome == Outcome::kAgreed) return true;
    }
  }
  return false;
}

bool Partition::Owns(Side side, Item root) const { return study_->Rule(root)->owner == side; }

}  // namespace trialsync::model
