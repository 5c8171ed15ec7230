// SPDX-License-Identifier: Apache-2.0
#include "sync/open_disputes.h"

namespace trialsync::sync {

std::optional<v1::DiscrepancyRow> ReadDiscrepancy(View& view, const storage::DiscrepancyId& id) {
  storage::PartitionTables& tables = view.state().tables();
  const std::optional<v1::DiscrepancyRow> confirmed = tables.Discrepancy(id);
  if (confirmed && !confirmed->record().subject().empty()) {
    view.PrepareRecord(confirmed->record());
    if (const auto other = ChangeId::From(confirmed->other_birth())) view.PrepareBirth(*other);
  } else {
    view.PrepareAll();
  }
  return tables.Discrepancy(id);
}

std::vector<DisputeEntry> OpenDisputes(PartitionState& state, const v1::RecordKey& record,
                                       uint32_t lineage) {
  std::vector<DisputeEntry> open;
  for (const storage::DiscrepancyId& id :
       state.tables().OpenOfRecord(storage::RecordKeyBytes(record))) {
    if (id.kind != v1::DISCREPANCY_KIND_DISPUTE && id.kind != v1::DISCREPANCY_KIND_PROPOSAL) {
      continue;
    }
    std::optional<v1::DiscrepancyRow> row = state.tables().Discrepancy(id);
    if (row && row->lineage() == lineage) open.emplace_back(id, *std::move(row));
  }
  return open;
}

}  // namespace trialsync::sync
