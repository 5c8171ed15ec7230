// SPDX-License-Identifier: Apache-2.0
#include "tests/model/truth.h"

#include <algorithm>
#include <variant>

namespace trialsync::model {

std::size_t IndexOf(const ChangeId& id) {
  return static_cast<std::size_t>(std::stoul(id.substr(1)));
}

void Knowledge::Learn(const Change& committed, const CommitResult& result) {
  for (const Judgement& judgement : result.judged) {
    if (judgement.Held() || judgement.Refused()) continue;
    seen.set(IndexOf(judgement.id));
    if (judgement.id != committed.id) continue;
    if (const auto* body = std::get_if<Activate>(&committed.body)) activated.insert(body->version);
    if (const auto* body = std::get_if<Retire>(&committed.body)) retired.insert(body->version);
  }
}

void Truth::Require(bool holds, const char* sentence, const ChangeId& id) {
  if (holds || !failure_.empty()) return;
  failure_ = id + ": " + sentence;
}

void Truth::Authored(const Change& change, const Knowledge& knowledge,
                     const std::vector<ChangeId>& shown_writers) {
  Authorship author{change, knowledge, {}, change.chain.replica, Status::kUncommitted, {}, 0};
  for (const ChangeId& writer : shown_writers) author.shown.set(IndexOf(writer));
  authored_.push_back(author);
}

bool Truth::Committed(const Partition& centre, const CommitResult& result) {
  ++commits_;
  const ChangeId& id = result.judged.front().id;
  Require(result.position.number == commits_, "commit numbers are not gapless", id);
  Authorship& committed = authored_[IndexOf(id)];
  Require(committed.status == Status::kUncommitted, "a change is committed twice", id);
  committed.number = commits_;
  for (std::size_t i = 0; i < result.judged.size() && failure_.empty(); ++i) {
    const Judgement& judgement = result.judged[i];
    if (i > 0) {
      const std::optional<std::size_t> next =
          settled_next_ ? std::optional<std::size_t>(settled_next_->first) : NextReleased();
      Require(next == IndexOf(judgement.id), "it was not the next to be admitted", judgement.id);
    }
    Check(judgement);
  }
  if (!failure_.empty()) return false;
  Require(!settled_next_, "a settlement had no effect", id);
  if (const auto next = NextReleased()) {
    Require(false, "it is still held, and nothing holds it", authored_[*next].change.id);
  }
  CheckState(centre);
  return failure_.empty();
}

// One judgement: the conditions of the outcome that the model gave. Then the shadow state follows
// it.
void Truth::Check(const Judgement& judgement) {
  Authorship& author = authored_[IndexOf(judgement.id)];
  const bool dismissed = settled_next_ && !settled_next_->second;
  settled_next_.reset();
  if (dismissed) {
    Require(judgement.Refused(), "it was dismissed and is not off the list", judgement.id);
    author.status = Status::kRefused;
    return;
  }
  if (!CheckGate(author, judgement)) {
    const Change& change = author.change;
    const bool may_refuse = std::holds_alternative<Settlement>(change.body);
    Require(may_refuse || !judgement.Refused(), "it is refused without a reason", judgement.id);
    if (const auto* edit = std::get_if<Edit>(&change.body)) {
      CheckWrites(author, judgement, change.record, edit->writes);
    } else if (const auto* decision = std::get_if<Decision>(&change.body)) {
      CheckDecision(author, *decision, judgement);
    } else if (const auto* act = std::get_if<Act>(&change.body)) {
      CheckAct(author, *act, judgement);
    } else if (const auto* settlement = std::get_if<Settlement>(&change.body)) {
      CheckSettlement(author, *settlement, judgement);
    } else if (const auto* birth = std::get_if<Birth>(&change.body)) {
      CheckBirth(author, *birth, judgement);
    } else if (const auto* rename = std::get_if<Rename>(&change.body)) {
      CheckWrites(author, judgement, "label of " + rename->birth, {{kLabelItem, rename->label}});
    } else if (const auto* same = std::get_if<Same>(&change.body)) {
      CheckSame(author, *same, judgement);
    } else if (const auto* publish = std::get_if<Publish>(&change.body)) {
      CheckPublish(author, *publish, judgement);
    } else {
      Require(judgement.Of(kWhole) == Outcome::kApplied, "an act of the study has no effect",
              judgement.id);
    }
  }
  author.status = Status::kSettled;
  if (judgement.Refused()) author.status = Status::kRefused;
  if (judgement.Held()) {
    author.status = Status::kHeld;
    author.wait = judgement.wait;
    CheckHeldReason(author, judgement);
  }
}

// What is asked before a change's content is looked at. True if that settles it.
bool Truth::CheckGate(Authorship& author, const Judgement& judgement) {
  const Change& change = author.change;
  const bool of_study = std::holds_alternative<Publish>(change.body) ||
                        std::holds_alternative<Activate>(change.body) ||
                        std::holds_alternative<Retire>(change.body);
  if (of_study) return false;
  if (!published_.contains(change.version)) {
    Require(judgement.Held(), "its version is not known here, and it is not held", change.id);
    return true;
  }
  const Knowledge& knowledge = author.knowledge;
  if (!knowledge.activated.contains(change.version) || knowledge.retired.contains(change.version)) {
    Require(judgement.Refused(), "its version was not active for its author, and it is not refused",
            change.id);
    return true;
  }
  std::vector<ChangeId> named = change.names;
  if (const auto* birth = std::get_if<Birth>(&change.body)) {
    if (!birth->parent.empty()) named.push_back(birth->parent);
  }
  if (const auto* rename = std::get_if<Rename>(&change.body)) named = {rename->birth};
  if (const auto* same = std::get_if<Same>(&change.body)) named = {same->first, same->second};
  const auto any = [&](Status status) {
    return std::any_of(named.begin(), named.end(),
                       [&](const ChangeId& id) { return authored_[IndexOf(id)].status == status; });
  };
  if (any(Status::kRefused)) {
    Require(judgement.Refused(), "it names a refused change, and is not refused", change.id);
    return true;
  }
  const auto foreign = [&](const auto& write) {
    return study_.Root(write.first) != write.first
               ? change.version.number < 2
               : write.first == 10 && change.version.number >= 2;
  };
  std::map<Item, Value> writes;
  if (const auto* edit = std::get_if<Edit>(&change.body)) writes = edit->writes;
  if (const auto* decision = std::get_if<Decision>(&change.body)) writes = decision->writes;
  if (any(Status::kHeld) || any(Status::kUncommitted)) {
    Require(judgement.Held(), "it names a change that is not there yet, and is not held",
            change.id);
    return true;
  }
  if (std::any_of(writes.begin(), writes.end(), foreign)) {
    Require(judgement.Refused(), "an item is not in its version, and it is not refused", change.id);
    return true;
  }
  return false;
}

// Held ones wait for a reason that is true.
void Truth::CheckHeldReason(const Authorship& author, const Judgement& judgement) {
  const ChangeId& id = judgement.id;
  switch (judgement.wait.kind) {
    case WaitKind::kNobody:
      Require(std::holds_alternative<Act>(author.change.body) ||
                  std::holds_alternative<Publish>(author.change.body),
              "it is held and waits for nobody", id);
      break;
    case WaitKind::kVoid:
      Require(records_[author.change.record].voids.any(), "it is held by a void that is not there",
              id);
      break;
    default:
      Require(!Released(author), "it is held for a reason that is not true", id);
  }
}

bool Truth::Released(const Authorship& author) const {
  static const ShadowRecord kNothing{};
  auto found = records_.find(author.change.record);
  const ShadowRecord& record = found == records_.end() ? kNothing : found->second;
  switch (author.wait.kind) {
    case WaitKind::kNobody:
    case WaitKind::kVoid:
      return false;
    case WaitKind::kLock:
      return (record.locks | record.freezes).none();
    case WaitKind::kSignature:
      return (record.signatures & ~author.knowledge.seen).none();
    case WaitKind::kVersion:
      return published_.contains(author.wait.version);
    case WaitKind::kChange: {
      const Status status = authored_[IndexOf(author.wait.change)].status;
      if (std::holds_alternative<Settlement>(author.change.body))
        return status != Status::kUncommitted;
      return status == Status::kSettled || status == Status::kRefused;
    }
  }
  return false;
}

// Of those that nothing holds any more, the one committed first.
std::optional<std::size_t> Truth::NextReleased() const {
  std::optional<std::size_t> next;
  for (std::size_t i = 0; i < authored_.size(); ++i) {
    if (authored_[i].status != Status::kHeld || !Released(authored_[i])) continue;
    if (!next || authored_[i].number < authored_[*next].number) next = i;
  }
  return next;
}

void Truth::CheckState(const Partition& centre) {
  const auto set = [](const std::vector<ChangeId>& ids) {
    Changes changes;
    for (const ChangeId& id : ids) changes.set(IndexOf(id));
    return changes;
  };
  for (const auto& [name, record] : records_) {
    Require(centre.Digest(name) == DigestOf(record), "what stands is not what took effect", name);
    const bool marks =
        set(centre.InForce(name, {ActKind::kLock})) == record.locks &&
        set(centre.InForce(name, {ActKind::kFreeze})) == record.freezes &&
        set(centre.InForce(name, {ActKind::kVoid})) == record.voids &&
        set(centre.InForce(name, {ActKind::kSign})) == record.signatures &&
        set(centre.InForce(name, {ActKind::kComplete, ActKind::kVerify})) == record.reviews;
    Require(marks, "the marks in force are not those that should be", name);
  }
  CheckDiscrepancies(centre);
  if (!things_.empty()) CheckLabels(centre);
}

// Exactly one discrepancy for each conflict, naming both, and open until it was decided.
void Truth::CheckDiscrepancies(const Partition& centre) {
  Require(centre.Discrepancies().size() == discrepancies_.size(),
          "the number of discrepancies is not that of the conflicts", "centre");
  for (const Discrepancy& discrepancy : centre.Discrepancies()) {
    const ChangeId& id = discrepancy.id.challenger;
    auto found = discrepancies_.find(discrepancy.id);
    Require(found != discrepancies_.end(), "a discrepancy without a conflict", id);
    if (!failure_.empty()) return;
    const ShadowDiscrepancy& shadow = found->second;
    Changes against;
    for (const ChangeId& writer : discrepancy.against) against.set(IndexOf(writer));
    Require(shadow.kind == discrepancy.kind, "a discrepancy of another kind", id);
    Require(shadow.open == discrepancy.open,
            "a discrepancy is open or closed against what was decided", id);
    Require((against & ~shadow.against).none() && against.any() == shadow.against.any(),
            "a discrepancy does not name the other side", id);
  }
}

// Births that took effect stand apart, and two labels that are the same are listed.
void Truth::CheckLabels(const Partition& centre) {
  std::set<std::pair<ChangeId, ChangeId>> clashes;
  std::map<std::string, int> namesakes;
  for (std::size_t later = 0; later < things_.size(); ++later) {
    const ChangeId& id = authored_[things_[later].index].change.id;
    const std::string& label = things_[later].label;
    const int count = ++namesakes[things_[later].key + label];
    const std::string shown = count == 1 ? label : label + "?" + std::to_string(count);
    Require(centre.ShownLabel(id) == shown, "two things show as one", id);
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      if (things_[earlier].key + things_[earlier].label != things_[later].key + label) continue;
      const ChangeId& other = authored_[things_[earlier].index].change.id;
      if (!same_.contains({other, id}) && !same_.contains({id, other})) clashes.insert({other, id});
    }
  }
  std::set<std::pair<ChangeId, ChangeId>> listed;
  for (const LabelClash& clash : centre.LabelClashes()) listed.insert({clash.earlier, clash.later});
  Require(clashes == listed, "labels that are the same are not what is listed", "centre");
}

// Nothing is lost: every change is in the log once, as it was made, with an outcome.
bool Truth::Quiet(const Partition& centre) {
  Require(centre.Log().size() == authored_.size(), "the log does not hold what was saved",
          "centre");
  for (const Authorship& author : authored_) {
    const LogEntry* entry = centre.Find(author.change.id);
    Require(entry != nullptr && !entry->judgement.outcomes.empty(), "it has no outcome",
            author.change.id);
    if (entry == nullptr) break;
    Require(entry->judgement.Held() == (author.status == Status::kHeld),
            "it is held or not against its last outcome", author.change.id);
    Require(entry->change == author.change, "it cannot be read back as it was made",
            author.change.id);
  }
  return failure_.empty();
}

}  // namespace trialsync::model
