// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_WORKLIST_H_
#define TRIALSYNC_SYNC_WORKLIST_H_

#include <cstdint>

#include "storage/tables.h"
#include "sync/judgement.h"
#include "sync/partition_state.h"
#include "sync/record.h"

// Opening and closing discrepancies: every one is an effect of a commit, so both ends have the
// same ones (protocol §2, invariant I12).
namespace trialsync::sync {

// The discrepancy that `arriving` makes on the record it acts on, with opening number and time set.
v1::DiscrepancyRow NewDiscrepancy(v1::DiscrepancyKind kind, const Arriving& arriving);

// Lists what `write` would have replaced (dispute, or settled by rule) or proposes, before
// anything is written: the standing value of its lineage is copied from `record`.
void ListWrite(PartitionState& state, const Arriving& arriving, const v1::RecordState& record,
               const CellWrite& write, const study::Definition& definition,
               v1::DiscrepancyKind kind, v1::DiscrepancyState discrepancy_state);

// Closes `id` if it is open. False if it is not there or not open.
bool CloseDiscrepancy(PartitionState& state, const storage::DiscrepancyId& id,
                      const Arriving& closer);

// The dispute or proposal that a decision means; nullopt if there is none.
std::optional<storage::DiscrepancyId> FindDispute(PartitionState& state,
                                                  const v1::DisputeReference& reference);

bool IsOpen(const v1::DiscrepancyRow& row);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_WORKLIST_H_
