// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_BRANCHES_H_
#define TRIALSYNC_SYNC_BRANCHES_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "proto/ids.h"
#include "storage/tables.h"
#include "trialsync/v1/change.pb.h"

namespace trialsync::sync {

// What a partition's log knows of positions (protocol §10): its epochs, each of which goes on from
// a commit of the one before it, and what was taken off. The branch of a position is that commit
// and all before it, through its epoch and those that this went on from. Follows from the log's
// EpochRecords. Not thread-safe.
class Branches {
 public:
  // `tables` is not owned and must outlive this.
  explicit Branches(storage::PartitionTables* tables) : tables_(tables) {}

  // The epoch of the last commit; 0 of an empty log that has none yet.
  uint64_t epoch();
  // The log goes on in `epoch`, behind `parent`; without a parent it begins in it.
  void Begin(uint64_t epoch, const v1::Position& parent);
  // Notes an epoch of a branch that was taken off.
  void Note(const v1::EpochBeginning& beginning);

  // Of all epochs that are known, but for the first.
  const std::vector<v1::EpochBeginning>& beginnings();
  bool Knows(uint64_t epoch);
  // The last commit before the epoch; number 0 where nothing is.
  v1::Position ParentOf(uint64_t epoch);
  // The position with this number on the branch that ends in `epoch`.
  v1::Position On(uint64_t epoch, uint64_t number);
  // The position of a commit of this log.
  v1::Position At(uint64_t number) { return On(epoch(), number); }
  // What was committed there, in this log or taken off; nullopt if nothing is known of it.
  std::optional<ChangeId> ChangeAt(const v1::Position& position);
  // The last commit of each epoch on the branch of `end`, oldest first.
  std::vector<v1::Position> EpochEnds(const v1::Position& end);

  // Whether `position` is on the branch of `base`.
  bool Reaches(const v1::Position& base, const v1::Position& position);
  // Whether a change that took effect at `effect` had done so on the branch of `base`, in this log
  // or where it was taken off.
  bool Saw(const v1::Position& base, const v1::Position& effect, const ChangeId& change);
  // The same of the change that was committed and took effect here under this number.
  bool SawCommit(const v1::Position& base, uint64_t number);

 private:
  void Load();

  storage::PartitionTables* tables_;
  bool loaded_ = false;
  uint64_t epoch_ = 0;
  std::vector<v1::EpochBeginning> beginnings_;
};

v1::Position PositionOf(uint64_t epoch, uint64_t number);

// The number of commits that two logs begin with, by the ends of their epochs: a position names all
// that stands before it.
uint64_t CommonSize(const std::vector<v1::Position>& a, const std::vector<v1::Position>& b);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_BRANCHES_H_
