// SPDX-License-Identifier: Apache-2.0
#include "tests/model/replica.h"

#include <utility>
#include <variant>

namespace trialsync::model {

Replica::Replica(std::string name, Side side, const Study& study, const Rules& rules)
    : name_(std::move(name)),
      side_(side),
      study_(study),
      rules_(rules),
      confirmed_(study, rules),
      view_(study, rules) {}

Etag Replica::EtagOf(const std::string& record, Item item) const {
  Etag etag;
  const Cell cell = view_.CellOf(record, item);
  etag.writers = cell.writers;
  for (const auto& [stored, standing] : cell.content) etag.text += standing.value + ";";
  etag.marks =
      view_.InForce(record, {ActKind::kSign, ActKind::kLock, ActKind::kFreeze, ActKind::kVoid});
  for (const LogEntry& entry : view_.Log()) {
    if (entry.change.chain.replica != name_ || entry.change.record != record) continue;
    if (std::holds_alternative<Act>(entry.change.body) && entry.judgement.Held()) {
      etag.pending.push_back(entry.change.id);
    }
    const auto* edit = std::get_if<Edit>(&entry.change.body);
    const auto* decision = std::get_if<Decision>(&entry.change.body);
    if (edit == nullptr && decision == nullptr) continue;
    for (const auto& [written, value] : edit != nullptr ? edit->writes : decision->writes) {
      const std::optional<Outcome> outcome = entry.judgement.Of(written);
      const bool stands = outcome == Outcome::kApplied || outcome == Outcome::kAgreed;
      if (study_.Root(written) == study_.Root(item) && !stands) {
        etag.pending.push_back(entry.change.id);
      }
    }
  }
  return etag;
}

bool Replica::StillStands(const OpenForm& opened) const {
  const Etag now = EtagOf(opened.record, opened.item);
  if (rules_.etag_missing) return true;
  if (!rules_.etag_ignores_marks && now.marks != opened.etag.marks) return false;
  if (!rules_.etag_ignores_pending && now.pending != opened.etag.pending) return false;
  if (rules_.etag_names_values) return now.text == opened.etag.text;
  return now.writers == opened.etag.writers;
}

bool Replica::RefusesWrites(const std::string& record) const {
  return !view_.InForce(record, {ActKind::kLock, ActKind::kFreeze, ActKind::kVoid}).empty();
}

Change Replica::Author(Change change) {
  change.chain = {name_, 1};
  change.seq = next_seq_++;
  change.base = base();
  change.side = side_;
  outbox_.push_back(change);
  view_.Commit(change);
  knowledge_.seen.set(IndexOf(change.id));
  return change;
}

void Replica::Receive(const Change& committed, const CommitResult& result) {
  confirmed_.Commit(committed);
  knowledge_.Learn(committed, result);
  if (!outbox_.empty() && outbox_.front().id == committed.id) {
    outbox_.pop_front();
    --sent_;
  }
}

void Replica::Rebase() {
  view_ = confirmed_;
  for (const Change& change : outbox_) view_.Commit(change);
}

}  // namespace trialsync::model
