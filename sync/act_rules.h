// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_ACT_RULES_H_
#define TRIALSYNC_SYNC_ACT_RULES_H_

#include "sync/judgement.h"
#include "sync/partition_state.h"

namespace trialsync::sync {

// Acts on a whole record (protocol §4): complete, verify, sign, freeze, lock, unlock, void,
// reinstate. One that covers something else than what stands is held until a person repeats it;
// an unlock or a reinstatement ends only what it has seen.
Judgement MergeAct(PartitionState& state, const Arriving& arriving);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_ACT_RULES_H_
