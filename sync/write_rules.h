// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_WRITE_RULES_H_
#define TRIALSYNC_SYNC_WRITE_RULES_H_

#include "study/definition.h"
#include "sync/judgement.h"
#include "sync/partition_state.h"

// Edits and decisions: the table of protocol §2. Each function takes a change whose version, names
// and values were admitted, judges it, and brings about its effects on record and worklist.
namespace trialsync::sync {

// An edit of items of one record, each lineage judged by itself.
Judgement MergeEdit(PartitionState& state, const Arriving& arriving,
                    const study::Definition& definition);

// A decision on disputes and proposals of one lineage, with the value decided or with none (a
// proposal declined).
Judgement MergeDecision(PartitionState& state, const Arriving& arriving,
                        const study::Definition& definition);

// Another label for something born: it merges like an item that the site owns.
Judgement MergeLabel(PartitionState& state, const Arriving& arriving,
                     const study::Definition& definition, const v1::RecordKey& label_record,
                     const v1::ItemWrite& label);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_WRITE_RULES_H_
