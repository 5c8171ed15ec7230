// SPDX-License-Identifier: Apache-2.0
#include "sync/first_entry.h"

#include <algorithm>
#include <memory>

#include "study/checks.h"
#include "sync/record.h"
#include "sync/stored_change.h"

namespace trialsync::sync {
namespace {

// Whether a state that was read from a disk can be worked on: what it names by an index is there,
// each value has a writer and a version that is known, and ids have their length. The rules
// require it.
bool IsWhole(const v1::RecordState& record, const study::DefinitionSet& definitions) {
  const auto chains = static_cast<uint32_t>(record.chains_size());
  const auto has_chain = [&](const v1::WriterRow& writer) { return writer.chain() < chains; };
  const auto cell_is_whole = [&](const v1::CellRow& cell) {
    const bool labels = cell.lineage() == kLabelItem;
    return (cell.values().empty() || !cell.writers().empty()) &&
           std::all_of(cell.writers().begin(), cell.writers().end(),
                       [&](uint32_t writer) {
                         return writer < static_cast<uint32_t>(record.writers_size());
                       }) &&
           std::all_of(cell.effects().begin(), cell.effects().end(),
                       [&](const v1::EffectMark& mark) { return mark.chain() < chains; }) &&
           std::all_of(cell.values().begin(), cell.values().end(),
                       [&](const v1::StandingValue& value) {
                         return labels || definitions.Find(value.version()) != nullptr;
                       });
  };
  return std::all_of(record.writers().begin(), record.writers().end(), has_chain) &&
         std::all_of(record.acts().begin(), record.acts().end(),
                     [&](const v1::ActRow& act) { return has_chain(act.by()); }) &&
         std::all_of(
             record.open_checks().begin(), record.open_checks().end(),
             [](const v1::OpenCheck& open) { return open.change().size() == ChangeId::kBytes; }) &&
         std::all_of(record.cells().begin(), record.cells().end(), cell_is_whole);
}

}  // namespace

bool IsFirstEntry(const Arriving& arriving, const study::Definition& definition) {
  const v1::Change& change = *arriving.change;
  const bool own_commit =
      arriving.number == arriving.effect_number && !IsOutboxNumber(arriving.number);
  if (!own_commit || !change.has_edit()) return false;
  const auto& writes = change.edit().writes();
  const auto value_of = [&writes](uint32_t item) -> const v1::Value* {
    const auto write = std::find_if(writes.begin(), writes.end(),
                                    [item](const auto& w) { return w.item() == item; });
    return write == writes.end() ? nullptr : &write->value();
  };
  const auto& items = definition.FindForm(change.record().form())->items();
  const bool plain = std::all_of(items.begin(), items.end(), [&](const v1::ItemDefinition& item) {
    const bool simple =
        item.split_from() == 0 && (item.owner() == v1::OWNER_CENTRE) == arriving.from_centre;
    return simple || value_of(item.id()) == nullptr;
  });
  if (!plain) return false;
  const std::vector<study::CheckFinding> findings =
      study::RunChecks(definition, change.record().form(), value_of);
  return std::none_of(findings.begin(), findings.end(), [](const study::CheckFinding& finding) {
    return finding.hard && finding.truth == study::Truth::kFalse;
  });
}

v1::RecordState FirstEntryRow(const v1::RecordKey& key, uint64_t number) {
  v1::RecordState row;
  *row.mutable_key() = key;
  row.set_first_entry(number);
  return row;
}

void ExpandFirstEntry(storage::PartitionTables& tables, const study::DefinitionSet& definitions,
                      v1::RecordState& record) {
  const uint64_t number = record.first_entry();
  if (number == 0) {
    if (IsWhole(record, definitions)) return;
    const v1::RecordKey key = record.key();
    record.Clear();
    *record.mutable_key() = key;
    return tables.Fail(absl::DataLossError("a record is damaged; run: trialsync verify"));
  }
  const v1::RecordKey key = record.key();
  record.Clear();
  *record.mutable_key() = key;
  const std::optional<StoredChange> stored = ReadChange(tables, number);
  const std::shared_ptr<const study::Definition> definition =
      stored ? definitions.Find(stored->change.version()) : nullptr;
  if (definition == nullptr) {
    return tables.Fail(
        absl::DataLossError("the first entry of a record is missing; run: trialsync verify"));
  }
  const Arriving arriving{.change = &stored->change,
                          .id = stored->id,
                          .stamp = stored->stamp,
                          .from_centre = stored->from_centre,
                          .number = number,
                          .effect_number = number,
                          .epoch = stored->epoch,
                          .received_time_us = stored->received_time_us};
  for (const CellWrite& write : WritesByLineage(stored->change.edit().writes(), *definition)) {
    ApplyWrite(arriving, write, *definition, /*decided=*/false, /*keep_other_parts=*/false, record,
               MutableCell(record, write.lineage));
  }
  record.set_last_commit(number);
}

void ForEachRecord(storage::PartitionTables& tables, const study::DefinitionSet& definitions,
                   const std::function<void(const v1::RecordState& record)>& visit) {
  tables.ForEachRecord("", "", [&](std::string_view, v1::RecordState row) {
    ExpandFirstEntry(tables, definitions, row);
    visit(row);
    return true;
  });
}

}  // namespace trialsync::sync
