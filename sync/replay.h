// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_REPLAY_H_
#define TRIALSYNC_SYNC_REPLAY_H_

#include <vector>

#include "sync/judgement.h"
#include "sync/partition_state.h"
#include "sync/receipt.h"

// The merge as a replay: takes changes in log order and brings about their effects. The
// coordinator, a site that follows its log, a site's prediction for its own outbox, and `verify`
// all run this one function; its outcomes depend on the changes, their order and the definitions
// in force, and on nothing else (invariant I10).
namespace trialsync::sync {

// What one commit does.
struct CommitEffects {
  Verdict verdict;
  // Held changes that it admitted or dismissed, in the order in which that happened.
  std::vector<Admission> admissions;
};

// Judges `arriving` at its commit, then every held change that it sets free, in commit order.
// Held changes are read from the log by their number. The change must not have been replayed here
// before. Failed reads are told by state.status().
CommitEffects Replay(PartitionState& state, const Arriving& arriving);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_REPLAY_H_
