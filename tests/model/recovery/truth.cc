// SPDX-License-Identifier: Apache-2.0
#include "tests/model/recovery/truth.h"

#include <algorithm>

namespace trialsync::model::recovery {
namespace {

std::size_t Bit(Id id) { return static_cast<std::size_t>(id); }

// Whether branch `a` is to be kept rather than `b`: at the fork the epoch that went on before one
// that began there, then the smaller number; of a log and its beginning, the whole.
bool Better(const Log& a, const Log& b) {
  const int fork = a.CommonWith(b);
  if (fork == a.Size() || fork == b.Size()) return a.Size() > b.Size();
  const int at_fork = fork == 0 ? 0 : a.At(fork).at.epoch;
  const int next_a = a.At(fork + 1).at.epoch;
  const int next_b = b.At(fork + 1).at.epoch;
  if ((next_a == at_fork) != (next_b == at_fork)) return next_a == at_fork;
  return next_a < next_b;
}

}  // namespace

void Truth::Require(bool holds, const std::string& sentence, Id id) {
  if (holds || !failure_.empty()) return;
  failure_ = sentence;
  if (id != 0) failure_ += ": " + std::to_string(id);
}

void Truth::Authored(const Change& change, Given& given, const Log& log) {
  authored_[change.id] = {given.made, log.InEffect()};
  given.made.set(Bit(change.id));
  given.kept.set(Bit(change.id));
}

void Truth::Signed(int epoch, const Log& log, int number) {
  if (number == 0) return;
  const auto [at, added] = signed_.insert({{epoch, number}, log.RootAt(number)});
  if (marked_always_) {
    Require(at->second == log.RootAt(number), "two checkpoints of one epoch contradict each other",
            0);
    if (at != signed_.begin()) {
      const auto& [older, root] = *std::prev(at);
      Require(older.first != epoch || log.RootAt(older.second) == root,
              "two checkpoints of one epoch contradict each other", 0);
    }
  }
  for (int i = number; i > 0 && roots_.insert(log.RootAt(i)).second; --i) {
  }
}

bool Truth::Covers(const Log& log) const {
  return log.Size() == 0 || roots_.contains(log.RootAt(log.Size()));
}

void Truth::Committed(const Log& log) {
  Require(log.breach().empty(), log.breach(), 0);
  if (!failure_.empty()) return;
  if (checked_ > log.Size() || log.RootAt(checked_) != checked_root_) checked_ = 0;
  for (int i = checked_ + 1; i <= log.Size(); ++i) {
    const Id id = log.At(i).change.id;
    if (id != 0) CheckSeen(log, id);
  }
  checked_ = log.Size();
  checked_root_ = log.RootAt(checked_);
}

// What the log says that an author had seen is what he had in front of him.
void Truth::CheckSeen(const Log& log, Id id) {
  auto author = authored_.find(id);
  Require(author != authored_.end(), "a change is committed that nobody made", id);
  if (!failure_.empty()) return;
  Require(log.OwnBefore(id) == author->second.made,
          "its chain is not what its author had made before", id);
  Require(log.SeenAt(log.At(log.NumberOf(id)).change.base) == author->second.shown,
          "its base is not what its author had been shown", id);
}

void Truth::Keeps(Given& given, const Log& log, const std::vector<Change>& outbox, bool complete) {
  Ids here = log.Committed();
  for (int i = 1; i <= log.Size(); ++i) {
    const Id id = log.At(i).change.id;
    if (id != 0 && log.OutcomeOf(id) != Outcome::kHeld) given.told.insert({id, log.OutcomeOf(id)});
  }
  for (const Change& change : outbox) here.set(Bit(change.id));
  if (complete) Require((given.kept & ~here).none(), "a store let go of what it had", 0);
  given.kept |= here;
}

void Truth::HandedOver(const Log& before, const Log& theirs, const Log& after) {
  const Log& kept = Better(theirs, before) ? theirs : before;
  const int fork = before.CommonWith(theirs);
  if (fork == before.Size()) {
    Require(after.CommonWith(theirs) > fork, "nothing of what was handed over is taken", 0);
    return;
  }
  Require(after.CommonWith(kept) == kept.Size(), "at a fork the newer branch is kept", 0);
  const Ids all = before.Committed() | theirs.Committed();
  Require((all & ~after.Committed()).none(), "what was taken off is not committed again", 0);
}

void Truth::Stopped() {
  Require(!marked_always_, "a partition is stopped without a contradiction", 0);
}

void Truth::QuietAt(const Given& given, const Log& log, const std::vector<Change>& outbox,
                    const Log& centre) {
  Require(outbox.empty(), "an outbox does not drain", outbox.empty() ? 0 : outbox.front().id);
  Require(log.Size() == centre.Size() && log.RootAt(log.Size()) == centre.RootAt(centre.Size()),
          "the logs are not equal", 0);
  Require((given.kept & ~centre.Committed()).none(), "a saved change is lost", 0);
  CheckTold(given, centre);
}

void Truth::Quiet(const std::vector<Log>& logs, const Given& given, const Log& centre) {
  Require((given.kept & ~centre.Committed()).none(), "a committed change is lost", 0);
  CheckTold(given, centre);
  for (const Log& log : logs) {
    Require(!Better(log, centre), "the oldest branch is not back", 0);
  }
  const Log again = centre.Prefix(centre.Size());
  Require(again.RootAt(again.Size()) == centre.RootAt(centre.Size()) &&
              again.All().commits == centre.All().commits,
          "a replay of the log gives other outcomes", 0);
  for (int i = 1; i <= centre.Size() && failure_.empty(); ++i) {
    const Id id = centre.At(i).change.id;
    if (id != 0) CheckSeen(centre, id);
  }
}

// An outcome that somebody was shown and that is not the outcome is on the worklist.
void Truth::CheckTold(const Given& given, const Log& centre) {
  const Ids listed = centre.Contradicted();
  for (const auto& [id, outcome] : given.told) {
    if (!centre.Has(id)) continue;
    Require(centre.OutcomeOf(id) == outcome || listed.test(Bit(id)),
            "an outcome became another one, and nobody is told", id);
  }
}

}  // namespace trialsync::model::recovery
