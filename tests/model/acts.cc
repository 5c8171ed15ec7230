// SPDX-License-Identifier: Apache-2.0
// §4: acts on a whole record. §5: what a person does with a held change.
#include <algorithm>
#include <string>

#include "tests/model/partition.h"

namespace trialsync::model {
namespace {

const std::set<ActKind>& Locks() {
  static const auto& kinds = *new std::set<ActKind>{ActKind::kLock, ActKind::kFreeze};
  return kinds;
}

}  // namespace

Judgement Partition::JudgeBody(const Change& change, const Act& act) {
  const bool voided = !InForce(change.record, {ActKind::kVoid}).empty();
  const bool locked = !InForce(change.record, Locks()).empty();
  const bool needs_unlocked = (act.kind == ActKind::kVoid && !rules_.void_of_locked_applied) ||
                              (act.kind == ActKind::kSign && rules_.sign_of_locked_held);

  if (voided && act.kind != ActKind::kReinstate && !rules_.act_on_voided_applied) {
    return Held(change, {WaitKind::kVoid, {}, {}}, "the record is voided");
  }
  if (locked && needs_unlocked) {
    return Held(change, {WaitKind::kLock, {}, {}}, "the record is locked");
  }
  if (act.digest != Digest(change.record) && !rules_.act_ignores_digest) {
    return Held(change, {}, "what it covers is not what stands");
  }
  if (act.kind == ActKind::kUnlock) {
    return EndMarks(change,
                    rules_.unlock_leaves_freeze ? std::set<ActKind>{ActKind::kLock} : Locks());
  }
  if (act.kind == ActKind::kReinstate) return EndMarks(change, {ActKind::kVoid});
  records_[change.record].marks.push_back({act.kind, change.id, {}});
  return {change.id, Whole(Outcome::kApplied), {}, {}};
}

// "An unlock ends only a lock that it has seen; otherwise held."
Judgement Partition::EndMarks(const Change& change, const std::set<ActKind>& kinds) {
  const std::vector<ChangeId> in_force = InForce(change.record, kinds);
  const bool blind = kinds.contains(ActKind::kVoid) ? rules_.reinstate_ends_unseen_void
                                                    : rules_.unlock_ends_unseen_lock;
  for (const ChangeId& by : in_force) {
    if (!blind && !Seen(change, by)) return Held(change, {}, "it has not seen " + by);
  }
  if (!rules_.unlock_ends_nothing) {
    for (Mark& mark : records_[change.record].marks) {
      if (kinds.contains(mark.kind)) EndMark(mark, change.id);
    }
  }
  return {change.id, Whole(in_force.empty() ? Outcome::kAgreed : Outcome::kApplied), {}, {}};
}

void Partition::EndMark(Mark& mark, const ChangeId& by) {
  if (mark.ended_by.empty()) mark.ended_by = by;
}

// "Of something signed, and seen to be: applied, and the signature shows as void."
void Partition::ValueChanged(const Write& write) {
  for (Mark& mark : records_[write.record].marks) {
    const bool review = mark.kind == ActKind::kComplete || mark.kind == ActKind::kVerify;
    if (mark.kind == ActKind::kSign && !rules_.edit_keeps_signature) EndMark(mark, write.change.id);
    if (review && !rules_.edit_keeps_reviews) EndMark(mark, write.change.id);
  }
}

bool Partition::UnseenSignature(const Change& change) const {
  for (const ChangeId& by : InForce(change.record, {ActKind::kSign})) {
    if (!Seen(change, by) || rules_.row1_holds_on_seen_signature) return true;
  }
  return false;
}

// What happens to the held change itself: Partition::JudgeAt.
Judgement Partition::JudgeBody(const Change& change, const Settlement& settlement) {
  const LogEntry* target = Find(settlement.held);
  if (target == nullptr) {
    return Held(change, {WaitKind::kChange, settlement.held, {}}, "waits for " + settlement.held);
  }
  if (!target->judgement.Held() && !rules_.settlement_of_settled_judges_again) {
    return {change.id, Whole(Outcome::kAgreed), {}, {}};
  }
  if (!rules_.settlement_by_anyone && !MaySettle(change.side, target->change)) {
    return Refused(change, "it is for the other side to settle");
  }
  return {change.id, Whole(Outcome::kApplied), {}, {}};
}

// The side that owns one of the items written; for what writes none, the author's own side.
bool Partition::MaySettle(Side side, const Change& held) const {
  std::map<Item, Value> writes;
  if (const auto* edit = std::get_if<Edit>(&held.body)) writes = edit->writes;
  if (const auto* decision = std::get_if<Decision>(&held.body)) {
    writes = decision->writes;
    for (const DiscrepancyId& id : decision->closes) writes[id.item];
  }
  if (writes.empty()) return side == held.side;
  return std::any_of(writes.begin(), writes.end(), [&](const auto& write) {
    const std::optional<ItemRule> rule = study_->Rule(write.first);
    return rule && rule->owner == side;
  });
}

}  // namespace trialsync::model
