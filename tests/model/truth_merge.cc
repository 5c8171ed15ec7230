// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <variant>

#include "tests/model/truth.h"

namespace trialsync::model {

// I13, I14 and I12 for an edit: what may alter a value, and what must be listed.
void Truth::CheckWrites(Authorship& author, const Judgement& judgement, const std::string& record,
                        const std::map<Item, Value>& writes) {
  const ChangeId& id = judgement.id;
  ShadowRecord& shadow = records_[record];
  const bool voided = shadow.voids.any();
  const bool blocked = voided || (shadow.locks | shadow.freezes).any() ||
                       (shadow.signatures & ~author.knowledge.seen).any();
  if (judgement.Held()) {
    Require(blocked, "it is held, and the record is neither locked, voided nor signed meanwhile",
            id);
    Require(!voided || judgement.wait.kind == WaitKind::kVoid,
            "it is held under a void for another reason", id);
    return;
  }
  Require(!blocked, "the record is locked, voided or signed meanwhile, and it is not held", id);
  std::map<Item, std::map<Item, Value>> cells;
  for (const auto& [item, value] : writes) cells[study_.Root(item)][item] = value;
  for (const auto& [root, values] : cells) {
    const std::optional<Outcome> outcome = judgement.Of(values.begin()->first);
    Require(outcome.has_value(), "an item has no outcome", id);
    for (const auto& [item, value] : values) {
      Require(judgement.Of(item) == outcome, "items of one lineage have two outcomes", id);
    }
    if (!failure_.empty()) return;
    CheckEditCell(author, record, root, values, *outcome);
  }
}

void Truth::CheckEditCell(const Authorship& author, const std::string& record, Item root,
                          const std::map<Item, Value>& values, Outcome outcome) {
  const ChangeId& id = author.change.id;
  const ShadowCell& cell = records_[record].cells[root];
  const bool empty = cell.content.empty();
  const bool equal = Equal(cell, root, values, author.change.version.number);
  const bool seen = (cell.sayers & author.knowledge.seen).any();
  const bool owner = OwnerOf(root) == author.change.side;
  const bool later = OwnLater(author, cell);
  const auto rule = study_.Rule(root);
  const bool by_rule = rule->on_conflict == OnConflict::kLatest && !cell.decided;
  switch (outcome) {
    case Outcome::kApplied:
      Require(owner, "a value was changed by the side that does not own it", id);
      Require(!equal, "it says what stands, and did not agree", id);
      Require(!later, "an author's later word was replaced by an earlier one", id);
      Require(empty || seen || !cell.decided,
              "a person's decision was changed by one who had not seen it", id);
      Require(empty || seen || by_rule,
              "a value that its author had not seen was replaced in silence", id);
      if (!empty && !seen) List(author, root, DiscrepancyKind::kSettledByRule, cell);
      Applied(author, record, root, values, /*decision=*/false);
      break;
    case Outcome::kAgreed:
      Require(equal, "it agreed, and does not say what stands", id);
      Agreed(author, record, root, values, /*decision=*/false);
      break;
    case Outcome::kProposed:
      Require(!owner && !equal, "it was proposed without need", id);
      List(author, root, DiscrepancyKind::kProposal, cell);
      break;
    case Outcome::kDisputed:
      Require(owner, "one who does not own the item disputes it", id);
      Require(!equal, "it says what stands, and is disputed", id);
      Require(!empty && !seen, "a false conflict: its author had seen the value", id);
      Require(!later, "an author disputes with his own later word", id);
      Require(!by_rule, "it is disputed, and the study says latest", id);
      if ((cell.sayers & author.shown).any()) ++predicted_disputes_;
      List(author, root, DiscrepancyKind::kDispute, cell);
      break;
    case Outcome::kOvertaken:
      Require(owner && !equal && later, "it is overtaken by nothing", id);
      break;
    default:
      Require(false, "an outcome that an item cannot have", id);
  }
}

void Truth::CheckDecision(const Authorship& author, const Decision& decision,
                          const Judgement& judgement) {
  const ChangeId& id = judgement.id;
  const Change& change = author.change;
  ShadowRecord& shadow = records_[change.record];
  if (shadow.voids.any() || (shadow.locks | shadow.freezes).any() ||
      (shadow.signatures & ~author.knowledge.seen).any()) {
    Require(judgement.Held(),
            "a decision on a record that is locked, voided or signed meanwhile is not held", id);
    return;
  }
  const Item root = study_.Root(decision.writes.empty() ? decision.closes.front().item
                                                        : decision.writes.begin()->first);
  const Outcome expected = ExpectedDecision(author, decision, root);
  const std::optional<Outcome> outcome =
      judgement.Of(decision.writes.empty() ? root : decision.writes.begin()->first);
  const bool writes = !decision.writes.empty();
  const ShadowCell& cell = shadow.cells[root];
  const bool seen = cell.content.empty() || (cell.sayers & author.knowledge.seen).any();
  if (outcome == Outcome::kApplied || outcome == Outcome::kAgreed) {
    Require(OwnerOf(root) == change.side, "the other side decided", id);
  }
  if (outcome == Outcome::kApplied && writes) {
    Require(seen, "a decision replaced in silence a value that the decider had not seen", id);
  }
  Require(outcome == expected, "a decision has not the outcome that it should have", id);
  if (!failure_.empty()) return;
  if (outcome == Outcome::kProposed) List(author, root, DiscrepancyKind::kProposal, cell);
  if (outcome == Outcome::kDisputed) List(author, root, DiscrepancyKind::kDispute, cell);
  if (outcome != Outcome::kApplied && outcome != Outcome::kAgreed) return;
  if (writes && outcome == Outcome::kApplied) {
    Applied(author, change.record, root, decision.writes, /*decision=*/true);
  }
  if (writes && outcome == Outcome::kAgreed) {
    Agreed(author, change.record, root, decision.writes, /*decision=*/true);
  }
  for (const DiscrepancyId& listed : decision.closes) {
    auto found = discrepancies_.find(listed);
    if (found != discrepancies_.end()) found->second.open = false;
  }
}

// By whose side it is, by what became of that which it lists, and by what the decider had in front
// of him.
Outcome Truth::ExpectedDecision(const Authorship& author, const Decision& decision, Item root) {
  if (OwnerOf(root) != author.change.side) return Outcome::kProposed;
  bool open = false;
  bool settled = false;
  bool absent = false;
  for (const DiscrepancyId& listed : decision.closes) {
    const Status status = authored_[IndexOf(listed.challenger)].status;
    if (status == Status::kUncommitted || status == Status::kHeld) return Outcome::kHeld;
    auto found = discrepancies_.find(listed);
    const bool none =
        found == discrepancies_.end() || found->second.kind == DiscrepancyKind::kSettledByRule;
    absent |= none;
    if (!none) (found->second.open ? open : settled) = true;
  }
  if (decision.writes.empty()) return open ? Outcome::kApplied : Outcome::kAgreed;
  const ShadowCell& cell = records_[author.change.record].cells[root];
  const bool equal = Equal(cell, root, decision.writes, author.change.version.number);
  const bool seen = cell.content.empty() || (cell.sayers & author.knowledge.seen).any();
  if (settled) return equal ? Outcome::kAgreed : Outcome::kDisputed;
  if (equal && (absent || !seen || OwnLater(author, cell))) return Outcome::kAgreed;
  if (OwnLater(author, cell)) return Outcome::kOvertaken;
  return seen ? Outcome::kApplied : Outcome::kDisputed;
}

void Truth::Applied(const Authorship& author, const std::string& record, Item root,
                    const std::map<Item, Value>& values, bool decision) {
  ShadowRecord& shadow = records_[record];
  ShadowCell& cell = shadow.cells[root];
  const std::size_t index = IndexOf(author.change.id);
  const std::int64_t number = author.change.version.number;
  const bool seen = (cell.sayers & author.knowledge.seen).any();
  if (!Equal(cell, root, values, number)) {
    shadow.signatures.reset();
    shadow.reviews.reset();
  }
  if (values.contains(root) || !seen) {
    if (seen) {
      for (const auto& [leaf, sayers] : cell.leaf_sayers) {
        Require((sayers & author.knowledge.seen).any(),
                "a piece that its author had not seen was replaced in silence", author.change.id);
      }
    }
    cell.content.clear();
    cell.leaf_sayers.clear();
  }
  for (const auto& [item, value] : values) cell.content[item] = {value, number};
  for (const auto& [leaf, text] : LeavesOf(root, values)) {
    Changes& sayers = cell.leaf_sayers[leaf];
    Require(sayers.none() || (sayers & author.knowledge.seen).any(),
            "a piece that its author had not seen was replaced in silence", author.change.id);
    sayers.reset();
    sayers.set(index);
  }
  cell.sayers.reset();
  cell.sayers.set(index);
  cell.effects.set(index);
  cell.decided = decision;
  if (root == kLabelItem) {
    for (ShadowThing& thing : things_) {
      if (record == "label of " + authored_[thing.index].change.id) thing.label = values.at(root);
    }
  }
}

void Truth::Agreed(const Authorship& author, const std::string& record, Item root,
                   const std::map<Item, Value>& values, bool decision) {
  ShadowCell& cell = records_[record].cells[root];
  const std::size_t index = IndexOf(author.change.id);
  const bool seen = (cell.sayers & author.knowledge.seen).any();
  const Leaves said = LeavesOf(root, values);
  const bool all = std::all_of(cell.leaf_sayers.begin(), cell.leaf_sayers.end(),
                               [&](const auto& leaf) { return said.contains(leaf.first); });
  cell.effects.set(index);
  if (!seen && (cell.decided || !all)) return;
  if (decision) {
    cell.sayers.reset();
    for (const auto& [leaf, text] : said) cell.leaf_sayers[leaf].reset();
  }
  cell.decided |= decision;
  cell.sayers.set(index);
  for (const auto& [leaf, text] : said) cell.leaf_sayers[leaf].set(index);
}

void Truth::List(const Authorship& author, Item root, DiscrepancyKind kind,
                 const ShadowCell& cell) {
  const bool open = kind != DiscrepancyKind::kSettledByRule;
  const auto [at, added] =
      discrepancies_.insert({{author.change.id, root}, {kind, cell.sayers, open}});
  Require(added, "two discrepancies for one conflict", author.change.id);
}

// The same people said something of it later, which took effect.
bool Truth::OwnLater(const Authorship& author, const ShadowCell& cell) const {
  for (std::size_t i = IndexOf(author.change.id) + 1; i < authored_.size(); ++i) {
    if (cell.effects.test(i) && authored_[i].replica == author.replica) return true;
  }
  return false;
}

// Without a newer item on either side texts are compared; otherwise what is read in the newest
// items.
bool Truth::Equal(const ShadowCell& cell, Item root, const std::map<Item, Value>& values,
                  std::int64_t number) const {
  if (cell.content.empty()) return false;
  bool newest = number >= 2;
  std::map<Item, Value> standing;
  for (const auto& [item, value] : cell.content) {
    newest |= value.second >= 2;
    standing[item] = value.first;
  }
  if (!newest) return standing == values;
  const Leaves stands = LeavesOf(root, standing);
  for (const auto& [leaf, text] : LeavesOf(root, values)) {
    auto found = stands.find(leaf);
    if (!text || found == stands.end() || found->second != text) return false;
  }
  return true;
}

// What somebody reads in the newest items; an item that stands and cannot be read has no text.
Truth::Leaves Truth::LeavesOf(Item root, const std::map<Item, Value>& content) const {
  Leaves leaves;
  for (const Split& split : study_.splits) {
    if (split.from != root) continue;
    if (auto old = content.find(root); old != content.end()) {
      const auto parts = study_.Translate(root, old->second, split.since);
      for (Item part : split.into) {
        leaves[part] = parts ? std::optional<Value>(parts->at(part)) : std::nullopt;
      }
    }
    for (Item part : split.into) {
      if (auto own = content.find(part); own != content.end()) leaves[part] = own->second;
    }
    return leaves;
  }
  for (const auto& [item, value] : content) leaves[item] = value;
  return leaves;
}

Side Truth::OwnerOf(Item item) const { return study_.Rule(item)->owner; }

}  // namespace trialsync::model
