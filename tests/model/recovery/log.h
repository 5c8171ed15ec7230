// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_MODEL_RECOVERY_LOG_H_
#define TRIALSYNC_TESTS_MODEL_RECOVERY_LOG_H_

#include <bitset>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/model/recovery/rules.h"

// The log of one partition, and all that follows from it: what coordinator and sites both keep and
// replay. Abstract: ids, positions and stamps, no bytes. RECOVERY.md has the rules in words.
namespace trialsync::model::recovery {

using Id = int;  // of a change; 0 is none
inline constexpr std::size_t kIdsMax = 96;
using Ids = std::bitset<kIdsMax>;

// A place in the log. Within an epoch a number is used once, so a position names all that stands
// before it, too. {0, 0} is before the first commit.
struct Position {
  int epoch = 0;
  int number = 0;
  auto operator<=>(const Position&) const = default;
};

// A place on a chain. `chain` is the incarnation, which is random and thus unique among all
// replicas. {0, 0} is before the first change of a replica.
struct Stamp {
  int chain = 0;
  int seq = 0;
  auto operator<=>(const Stamp&) const = default;
};

// Authored bytes: the same for ever. `needs` is a change that this one names (0: none); it is held
// until that one is committed and not held.
struct Change {
  Id id = 0;
  Position base;
  int item = 0;
  Id needs = 0;
};

enum class Outcome { kApplied, kDisputed, kOvertaken, kHeld };

// What one branch made of one of its commits. `effect` is where it was judged and not held.
// Without an id it is the commit of an epoch's record.
struct Taken {
  Id id = 0;
  Position at;
  Position effect;
  Outcome outcome = Outcome::kHeld;
  auto operator<=>(const Taken&) const = default;
};

// What a log knows of positions, on its own branch and on those that were taken off.
struct Branches {
  std::map<int, Position> epochs;  // where each began: the last position before it
  std::set<Taken> commits;
};

// One commit. `behind` is set where an incarnation begins (seq 1): the place of the change before
// this one. The first commit of an epoch holds its `record` and no change.
struct Commit {
  Position at;
  Change change;
  Stamp stamp;
  Stamp behind;
  std::shared_ptr<const Branches> record;
};

// A value type.
class Log {
 public:
  explicit Log(const Rules& rules) : rules_(&rules) {}

  // Appends the next commit and judges it, and whatever it admits.
  void Append(const Commit& commit);

  int Size() const { return static_cast<int>(commits_.size()); }
  // The position of the last commit; {0, 0} of an empty log.
  Position Head() const { return commits_.empty() ? Position{} : commits_.back().at; }
  const Commit& At(int number) const { return commits_[static_cast<std::size_t>(number - 1)]; }
  // Stands for the root over the first `number` commits.
  std::uint64_t RootAt(int number) const {
    return number == 0 ? 0 : roots_[static_cast<std::size_t>(number - 1)];
  }
  // The log of the first `number` commits.
  Log Prefix(int number) const;
  // The number of commits that this log and `other` begin with, by their positions.
  int CommonWith(const Log& other) const;

  // Whether `position` is one of this log.
  bool Holds(Position position) const;
  // Whether it is one of this log, or one that this log records as taken off.
  bool Knows(Position position) const;
  // All that this log knows of positions.
  Branches All() const;

  bool Has(Id id) const { return id != 0 && number_of_[static_cast<std::size_t>(id)] != 0; }
  // Its number. Requires that the log has it.
  int NumberOf(Id id) const { return number_of_[static_cast<std::size_t>(id)]; }
  Ids Committed() const;
  // Changes that are not held.
  Ids InEffect() const;
  // The outcome of a change that the log has.
  Outcome OutcomeOf(Id id) const;
  // Changes whose outcome is not the one that a branch taken off had told.
  Ids Contradicted() const;

  // Where a change stands; {0, 0} for none, and for one that the log has not.
  Stamp PlaceOf(Id id) const;
  // What stands at a place; 0 if nothing does.
  Id IdAt(Stamp place) const;
  // Changes on an incarnation; 0 if it is unknown.
  int ChainEnd(int chain) const;
  // The change just before this one on its own chain; 0 if it is the first.
  Id Before(Id id) const;
  // All changes on its own chain before it.
  Ids OwnBefore(Id id) const;
  // All changes that had taken effect at `base`, on the branch of `base`.
  Ids SeenAt(Position base) const;
  // All changes that had been committed at `position`, on its branch.
  Ids CommittedAt(Position position) const;

  // The first breach of what holds in every log (I7, I23); empty if there is none.
  const std::string& breach() const { return breach_; }

 private:
  struct Chain {
    Stamp behind;
    std::vector<Id> ids;
  };

  void CheckNext(const Commit& commit);
  void Judge(std::size_t index);
  Outcome Merge(const Change& change);
  bool Released(std::size_t index) const;
  std::size_t IndexOf(Id id) const {
    return static_cast<std::size_t>(number_of_[static_cast<std::size_t>(id)] - 1);
  }
  std::vector<std::pair<int, int>> PathOf(Position position) const;
  template <typename PositionOf>
  Ids OnBranchOf(Position position, PositionOf position_of) const;

  const Rules* rules_;
  std::vector<Commit> commits_;
  std::vector<std::uint64_t> roots_;
  std::vector<Outcome> outcomes_;                           // as commits_
  std::vector<Position> effects_;                           // as commits_; {0, 0} while held
  std::vector<int> number_of_ = std::vector<int>(kIdsMax);  // by id
  std::map<int, Chain> chains_;
  std::map<int, Id> standing_;      // by item
  std::map<int, Position> epochs_;  // of this branch and of those taken off
  std::set<Taken> taken_off_;
  std::string breach_;
};

}  // namespace trialsync::model::recovery

#endif  // TRIALSYNC_TESTS_MODEL_RECOVERY_LOG_H_
