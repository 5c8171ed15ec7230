// SPDX-License-Identifier: Apache-2.0
// §2: decisions.
#include <algorithm>
#include <set>
#include <string>

#include "tests/model/partition.h"

namespace trialsync::model {

Judgement Partition::JudgeBody(const Change& change, const Decision& decision) {
  std::set<Item> roots;
  for (const auto& [item, value] : decision.writes) {
    if (!study_->Has(item, change.version.number)) {
      return Refused(change, "an item is not in the version of the change");
    }
    roots.insert(CellKey(item));
  }
  for (const DiscrepancyId& id : decision.closes) roots.insert(id.item);
  if (roots.size() != 1 || !study_->Rule(*roots.begin())) {
    return Refused(change, "a decision is about one item");
  }

  if (!rules_.decision_ignores_row1) {
    if (std::optional<Judgement> held = HeldByRecord(change)) return *held;
  }
  const Write write{change, change.record, *roots.begin(), decision.writes};
  Judgement judgement{change.id, {}, {}, {}};
  std::optional<Outcome> outcome;
  if (!Owns(change.side, write.root)) {
    const bool declines = decision.writes.empty();
    const bool agrees = !declines && rules_.decision_of_other_side_agreed &&
                        Equal(write, records_[write.record].cells[write.root]);
    const bool acts =
        declines ? rules_.decline_of_other_side_closes : rules_.decision_of_other_side_applied;
    if (agrees) outcome = Agree(write, /*decision=*/false);
    if (!agrees && !acts) outcome = Propose(write);
  }
  if (!outcome) {
    if (std::optional<Judgement> held = HeldWithChallenger(change, decision)) return *held;
    outcome = JudgeDecision(write, decision);
  }
  for (const auto& [item, value] : decision.writes) judgement.outcomes[item] = *outcome;
  if (decision.writes.empty()) judgement.outcomes[write.root] = *outcome;
  return judgement;
}

// "If the challenger is not committed, or held: held with it."
std::optional<Judgement> Partition::HeldWithChallenger(const Change& change,
                                                       const Decision& decision) const {
  for (const DiscrepancyId& id : decision.closes) {
    const LogEntry* challenger = Find(id.challenger);
    const bool waits = challenger == nullptr
                           ? !rules_.decision_overtakes_uncommitted
                           : challenger->judgement.Held() && !rules_.decision_overtakes_held;
    if (waits)
      return Held(change, {WaitKind::kChange, id.challenger, {}}, "waits for " + id.challenger);
  }
  return std::nullopt;
}

Outcome Partition::JudgeDecision(const Write& write, const Decision& decision) {
  if (decision.writes.empty()) return JudgeDecline(decision);
  const Cell& cell = records_[write.record].cells[write.root];
  const auto listed = [&](Listing listing) {
    return std::any_of(decision.closes.begin(), decision.closes.end(),
                       [&](const DiscrepancyId& id) { return Look(id) == listing; });
  };
  const bool equal = Equal(write, cell);
  const bool seen = cell.content.empty() || SeenValue(write.change, cell) ||
                    rules_.decision_applied_unseen ||
                    (rules_.decision_without_dispute_seen_always && listed(Listing::kNone));

  Outcome outcome;
  if (listed(Listing::kSettled) && !rules_.decision_on_settled_applied) {
    const bool agrees = equal && !rules_.decision_on_settled_always_disputed;
    outcome = agrees ? Agree(write, /*decision=*/true) : Dispute(write);
    if (!agrees && rules_.decision_on_settled_closes_rest) Close(decision);
  } else if (listed(Listing::kNone) && rules_.decision_without_dispute_is_settled) {
    outcome = equal ? Agree(write, /*decision=*/true) : Dispute(write);
  } else if (listed(Listing::kNone) && equal) {
    outcome = Agree(write, /*decision=*/true);
  } else if (Overtaken(write) && !(seen && rules_.row5_after_row4)) {
    outcome = equal ? Agree(write, /*decision=*/true) : Outcome::kOvertaken;
  } else if (seen) {
    outcome = Apply(write, seen, /*decision=*/true);
  } else if (equal) {
    outcome = Agree(write, /*decision=*/true);
  } else if (rules_.decision_uses_latest && !cell.decided &&
             study_->Rule(write.root)->on_conflict == OnConflict::kLatest) {
    outcome = Apply(write, seen, /*decision=*/true);
  } else {
    outcome = Dispute(write);
  }
  const bool effective = outcome == Outcome::kApplied || outcome == Outcome::kAgreed;
  if (effective || (outcome == Outcome::kDisputed && rules_.decision_disputed_closes))
    Close(decision);
  return outcome;
}

// "Declining with nothing standing only closes."
Outcome Partition::JudgeDecline(const Decision& decision) {
  const bool any_open =
      std::any_of(decision.closes.begin(), decision.closes.end(),
                  [&](const DiscrepancyId& id) { return Look(id) == Listing::kOpen; });
  if (!rules_.decline_writes_nothing_and_closes_nothing) Close(decision);
  return any_open ? Outcome::kApplied : Outcome::kAgreed;
}

Partition::Listing Partition::Look(const DiscrepancyId& id) const {
  for (const Discrepancy& discrepancy : discrepancies_) {
    if (discrepancy.id != id || discrepancy.kind == DiscrepancyKind::kSettledByRule) continue;
    return discrepancy.open ? Listing::kOpen : Listing::kSettled;
  }
  return Listing::kNone;
}

// "What it does not list stays open."
void Partition::Close(const Decision& decision) {
  if (rules_.decision_closes_nothing) return;
  for (Discrepancy& discrepancy : discrepancies_) {
    for (const DiscrepancyId& id : decision.closes) {
      const bool unlisted = rules_.decision_closes_unlisted && discrepancy.id.item == id.item;
      if (discrepancy.id == id || unlisted) discrepancy.open = false;
    }
  }
}

}  // namespace trialsync::model
