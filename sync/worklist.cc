// SPDX-License-Identifier: Apache-2.0
#include "sync/worklist.h"

namespace trialsync::sync {

bool IsOpen(const v1::DiscrepancyRow& row) {
  return row.state() == v1::DISCREPANCY_STATE_OPEN || row.state() == v1::DISCREPANCY_STATE_ANSWERED;
}

v1::DiscrepancyRow NewDiscrepancy(v1::DiscrepancyKind kind, const Arriving& arriving) {
  v1::DiscrepancyRow row;
  row.set_kind(kind);
  row.set_state(v1::DISCREPANCY_STATE_OPEN);
  row.set_change(arriving.id.str());
  if (arriving.change->has_record()) *row.mutable_record() = arriving.change->record();
  row.set_opened_number(arriving.effect_number);
  row.set_opened_time_us(arriving.received_time_us);
  return row;
}

void ListWrite(PartitionState& state, const Arriving& arriving, const v1::RecordState& record,
               const CellWrite& write, const study::Definition& definition,
               v1::DiscrepancyKind kind, v1::DiscrepancyState discrepancy_state) {
  v1::DiscrepancyRow row = NewDiscrepancy(kind, arriving);
  row.set_state(discrepancy_state);
  *row.mutable_record() = record.key();
  row.set_lineage(write.lineage);
  if (const v1::CellRow* cell = FindCell(record, write.lineage)) {
    *row.mutable_standing() = cell->values();
    for (const uint32_t writer : cell->writers()) {
      row.add_standing_writers(record.writers(static_cast<int>(writer)).change());
    }
  }
  for (const v1::ItemWrite* item : write.writes) {
    v1::StandingValue* value = row.add_challenging();
    value->set_item(item->item());
    value->set_version(definition.number());
    *value->mutable_value() = item->value();
  }
  if (discrepancy_state == v1::DISCREPANCY_STATE_SETTLED_BY_RULE) {
    row.set_reason(v1::REASON_SETTLED_BY_RULE);
    row.set_closed_number(arriving.effect_number);
  }
  state.tables().PutDiscrepancy({arriving.id, kind, write.lineage}, row);
}

bool CloseDiscrepancy(PartitionState& state, const storage::DiscrepancyId& id,
                      const Arriving& closer) {
  std::optional<v1::DiscrepancyRow> row = state.tables().Discrepancy(id);
  if (!row || !IsOpen(*row)) return false;
  row->set_state(v1::DISCREPANCY_STATE_CLOSED);
  row->set_closed_number(closer.effect_number);
  row->set_closed_by(closer.id.str());
  state.tables().PutDiscrepancy(id, *row);
  return true;
}

std::optional<storage::DiscrepancyId> FindDispute(PartitionState& state,
                                                  const v1::DisputeReference& reference) {
  const std::optional<ChangeId> challenger = ChangeId::From(reference.challenger());
  if (!challenger) return std::nullopt;
  for (const auto kind : {v1::DISCREPANCY_KIND_DISPUTE, v1::DISCREPANCY_KIND_PROPOSAL}) {
    const storage::DiscrepancyId id{*challenger, kind, reference.lineage()};
    const std::optional<v1::DiscrepancyRow> row = state.tables().Discrepancy(id);
    if (row && row->state() != v1::DISCREPANCY_STATE_SETTLED_BY_RULE) return id;
  }
  return std::nullopt;
}

}  // namespace trialsync::sync
