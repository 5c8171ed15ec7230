// SPDX-License-Identifier: Apache-2.0
#include "tests/model/partition.h"

#include <algorithm>
#include <utility>

namespace trialsync::model {

bool Judgement::Held() const { return Of(kWhole) == Outcome::kHeld; }

bool Judgement::Refused() const { return Of(kWhole) == Outcome::kRefused; }

std::optional<Outcome> Judgement::Of(Item item) const {
  auto found = outcomes.find(item);
  if (found == outcomes.end()) found = outcomes.find(kWhole);
  if (found == outcomes.end()) return std::nullopt;
  return found->second;
}

Partition::Partition(const Study& study, const Rules& rules)
    : study_(std::make_shared<const Study>(study)), rules_(rules) {}

// §1: an id is committed at most once in a log. §5: what waited for this commit is admitted by it.
CommitResult Partition::Commit(const Change& change) {
  if (const LogEntry* known = Find(change.id)) {
    if (!rules_.duplicate_is_committed_again) return {known->position, true, {known->judgement}};
  }
  const Position position{Head().epoch, Head().number + 1};
  log_.push_back({change, position, {}, {}});
  CommitResult result{position, false, {}};
  JudgeAt(log_.size() - 1, result);
  while (std::optional<std::size_t> released = FirstReleased()) JudgeAt(*released, result);
  return result;
}

Position Partition::Head() const { return log_.empty() ? Position{} : log_.back().position; }

const LogEntry* Partition::Find(const ChangeId& id) const {
  for (const LogEntry& entry : log_) {
    if (entry.change.id == id) return &entry;
  }
  return nullptr;
}

LogEntry* Partition::FindMutable(const ChangeId& id) {
  for (LogEntry& entry : log_) {
    if (entry.change.id == id) return &entry;
  }
  return nullptr;
}

// A change takes effect at the commit that admits it: the head, whether it is judged for the first
// time or again.
void Partition::JudgeAt(std::size_t index, CommitResult& result) {
  LogEntry& entry = log_[index];
  if (rules_.admitted_sees_everything && entry.judgement.Held()) {
    Change all_seeing = entry.change;
    all_seeing.base = Head();
    entry.judgement = Judge(all_seeing);
  } else {
    entry.judgement = Judge(entry.change);
  }
  if (!entry.judgement.Held()) entry.effect = Head();
  result.judged.push_back(entry.judgement);

  const auto* settlement = std::get_if<Settlement>(&entry.change.body);
  if (settlement == nullptr || entry.judgement.Of(kWhole) != Outcome::kApplied) return;
  LogEntry* target = FindMutable(settlement->held);
  if (settlement->admit) {
    if (!rules_.settlement_admits_nothing) {
      JudgeAt(static_cast<std::size_t>(target - log_.data()), result);
    }
  } else if (!rules_.settlement_never_dismisses) {
    target->judgement = Refused(target->change, "dismissed by " + entry.change.id);
    target->effect = Head();
    result.judged.push_back(target->judgement);
  }
}

Judgement Partition::Judge(const Change& change) {
  if (std::optional<Judgement> judgement = JudgeVersion(change)) return *judgement;
  if (std::optional<Judgement> judgement = JudgeNames(change)) return *judgement;
  return std::visit([&](const auto& body) { return JudgeBody(change, body); }, change.body);
}

// §2: in commit order.
std::optional<std::size_t> Partition::FirstReleased() const {
  std::optional<std::size_t> released;
  for (std::size_t i = 0; i < log_.size(); ++i) {
    if (!log_[i].judgement.Held() || !Released(log_[i])) continue;
    released = i;
    if (!rules_.admit_out_of_order) break;
  }
  return released;
}

bool Partition::Released(const LogEntry& entry) const {
  const Change& change = entry.change;
  const Wait& wait = entry.judgement.wait;
  switch (wait.kind) {
    case WaitKind::kNobody:
      return false;
    case WaitKind::kVoid:
      return rules_.admit_all_after_void && InForce(change.record, {ActKind::kVoid}).empty();
    case WaitKind::kLock:
      return !rules_.admit_nothing_after_unlock &&
             InForce(change.record, {ActKind::kLock, ActKind::kFreeze}).empty();
    case WaitKind::kSignature:
      return !rules_.admit_nothing_after_signature && !UnseenSignature(change);
    case WaitKind::kVersion:
      return !rules_.admit_nothing_after_publish && Known(wait.version);
    case WaitKind::kChange: {
      const LogEntry* named = Find(wait.change);
      if (named == nullptr) return false;
      return std::holds_alternative<Settlement>(change.body) || !named->judgement.Held();
    }
  }
  return false;
}

// §2: W took effect at a position at or below A.base, or is on A's own chain before A.
bool Partition::Seen(const Change& change, const ChangeId& writer) const {
  const LogEntry* entry = Find(writer);
  if (entry == nullptr || entry->judgement.Held() || entry->judgement.Refused()) return false;
  if (rules_.seen_all_that_is_committed) return true;
  if (!rules_.seen_ignores_own_chain && entry->change.chain == change.chain) {
    if (entry->change.seq < change.seq || rules_.seen_later_own_chain) return true;
  }
  if (rules_.seen_ignores_base) return false;
  const std::int64_t number =
      rules_.seen_by_commit_not_by_effect ? entry->position.number : entry->effect.number;
  if (rules_.seen_uses_less_than) return number < change.base.number;
  return number <= change.base.number;
}

std::map<Item, Outcome> Partition::Whole(Outcome outcome) const { return {{kWhole, outcome}}; }

Judgement Partition::Held(const Change& change, Wait wait, std::string reason) const {
  return {change.id, Whole(Outcome::kHeld), std::move(wait), std::move(reason)};
}

Judgement Partition::Refused(const Change& change, std::string reason) const {
  return {change.id, Whole(Outcome::kRefused), {}, std::move(reason)};
}

std::vector<ChangeId> Partition::Held() const {
  std::vector<ChangeId> held;
  for (const LogEntry& entry : log_) {
    if (entry.judgement.Held()) held.push_back(entry.change.id);
  }
  return held;
}

std::vector<ChangeId> Partition::InForce(const std::string& record,
                                         const std::set<ActKind>& kinds) const {
  std::vector<ChangeId> in_force;
  auto found = records_.find(record);
  if (found == records_.end()) return in_force;
  for (const Mark& mark : found->second.marks) {
    if (mark.ended_by.empty() && kinds.contains(mark.kind)) in_force.push_back(mark.by);
  }
  return in_force;
}

}  // namespace trialsync::model
