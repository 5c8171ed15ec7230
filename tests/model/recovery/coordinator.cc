// SPDX-License-Identifier: Apache-2.0
#include "tests/model/recovery/coordinator.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

namespace trialsync::model::recovery {

namespace {

// One position with two contents, in the logs or in what they record.
bool ContradictEachOther(const Log& a, const Log& b) {
  std::map<Position, Id> ids;
  for (const Taken& taken : a.All().commits) ids[taken.at] = taken.id;
  const std::set<Taken> commits = b.All().commits;
  return std::any_of(commits.begin(), commits.end(), [&](const Taken& taken) {
    auto found = ids.find(taken.at);
    return found != ids.end() && found->second != taken.id;
  });
}

}  // namespace

Meeting Coordinator::Hello(const Log& theirs, bool covered) {
  if (stopped) return Meeting::kStopped;
  if (!covered && !rules->claim_needs_no_signature) return Meeting::kRefused;
  const int common = log.CommonWith(theirs);
  if (log.RootAt(common) != theirs.RootAt(common)) return OnContradiction();
  if (common == theirs.Size()) return Meeting::kPrefix;
  if (rules->rewind_of_unknown) return Meeting::kRewind;
  const bool all_back = (log.CommittedAt(theirs.Head()) & ~log.Committed()).none();
  if (log.Knows(theirs.Head()) && (all_back || rules->rewind_before_all_is_back)) {
    return Meeting::kRewind;
  }
  if (ContradictEachOther(log, theirs) && !rules->records_may_contradict) return OnContradiction();
  return Meeting::kHandOver;
}

Meeting Coordinator::OnContradiction() {
  stopped = !rules->contradiction_is_a_fork;
  return stopped ? Meeting::kStopped : Meeting::kPrefix;
}

Meeting Coordinator::HandOver(const Log& theirs, int count, Entropy& entropy) {
  const int fork = log.CommonWith(theirs);
  if (!rules->refill_keeps_epoch) epoch = entropy.Epoch();
  if (!rules->refill_keeps_incarnation) own_next = {0, 1};
  if (fork == log.Size()) {
    for (int i = fork + 1; i <= std::min(theirs.Size(), fork + count); ++i)
      log.Append(theirs.At(i));
    return Meeting::kPrefix;
  }
  const bool theirs_kept = TheirsIsKept(theirs, fork);
  const Log loser = theirs_kept ? log : theirs;
  if (theirs_kept) log = theirs;
  Record(RecordOf(loser, fork));
  if (theirs_kept ? !rules->own_commits_not_again : !rules->sites_commits_not_again) {
    CommitAgain(loser, fork, entropy);
  }
  return theirs_kept ? Meeting::kPrefix : Meeting::kRewind;
}

// The branch of the epoch that did not begin at the fork is kept; if both did, the smaller number.
bool Coordinator::TheirsIsKept(const Log& theirs, int fork) const {
  const auto began_here = [fork](const Log& branch) {
    return fork == 0 || branch.At(fork).at.epoch != branch.At(fork + 1).at.epoch;
  };
  if (rules->own_branch_is_kept) return false;
  if (rules->sites_branch_is_kept) return true;
  const bool own_began = began_here(log);
  const bool theirs_began = began_here(theirs);
  if (own_began != theirs_began) return own_began != rules->newer_epoch_is_kept;
  if (rules->tie_keeps_own) return false;
  return theirs.At(fork + 1).at.epoch < log.At(fork + 1).at.epoch;
}

// All that the loser knows of positions, and the log that is kept does not.
Branches Coordinator::RecordOf(const Log& loser, int fork) const {
  const Branches known = log.All();
  Branches record;
  const Branches all = loser.All();
  for (const auto& [number, began] : all.epochs) {
    if (!known.epochs.contains(number)) record.epochs[number] = began;
  }
  if (rules->record_forgets_epochs) record.epochs.clear();
  for (Taken taken : all.commits) {
    if (known.commits.contains(taken)) continue;
    const bool on_loser = loser.Holds(taken.at);
    if (rules->record_forgets_older_records && !on_loser) continue;
    if (rules->record_forgets_what_came_back && log.Has(taken.id)) continue;
    if (rules->record_forgets_admissions && on_loser && taken.at.number <= fork) continue;
    if (rules->record_names_commit_not_effect) taken.effect = taken.at;
    if (rules->record_forgets_outcomes) taken.outcome = Outcome::kHeld;
    record.commits.insert(taken);
  }
  return record;
}

// In their order, behind what each stood behind, under incarnations of their own.
void Coordinator::CommitAgain(const Log& loser, int fork, Entropy& entropy) {
  std::set<int> drawn;
  for (int i = fork + 1; i <= loser.Size(); ++i) {
    const int number = rules->again_in_reverse ? loser.Size() + fork + 1 - i : i;
    const Commit& commit = loser.At(number);
    if (commit.record != nullptr || log.Has(commit.change.id)) continue;
    if (rules->again_under_same_stamp) {
      Append(commit.change, commit.stamp, commit.behind);
      continue;
    }
    const Id before = loser.Before(commit.change.id);
    const Stamp behind = log.Has(before) ? log.PlaceOf(before) : Stamp{};
    const bool goes_on = drawn.contains(behind.chain) && behind.seq == log.ChainEnd(behind.chain);
    const Stamp stamp =
        goes_on ? Stamp{behind.chain, behind.seq + 1} : Stamp{entropy.Incarnation(), 1};
    drawn.insert(stamp.chain);
    const Stamp declared = rules->again_behind_declared_place ? commit.behind : behind;
    Append(commit.change, stamp, goes_on ? Stamp{} : declared);
  }
}

Welcome Coordinator::WelcomeFor(int chain) const {
  const int end = log.ChainEnd(chain);
  return {log.Size(), end, log.IdAt({chain, end})};
}

bool Coordinator::OnBatch(const Batch& batch) {
  const Stamp first = batch.first;
  if (log.ChainEnd(first.chain) != first.seq - 1) return false;
  const Stamp previous = first.seq == 1 ? batch.behind : Stamp{first.chain, first.seq - 1};
  if (log.IdAt(previous) != batch.before && !rules->batch_ignores_predecessor) return false;
  for (const Change& change : batch.changes) {
    if (log.Has(change.id) && !rules->batch_ignores_known_ids) return false;
    if (!log.Knows(change.base)) return false;
  }
  Stamp stamp = first;
  for (const Change& change : batch.changes) {
    Append(change, stamp, stamp.seq == 1 ? batch.behind : Stamp{});
    ++stamp.seq;
  }
  return true;
}

Change Coordinator::Act(Change change, Entropy& entropy) {
  change.base = log.Head();
  Stamp behind;
  if (own_next.chain == 0) {
    own_next = {entropy.Incarnation(), 1};
    behind = log.PlaceOf(own_last);
  }
  Append(change, own_next, behind);
  ++own_next.seq;
  own_last = change.id;
  return change;
}

void Coordinator::OnRestored(Entropy& entropy) {
  if (!rules->restart_keeps_epoch) epoch = entropy.Epoch();
  if (!rules->restart_keeps_incarnation) own_next = {0, 1};
}

// An epoch begins with the record of what was taken off, if only to say where it began.
void Coordinator::Append(const Change& change, Stamp stamp, Stamp behind) {
  if (log.Size() > 0 && log.Head().epoch != epoch) Record({});
  log.Append({{epoch, log.Size() + 1}, change, stamp, behind, nullptr});
}

void Coordinator::Record(Branches record) {
  log.Append(
      {{epoch, log.Size() + 1}, {}, {}, {}, std::make_shared<const Branches>(std::move(record))});
}

}  // namespace trialsync::model::recovery
