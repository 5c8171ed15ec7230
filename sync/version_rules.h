// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_VERSION_RULES_H_
#define TRIALSYNC_SYNC_VERSION_RULES_H_

#include "sync/judgement.h"
#include "sync/partition_state.h"

namespace trialsync::sync {

// The centre's acts on a partition (protocol §5, §6): a version is published, activated or retired
// for the site, in any order; retirement is final. One number with two hashes is an alarm: the
// second publication is held. A replica is enrolled. An epoch begins (protocol §10).
Judgement MergeCentreAct(PartitionState& state, const Arriving& arriving);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_VERSION_RULES_H_
