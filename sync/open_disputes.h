// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_OPEN_DISPUTES_H_
#define TRIALSYNC_SYNC_OPEN_DISPUTES_H_

#include <optional>
#include <utility>
#include <vector>

#include "sync/view.h"

namespace trialsync::sync {

// A discrepancy as the view has it, after what the outbox holds on it; nullopt if there is none.
std::optional<v1::DiscrepancyRow> ReadDiscrepancy(View& view, const storage::DiscrepancyId& id);

using DisputeEntry = std::pair<storage::DiscrepancyId, v1::DiscrepancyRow>;

// The open disputes and proposals on one lineage of a record, which the caller has prepared.
std::vector<DisputeEntry> OpenDisputes(PartitionState& state, const v1::RecordKey& record,
                                       uint32_t lineage);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_OPEN_DISPUTES_H_
