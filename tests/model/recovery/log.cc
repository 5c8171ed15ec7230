// SPDX-License-Identifier: Apache-2.0
#include "tests/model/recovery/log.h"

#include <algorithm>

namespace trialsync::model::recovery {
namespace {

std::uint64_t Mix(std::uint64_t hash, int value) {
  hash ^= static_cast<std::uint64_t>(value) + 0x9e3779b97f4a7c15u + (hash << 6) + (hash >> 2);
  hash *= 0xbf58476d1ce4e5b9u;
  return hash ^ (hash >> 29);
}

std::uint64_t Mix(std::uint64_t hash, const Commit& commit) {
  for (int value : {commit.at.epoch, commit.at.number, commit.change.id, commit.change.base.epoch,
                    commit.change.base.number, commit.stamp.chain, commit.stamp.seq,
                    commit.behind.chain, commit.behind.seq}) {
    hash = Mix(hash, value);
  }
  if (commit.record == nullptr) return hash;
  for (const Taken& taken : commit.record->commits) {
    for (int value : {taken.id, taken.at.epoch, taken.at.number, taken.effect.epoch,
                      taken.effect.number, static_cast<int>(taken.outcome)}) {
      hash = Mix(hash, value);
    }
  }
  return hash;
}

}  // namespace

void Log::Append(const Commit& commit) {
  CheckNext(commit);
  const Position before = Head();
  if (commits_.empty() || commit.at.epoch != before.epoch) epochs_[commit.at.epoch] = before;
  roots_.push_back(Mix(RootAt(Size()), commit));
  commits_.push_back(commit);
  outcomes_.push_back(Outcome::kHeld);
  effects_.push_back({});
  if (commit.record != nullptr) {
    epochs_.insert(commit.record->epochs.begin(), commit.record->epochs.end());
    taken_off_.insert(commit.record->commits.begin(), commit.record->commits.end());
    return;
  }
  number_of_[static_cast<std::size_t>(commit.change.id)] = Size();
  Chain& chain = chains_[commit.stamp.chain];
  if (commit.stamp.seq == 1) chain.behind = commit.behind;
  chain.ids.push_back(commit.change.id);

  Judge(commits_.size() - 1);
  for (std::size_t i = 0; i < commits_.size();) {  // in commit order
    const bool released = Released(i);
    if (released) Judge(i);
    i = released ? 0 : i + 1;
  }
}

void Log::CheckNext(const Commit& commit) {
  if (!breach_.empty()) return;
  if (commit.at.number != Size() + 1) breach_ = "commit numbers are not gapless";
  if (commit.record != nullptr) return;
  if (Has(commit.change.id)) breach_ = "a change is committed twice";
  if (commit.stamp.seq != ChainEnd(commit.stamp.chain) + 1) {
    breach_ = "a stamp is used twice, or skipped";
  }
}

void Log::Judge(std::size_t index) {
  const Change& change = commits_[index].change;
  const bool waits = change.needs != 0 &&
                     (!Has(change.needs) || outcomes_[IndexOf(change.needs)] == Outcome::kHeld);
  if (waits) return;
  outcomes_[index] = Merge(change);
  effects_[index] = Head();
}

// The table of protocol.md §2 without owners, texts and locks: rows 5, 4 and 7.
Outcome Log::Merge(const Change& change) {
  for (std::size_t i = 0; i < commits_.size(); ++i) {
    const Change& other = commits_[i].change;
    if (outcomes_[i] != Outcome::kApplied || other.item != change.item) continue;
    if (OwnBefore(other.id).test(static_cast<std::size_t>(change.id))) return Outcome::kOvertaken;
  }
  Id& standing = standing_[change.item];
  const Ids seen = OwnBefore(change.id) | SeenAt(change.base);
  if (standing != 0 && !seen.test(static_cast<std::size_t>(standing))) return Outcome::kDisputed;
  standing = change.id;
  return Outcome::kApplied;
}

bool Log::Released(std::size_t index) const {
  const Commit& commit = commits_[index];
  if (commit.record != nullptr || outcomes_[index] != Outcome::kHeld) return false;
  const Id needs = commit.change.needs;
  return needs != 0 && Has(needs) && outcomes_[IndexOf(needs)] != Outcome::kHeld;
}

Log Log::Prefix(int number) const {
  Log prefix(*rules_);
  for (int i = 1; i <= number; ++i) prefix.Append(At(i));
  return prefix;
}

int Log::CommonWith(const Log& other) const {
  int common = std::min(Size(), other.Size());
  while (common > 0 && At(common).at != other.At(common).at) --common;
  return common;
}

bool Log::Holds(Position position) const {
  if (position.number == 0) return true;
  return position.number <= Size() && At(position.number).at == position;
}

bool Log::Knows(Position position) const {
  return Holds(position) || std::any_of(taken_off_.begin(), taken_off_.end(),
                                        [&](const Taken& taken) { return taken.at == position; });
}

Branches Log::All() const {
  Branches all{epochs_, taken_off_};
  for (std::size_t i = 0; i < commits_.size(); ++i) {
    all.commits.insert({commits_[i].change.id, commits_[i].at, effects_[i], outcomes_[i]});
  }
  return all;
}

Ids Log::Committed() const {
  Ids ids;
  for (const Commit& commit : commits_) ids.set(static_cast<std::size_t>(commit.change.id));
  return ids.reset(0);
}

Ids Log::InEffect() const {
  Ids ids;
  for (std::size_t i = 0; i < commits_.size(); ++i) {
    if (outcomes_[i] != Outcome::kHeld) ids.set(static_cast<std::size_t>(commits_[i].change.id));
  }
  return ids;
}

Outcome Log::OutcomeOf(Id id) const { return outcomes_[IndexOf(id)]; }

Ids Log::Contradicted() const {
  Ids ids;
  for (const Taken& taken : taken_off_) {
    const bool told = taken.id != 0 && taken.outcome != Outcome::kHeld;
    if (told && Has(taken.id) && OutcomeOf(taken.id) != taken.outcome) {
      ids.set(static_cast<std::size_t>(taken.id));
    }
  }
  return ids;
}

Stamp Log::PlaceOf(Id id) const { return Has(id) ? commits_[IndexOf(id)].stamp : Stamp{}; }

Id Log::IdAt(Stamp place) const {
  auto found = chains_.find(place.chain);
  if (found == chains_.end() || place.seq < 1) return 0;
  const std::vector<Id>& ids = found->second.ids;
  return place.seq > static_cast<int>(ids.size()) ? 0
                                                  : ids[static_cast<std::size_t>(place.seq - 1)];
}

int Log::ChainEnd(int chain) const {
  auto found = chains_.find(chain);
  return found == chains_.end() ? 0 : static_cast<int>(found->second.ids.size());
}

Id Log::Before(Id id) const {
  const Stamp place = PlaceOf(id);
  if (place.seq > 1) return IdAt({place.chain, place.seq - 1});
  return IdAt(chains_.at(place.chain).behind);
}

Ids Log::OwnBefore(Id id) const {
  Ids before;
  Stamp place = PlaceOf(id);
  --place.seq;
  for (auto chain = chains_.find(place.chain); chain != chains_.end();) {
    for (; place.seq > 0; --place.seq) {
      const auto bit = static_cast<std::size_t>(IdAt({chain->first, place.seq}));
      if (bit != 0 && before.test(bit))
        return before;  // broken rules only: it stands behind itself
      before.set(bit);
    }
    if (rules_->chain_ends_at_incarnation) break;
    place = chain->second.behind;
    chain = chains_.find(place.chain);
  }
  return before.reset(0);
}

// The branch of `position`: epochs, each with the last of its numbers, the newest first.
std::vector<std::pair<int, int>> Log::PathOf(Position position) const {
  std::vector<std::pair<int, int>> path;
  while (position.number > 0) {
    path.emplace_back(position.epoch, position.number);
    auto epoch = epochs_.find(position.epoch);
    if (epoch == epochs_.end() || path.size() > epochs_.size()) break;
    position = {epoch->second.epoch, std::min(position.number, epoch->second.number)};
  }
  return path;
}

Ids Log::SeenAt(Position base) const {
  return OnBranchOf(base, [](const Taken& commit) { return commit.effect; });
}

Ids Log::CommittedAt(Position position) const {
  return OnBranchOf(position, [](const Taken& commit) { return commit.at; });
}

template <typename PositionOf>
Ids Log::OnBranchOf(Position position, PositionOf position_of) const {
  const std::vector<std::pair<int, int>> path = PathOf(position);
  Ids ids;
  const auto look = [&](const Taken& commit) {
    const Position at = position_of(commit);
    const bool on_branch = std::any_of(path.begin(), path.end(), [&](const auto& part) {
      return part.first == at.epoch && at.number <= part.second;
    });
    const bool below = rules_->base_is_a_number && at.number <= position.number;
    if (at.number > 0 && (on_branch || below)) ids.set(static_cast<std::size_t>(commit.id));
  };
  for (std::size_t i = 0; i < commits_.size(); ++i) {
    look({commits_[i].change.id, commits_[i].at, effects_[i], outcomes_[i]});
  }
  for (const Taken& taken : taken_off_) look(taken);
  return ids.reset(0);
}

}  // namespace trialsync::model::recovery
