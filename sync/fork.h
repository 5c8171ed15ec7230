// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_FORK_H_
#define TRIALSYNC_SYNC_FORK_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "sync/log.h"
#include "sync/partition_state.h"
#include "sync/replayed_log.h"

// Two logs of one partition that begin with the same `common` commits and then both go on: which
// one is kept, and how the kept one takes in what only the other, the loser, has (protocol §10,
// tests/model/RECOVERY.md 4.5 to 4.7). The states are flushed. Nothing here is durable before the
// caller writes it; failed reads are told by the states.
namespace trialsync::sync {

// Whether `a` is the one that is kept: that whose epoch did not begin there; where both did, that
// of the smaller epoch. So it is the same whoever comes first.
bool IsKept(PartitionState& a, PartitionState& b, uint64_t common);

// Whether the logs, or what they record as taken off, give one position to two changes.
bool Contradict(PartitionState& a, PartitionState& b);

// All that the loser knows of positions and the kept log does not, as records of about
// kTakenOffBytesMax each; at least one. The first is still without a parent.
std::vector<v1::EpochRecord> Difference(PartitionState& loser, PartitionState& kept,
                                        uint64_t common);

// Commits again, behind the kept log, the loser's changes behind `common` that it has not, in their
// order: same bytes, judged anew, each behind what stands before it on its own chain, on chains
// whose incarnations `draw` gives. Requires that what Difference() says was appended.
void CommitAgain(PartitionState& loser, uint64_t common, PartitionState& kept, LogWriter& log,
                 int64_t received_time_us, const std::function<uint64_t()>& draw);

// Whether all that was committed on the branch of `end`, which was taken off, is in the log.
bool AllIsBack(PartitionState& state, const v1::Position& end);

// Whether every commit of `tables` behind `common` is recorded in `state` as taken off, under its
// position, and is in its log.
bool NamesAll(PartitionState& state, storage::PartitionTables& tables, uint64_t common);

// Puts `log` in the place of the log of `tables` and of all that follows from that; the first
// `common` commits are the same. What goes is kept as evidence. DATA_LOSS or INTERNAL
// if the tables cannot be read.
absl::Status TakeOver(storage::PartitionTables& tables, uint64_t common, ReplayedLog& log);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_FORK_H_
