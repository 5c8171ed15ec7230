// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_FORK_H_
#define TRIALSYNC_SYNC_FORK_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "sync/log.h"
#include "sync/partition_state.h"

// Two logs of one partition that begin with the same commits and then both go on: which one is
// kept, and how the kept one takes in what only the other has (protocol §10,
// tests/model/RECOVERY.md 4.5 to 4.7). Each is a PartitionState with its tables, whole and written.
// Nothing here is durable before the caller writes it; failed reads are told by the states.
namespace trialsync::sync {

// Replays the commits up to `size` of one log into `log`, which is empty, as they were committed,
// with all authored bytes. DATA_LOSS if that gives other receipts.
absl::Status CopyLog(storage::PartitionTables& from, uint64_t size, PartitionState& state,
                     LogWriter& log);

// Whether `a` is kept of two logs of which the first `common` commits are the same and that both go
// on: the one whose epoch did not begin there; where both did, the one of the smaller epoch.
bool IsKept(PartitionState& a, PartitionState& b, uint64_t common);

// Whether the logs, or what they record as taken off, give one position to two changes.
bool Contradict(PartitionState& a, PartitionState& b);

// All that `loser` knows of positions and `kept` does not, as records of at most
// kTakenOffPerRecordMax commits; at least one.
std::vector<v1::EpochRecord> Difference(PartitionState& loser, PartitionState& kept,
                                        uint64_t common);

// Commits again, behind the log of `kept`, the changes of `loser` behind `common` that it has not,
// in their order: same bytes, judged anew, each behind what stood before it on its chain, on chains
// whose incarnations `draw` gives.
void CommitAgain(PartitionState& loser, uint64_t common, PartitionState& kept, LogWriter& log,
                 int64_t received_time_us, const std::function<uint64_t()>& draw);

// Whether all that was committed on the branch of `end`, which was taken off, is in the log.
bool AllIsBack(PartitionState& state, const v1::Position& end);

// Whether every commit of `tables` behind `common` is recorded in `state` as taken off, under its
// position, and is in its log.
bool NamesAll(PartitionState& state, storage::PartitionTables& tables, uint64_t common);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_FORK_H_
