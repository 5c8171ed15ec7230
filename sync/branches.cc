// SPDX-License-Identifier: Apache-2.0
#include "sync/branches.h"

#include <algorithm>

#include "sync/stored_change.h"

namespace trialsync::sync {

v1::Position PositionOf(uint64_t epoch, uint64_t number) {
  v1::Position position;
  position.set_epoch(epoch);
  position.set_number(number);
  return position;
}

void Branches::Load() {
  if (loaded_) return;
  loaded_ = true;
  const v1::LogHead head = tables_->Head();
  epoch_ = head.epoch();
  beginnings_.assign(head.epochs().begin(), head.epochs().end());
}

uint64_t Branches::epoch() {
  Load();
  return epoch_;
}

void Branches::Begin(uint64_t epoch, const v1::Position& parent) {
  Load();
  epoch_ = epoch;
  if (parent.number() == 0) return;
  v1::EpochBeginning beginning;
  beginning.set_epoch(epoch);
  *beginning.mutable_parent() = parent;
  Note(beginning);
}

void Branches::Note(const v1::EpochBeginning& beginning) {
  if (ParentOf(beginning.epoch()).number() == 0) beginnings_.push_back(beginning);
}

const std::vector<v1::EpochBeginning>& Branches::beginnings() {
  Load();
  return beginnings_;
}

bool Branches::Knows(uint64_t epoch) {
  return epoch == this->epoch() ||
         std::any_of(beginnings_.begin(), beginnings_.end(), [&](const v1::EpochBeginning& known) {
           return known.epoch() == epoch || known.parent().epoch() == epoch;
         });
}

v1::Position Branches::ParentOf(uint64_t epoch) {
  for (const v1::EpochBeginning& known : beginnings()) {
    if (known.epoch() == epoch) return known.parent();
  }
  return {};
}

v1::Position Branches::On(uint64_t epoch, uint64_t number) {
  v1::Position at = PositionOf(epoch, number);
  for (v1::Position parent = ParentOf(at.epoch()); number <= parent.number();
       parent = ParentOf(at.epoch())) {
    at.set_epoch(parent.epoch());
  }
  return at;
}

std::optional<ChangeId> Branches::ChangeAt(const v1::Position& position) {
  const bool here = position.number() != 0 && position.number() <= tables_->Head().size() &&
                    At(position.number()).epoch() == position.epoch();
  if (!here) return tables_->TakenOffAt(position);
  const std::optional<StoredChange> change = ReadChange(*tables_, position.number());
  return change ? std::optional(change->id) : std::nullopt;
}

std::vector<v1::Position> Branches::EpochEnds(const v1::Position& end) {
  std::vector<v1::Position> ends;
  for (v1::Position at = end; at.number() != 0; at = ParentOf(at.epoch())) ends.push_back(at);
  std::reverse(ends.begin(), ends.end());
  return ends;
}

bool Branches::Reaches(const v1::Position& base, const v1::Position& position) {
  v1::Position last = base;
  while (last.epoch() != position.epoch()) {
    const v1::Position parent = ParentOf(last.epoch());
    if (parent.number() == 0) return false;
    last.set_epoch(parent.epoch());
    last.set_number(std::min(last.number(), parent.number()));
  }
  return position.number() <= last.number();
}

bool Branches::Saw(const v1::Position& base, const v1::Position& effect, const ChangeId& change) {
  if (Reaches(base, effect)) return true;
  if (beginnings().empty()) return false;
  const std::vector<v1::TakenOff> taken = tables_->TakenOff(change);
  return std::any_of(taken.begin(), taken.end(), [&](const v1::TakenOff& commit) {
    return commit.has_effect() && Reaches(base, commit.effect());
  });
}

bool Branches::SawCommit(const v1::Position& base, uint64_t number) {
  if (Reaches(base, At(number))) return true;
  if (beginnings().empty()) return false;
  const std::optional<StoredChange> change = ReadChange(*tables_, number);
  return change && Saw(base, At(number), change->id);
}

uint64_t CommonSize(const std::vector<v1::Position>& a, const std::vector<v1::Position>& b) {
  uint64_t common = 0;
  for (size_t i = 0; i < a.size() && i < b.size() && a[i].epoch() == b[i].epoch(); ++i) {
    common = std::min(a[i].number(), b[i].number());
    if (a[i].number() != b[i].number()) break;
  }
  return common;
}

}  // namespace trialsync::sync
