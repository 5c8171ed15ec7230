// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_IDENTITY_RULES_H_
#define TRIALSYNC_SYNC_IDENTITY_RULES_H_

#include <string>
#include <utility>
#include <vector>

#include "study/definition.h"
#include "sync/judgement.h"
#include "sync/partition_state.h"

// Identity is birth, not label (protocol §3). Two births of one label, made apart, are two things;
// the later one shows as `ZJU-007?2`, and a discrepancy asks a person to rename one or to say that
// they are the same.
namespace trialsync::sync {

// A subject, or a repeat of an event or form, comes into being.
Judgement MergeBirth(PartitionState& state, const Arriving& arriving,
                     const study::Definition& definition);

// Another label for something born.
Judgement MergeRename(PartitionState& state, const Arriving& arriving,
                      const study::Definition& definition);

// Two births are one thing.
Judgement MergeSameThing(PartitionState& state, const Arriving& arriving,
                         const study::Definition& definition);

// Brings the label index and the label discrepancies in step with the label that stands in the
// label record of `birth`, after something was merged there.
void FollowLabel(PartitionState& state, const Arriving& arriving, const ChangeId& birth);

using BirthEntry = std::pair<ChangeId, v1::BirthRow>;

// Births of one label in the order in which they took effect; the rank that
// names show is the place in this list.
std::vector<BirthEntry> BirthsInOrder(PartitionState& state, v1::BirthKind kind,
                                      const v1::RecordKey& parent, const std::string& label);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_IDENTITY_RULES_H_
