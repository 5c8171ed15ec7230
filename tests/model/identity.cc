// SPDX-License-Identifier: Apache-2.0
// §3: identity is birth, not label. §6: versions.
#include <algorithm>
#include <string>

#include "tests/model/partition.h"

namespace trialsync::model {
namespace {

// Everything whose birth must stand before the change can be judged.
std::vector<ChangeId> Named(const Change& change) {
  std::vector<ChangeId> named = change.names;
  if (const auto* birth = std::get_if<Birth>(&change.body); birth && !birth->parent.empty()) {
    named.push_back(birth->parent);
  }
  if (const auto* rename = std::get_if<Rename>(&change.body)) named.push_back(rename->birth);
  if (const auto* same = std::get_if<Same>(&change.body)) {
    named.push_back(same->first);
    named.push_back(same->second);
  }
  return named;
}

}  // namespace

// "A change that names a held change waits with it; one that names a refused change is refused."
std::optional<Judgement> Partition::JudgeNames(const Change& change) const {
  for (const ChangeId& id : Named(change)) {
    const LogEntry* entry = Find(id);
    if (entry == nullptr) continue;
    const bool refused = entry->judgement.Refused() && !rules_.names_of_refused_ignored;
    if (refused && rules_.names_of_refused_held) return Held(change, {}, "it names " + id);
    if (refused) return Refused(change, "it names " + id + ", which is refused");
    if (!std::holds_alternative<Birth>(entry->change.body)) {
      return Refused(change, "it names " + id + ", which is no birth");
    }
  }
  for (const ChangeId& id : Named(change)) {
    const LogEntry* entry = Find(id);
    if ((entry == nullptr || entry->judgement.Held()) && !rules_.names_of_held_ignored) {
      return Held(change, {WaitKind::kChange, id, {}}, "waits for " + id);
    }
  }
  return std::nullopt;
}

// "Two births with one label, made apart, are two things: nothing of them is merged."
Judgement Partition::JudgeBody(const Change& change, const Birth& birth) {
  if (rules_.births_merge_by_label) {
    for (const LogEntry* thing : Things()) {
      const auto& other = std::get<Birth>(thing->change.body);
      if (other.kind == birth.kind && other.parent == birth.parent && other.label == birth.label) {
        return {change.id, Whole(Outcome::kAgreed), {}, {}};
      }
    }
  }
  Cell& label = records_[LabelRecord(change.id)].cells[kLabelItem];
  label = {{{kLabelItem, {birth.label, change.version.number}}}, {change.id}, false};
  return {change.id, Whole(Outcome::kApplied), {}, {}};
}

// A label merges like an item of the site.
Judgement Partition::JudgeBody(const Change& change, const Rename& rename) {
  const std::string record = LabelRecord(rename.birth);
  const Outcome outcome = MergeByTable({change, record, kLabelItem, {{kLabelItem, rename.label}}});
  return {change.id, {{kLabelItem, outcome}}, {}, {}};
}

Judgement Partition::JudgeBody(const Change& change, const Same& same) {
  if (SaidSame(same.first, same.second)) return {change.id, Whole(Outcome::kAgreed), {}, {}};
  if (!Owns(change.side, kLabelItem)) {
    const std::string record = LabelRecord(same.second);
    return {change.id, Whole(Propose({change, record, kLabelItem, {}})), {}, {}};
  }
  for (Discrepancy& discrepancy : discrepancies_) {
    const LogEntry* proposal = Find(discrepancy.id.challenger);
    const auto* proposed =
        proposal == nullptr ? nullptr : std::get_if<Same>(&proposal->change.body);
    if (!rules_.same_leaves_proposal && proposed != nullptr &&
        std::minmax(proposed->first, proposed->second) ==
                                   std::minmax(same.first, same.second)) {
      discrepancy.open = false;
    }
  }
  return {change.id, Whole(Outcome::kApplied), {}, {}};
}

std::string Partition::LabelRecord(const ChangeId& birth) { return "label of " + birth; }

std::string Partition::RecordOf(const Change& change) {
  const auto* rename = std::get_if<Rename>(&change.body);
  return rename == nullptr ? change.record : LabelRecord(rename->birth);
}

// Births that took effect, earlier ones first.
std::vector<const LogEntry*> Partition::Things() const {
  std::vector<const LogEntry*> things;
  for (const LogEntry& entry : log_) {
    const bool birth = std::holds_alternative<Birth>(entry.change.body);
    if (birth && entry.judgement.Of(kWhole) == Outcome::kApplied) things.push_back(&entry);
  }
  std::stable_sort(things.begin(), things.end(), [](const LogEntry* a, const LogEntry* b) {
    return a->effect.number < b->effect.number;
  });
  return things;
}

std::string Partition::LabelKey(const LogEntry& birth) const {
  const auto& body = std::get<Birth>(birth.change.body);
  const std::optional<Value> label = Read(LabelRecord(birth.change.id), kLabelItem, 1);
  return std::to_string(static_cast<int>(body.kind)) + "|" + body.parent + "|" +
         (rules_.rename_leaves_discrepancy ? body.label : label.value_or(""));
}

// "The later shows as ZJU-007?2."
std::optional<std::string> Partition::ShownLabel(const ChangeId& birth) const {
  int namesakes = 0;
  const LogEntry* entry = Find(birth);
  for (const LogEntry* thing : Things()) {
    if (LabelKey(*thing) == LabelKey(*entry)) ++namesakes;
    if (thing != entry) continue;
    const std::string label = Read(LabelRecord(birth), kLabelItem, 1).value_or("");
    const bool plain = namesakes == 1 || rules_.later_birth_shows_plain_label;
    return plain ? label : label + "?" + std::to_string(namesakes);
  }
  return std::nullopt;
}

// "A discrepancy asks a person to rename one or to say that they are the same."
std::vector<LabelClash> Partition::LabelClashes() const {
  std::vector<LabelClash> clashes;
  if (rules_.label_clash_lists_nothing) return clashes;
  const std::vector<const LogEntry*> things = Things();
  for (std::size_t later = 0; later < things.size(); ++later) {
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      if (LabelKey(*things[earlier]) != LabelKey(*things[later])) continue;
      if (SaidSame(things[earlier]->change.id, things[later]->change.id)) continue;
      clashes.push_back({things[earlier]->change.id, things[later]->change.id});
    }
  }
  return clashes;
}

bool Partition::SaidSame(const ChangeId& first, const ChangeId& second) const {
  if (rules_.same_leaves_discrepancy) return false;
  return std::any_of(log_.begin(), log_.end(), [&](const LogEntry& entry) {
    const auto* same = std::get_if<Same>(&entry.change.body);
    if (same == nullptr || entry.judgement.Of(kWhole) != Outcome::kApplied) return false;
    return (same->first == first && same->second == second) ||
           (same->first == second && same->second == first);
  });
}

// "An unknown version: held." "A retired or inactive version: refused."
std::optional<Judgement> Partition::JudgeVersion(const Change& change) const {
  const bool of_study = std::holds_alternative<Publish>(change.body) ||
                        std::holds_alternative<Activate>(change.body) ||
                        std::holds_alternative<Retire>(change.body);
  if (of_study) return std::nullopt;
  if (!Known(change.version) && !rules_.version_unknown_accepted) {
    if (rules_.version_unknown_refused) return Refused(change, "its version is not known");
    return Held(change, {WaitKind::kVersion, {}, change.version}, "its version is not known");
  }
  if (ActiveAsOfBase(change) || rules_.version_inactive_accepted) return std::nullopt;
  return Refused(change, "its version was not active as of its base");
}

bool Partition::Known(const Version& version) const {
  return std::any_of(log_.begin(), log_.end(), [&](const LogEntry& entry) {
    const auto* publish = std::get_if<Publish>(&entry.change.body);
    if (publish == nullptr || entry.judgement.Of(kWhole) != Outcome::kApplied) return false;
    return publish->version == version ||
           (rules_.version_by_number && publish->version.number == version.number);
  });
}

// Activated and not retired. "As of its base means the branch up to base."
bool Partition::ActiveAsOfBase(const Change& change) const {
  bool activated = false;
  bool retired = false;
  for (const LogEntry& entry : log_) {
    const bool own = entry.change.chain == change.chain && entry.change.seq < change.seq;
    const bool counts = entry.effect.number <= change.base.number || rules_.version_as_of_merge ||
                        (rules_.version_own_chain_counts && own);
    if (!counts || entry.judgement.Held()) continue;
    const auto is = [&](const Version& version) {
      return version == change.version ||
             (rules_.version_by_number && version.number == change.version.number);
    };
    if (const auto* body = std::get_if<Activate>(&entry.change.body))
      activated |= is(body->version);
    if (const auto* body = std::get_if<Retire>(&entry.change.body)) retired |= is(body->version);
  }
  return activated && (!retired || rules_.version_retired_accepted);
}

// "One number with two hashes is an alarm, held."
Judgement Partition::JudgeBody(const Change& change, const Publish& publish) {
  for (const LogEntry& entry : log_) {
    const auto* other = std::get_if<Publish>(&entry.change.body);
    if (other == nullptr || entry.judgement.Of(kWhole) != Outcome::kApplied) continue;
    if (other->version.number == publish.version.number &&
        other->version.hash != publish.version.hash && !rules_.version_two_hashes_accepted) {
      return Held(change, {}, "another definition has this number");
    }
  }
  return {change.id, Whole(Outcome::kApplied), {}, {}};
}

Judgement Partition::JudgeBody(const Change& change, const Activate&) {
  return {change.id, Whole(Outcome::kApplied), {}, {}};
}

Judgement Partition::JudgeBody(const Change& change, const Retire&) {
  return {change.id, Whole(Outcome::kApplied), {}, {}};
}

}  // namespace trialsync::model
