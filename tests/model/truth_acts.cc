// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <variant>

#include "tests/model/truth.h"

namespace trialsync::model {

void Truth::CheckAct(const Authorship& author, const Act& act, const Judgement& judgement) {
  const ChangeId& id = judgement.id;
  const std::size_t index = IndexOf(id);
  ShadowRecord& record = records_[author.change.record];
  const Changes locks = record.locks | record.freezes;
  const bool unlock = act.kind == ActKind::kUnlock;
  const bool reinstate = act.kind == ActKind::kReinstate;
  const Changes ends = unlock ? locks : reinstate ? record.voids : Changes{};
  const bool unseen = (ends & ~author.knowledge.seen).any();
  const bool blocked =
      (record.voids.any() && !reinstate) || (act.kind == ActKind::kVoid && locks.any());
  const bool other_values = act.digest != DigestOf(record);
  if (judgement.Held()) {
    Require(blocked || other_values || unseen, "an act is held without a reason", id);
    return;
  }
  Require(!blocked, "an act on a record that is voided, or a void of one that is locked", id);
  Require(!other_values, "an act covers values that its author had not in front of him", id);
  Require(!unseen, "an act ended a lock or a void that its author had not seen", id);
  const bool nothing = (unlock || reinstate) && ends.none();
  Require(judgement.Of(kWhole) == (nothing ? Outcome::kAgreed : Outcome::kApplied),
          "an act has another outcome", id);
  if (unlock) {
    record.locks.reset();
    record.freezes.reset();
  }
  if (reinstate) record.voids.reset();
  if (act.kind == ActKind::kComplete || act.kind == ActKind::kVerify) record.reviews.set(index);
  if (act.kind == ActKind::kSign) record.signatures.set(index);
  if (act.kind == ActKind::kLock) record.locks.set(index);
  if (act.kind == ActKind::kFreeze) record.freezes.set(index);
  if (act.kind == ActKind::kVoid) record.voids.set(index);
}

void Truth::CheckSettlement(const Authorship& author, const Settlement& settlement,
                            const Judgement& judgement) {
  const ChangeId& id = judgement.id;
  const std::size_t target = IndexOf(settlement.held);
  const Authorship& held = authored_[target];
  if (judgement.Held()) {
    Require(held.status == Status::kUncommitted, "a settlement is held without a reason", id);
    return;
  }
  Require(held.status != Status::kUncommitted, "a settlement of what is not there is not held", id);
  Require(held.status == Status::kHeld || judgement.Of(kWhole) == Outcome::kAgreed,
          "a settlement of what is settled has an effect", id);
  if (held.status != Status::kHeld) return;
  std::set<Side> owners;
  if (const auto* edit = std::get_if<Edit>(&held.change.body)) {
    for (const auto& [item, value] : edit->writes) owners.insert(OwnerOf(item));
  } else if (const auto* decision = std::get_if<Decision>(&held.change.body)) {
    for (const auto& [item, value] : decision->writes) owners.insert(OwnerOf(item));
    for (const DiscrepancyId& listed : decision->closes) owners.insert(OwnerOf(listed.item));
  } else {
    owners.insert(held.change.side);
  }
  const bool owner = owners.contains(author.change.side);
  Require(owner || judgement.Refused(), "the other side settled a held change", id);
  Require(!owner || judgement.Of(kWhole) == Outcome::kApplied, "a settlement has no effect", id);
  if (owner) settled_next_ = {target, settlement.admit};
}

void Truth::CheckBirth(const Authorship& author, const Birth& birth, const Judgement& judgement) {
  const ChangeId& id = judgement.id;
  Require(judgement.Of(kWhole) == Outcome::kApplied, "a birth is not a thing of its own", id);
  const std::string key = std::to_string(static_cast<int>(birth.kind)) + "|" + birth.parent + "|";
  things_.push_back({IndexOf(id), key, birth.label});
  ShadowCell& cell = records_["label of " + id].cells[kLabelItem];
  cell.content[kLabelItem] = {birth.label, author.change.version.number};
  cell.sayers.set(IndexOf(id));
  cell.leaf_sayers[kLabelItem].set(IndexOf(id));
}

void Truth::CheckSame(const Authorship& author, const Same& same, const Judgement& judgement) {
  const ChangeId& id = judgement.id;
  const std::optional<Outcome> outcome = judgement.Of(kWhole);
  const std::pair<ChangeId, ChangeId> pair = std::minmax(same.first, same.second);
  if (author.change.side != Side::kSite) {
    const bool said = same_.contains(pair) || same_.contains({pair.second, pair.first});
    Require(outcome == (said ? Outcome::kAgreed : Outcome::kProposed),
            "the centre says which things are the same", id);
    if (said) return;
    List(author, kLabelItem, DiscrepancyKind::kProposal,
         records_["label of " + same.second].cells[kLabelItem]);
    same_proposed_[pair].push_back({id, kLabelItem});
    return;
  }
  // What was proposed has come true.
  for (const DiscrepancyId& proposal : same_proposed_[pair]) {
    discrepancies_.at(proposal).open = false;
  }
  Require(outcome == Outcome::kApplied || outcome == Outcome::kAgreed,
          "two things cannot be said to be the same", id);
  same_.insert({same.first, same.second});
}

void Truth::CheckPublish(const Authorship&, const Publish& publish, const Judgement& judgement) {
  const bool clash = std::any_of(published_.begin(), published_.end(), [&](const Version& version) {
    return version.number == publish.version.number && version.hash != publish.version.hash;
  });
  Require(judgement.Held() == clash, "one number with two definitions is an alarm, held",
          judgement.id);
  if (!clash) published_.insert(publish.version);
}

std::string Truth::DigestOf(const ShadowRecord& record) const {
  std::string text;
  for (const auto& [root, cell] : record.cells) {
    for (const auto& [item, value] : cell.content) {
      text += std::to_string(item) + "=" + value.first + "@" + std::to_string(value.second) + ";";
    }
  }
  return text;
}

}  // namespace trialsync::model
