// SPDX-License-Identifier: Apache-2.0
#include "sync/record.h"

#include <algorithm>
#include <map>

#include "proto/check.h"
#include "storage/key.h"
#include "study/value.h"

namespace trialsync::sync {
namespace {

uint32_t ChainIndex(const ChainId& chain, v1::RecordState& record) {
  for (int i = 0; i < record.chains_size(); ++i) {
    const v1::ChainRow& row = record.chains(i);
    if (row.incarnation() == chain.incarnation && row.replica() == chain.replica.view()) {
      return static_cast<uint32_t>(i);
    }
  }
  v1::ChainRow* row = record.add_chains();
  row->set_replica(chain.replica.str());
  row->set_incarnation(chain.incarnation);
  return static_cast<uint32_t>(record.chains_size() - 1);
}

uint32_t WriterIndex(const Arriving& arriving, v1::RecordState& record) {
  for (int i = record.writers_size() - 1; i >= 0; --i) {
    if (record.writers(i).change() == arriving.id.view()) return static_cast<uint32_t>(i);
  }
  *record.add_writers() = WriterOf(arriving, record);
  return static_cast<uint32_t>(record.writers_size() - 1);
}

// Notes that change `seq` of a chain took effect on the cell, of which it is no writer (any more).
void RaiseEffect(uint32_t chain, uint64_t seq, v1::CellRow& cell) {
  for (v1::EffectMark& mark : *cell.mutable_effects()) {
    if (mark.chain() == chain) {
      mark.set_seq(std::max(mark.seq(), seq));
      return;
    }
  }
  v1::EffectMark* mark = cell.add_effects();
  mark->set_chain(chain);
  mark->set_seq(seq);
}

// The items into which the root of a lineage was split.
std::vector<uint32_t> PartsOf(uint32_t lineage, const study::Definition& definition) {
  std::vector<uint32_t> parts;
  const v1::FormDefinition* form = definition.FormOfItem(lineage);
  if (form == nullptr) return parts;
  for (const v1::ItemDefinition& item : form->items()) {
    if (item.split_from() == lineage) parts.push_back(item.id());
  }
  return parts;
}

// Whether all that is written stands so. `target` is the version both were read under: an older
// value of an item that was split before it is compared by its parts.
bool AllEqual(const std::vector<study::Reading>& written,
              const std::vector<study::Reading>& standing, bool older,
              const study::Definition& target) {
  const auto find = [](const std::vector<study::Reading>& readings, uint32_t item) {
    return std::find_if(readings.begin(), readings.end(),
                        [item](const study::Reading& reading) { return reading.item == item; });
  };
  const auto stands_for_parts = [&](uint32_t item) {
    const std::vector<uint32_t> parts = PartsOf(item, target);
    return older && !parts.empty() &&
           std::all_of(parts.begin(), parts.end(),
                       [&](uint32_t part) { return find(written, part) != written.end(); });
  };
  return !written.empty() &&
         std::all_of(written.begin(), written.end(), [&](const study::Reading& reading) {
           if (stands_for_parts(reading.item)) return true;
           const auto stands = find(standing, reading.item);
           return reading.value && stands != standing.end() && stands->value &&
                  study::CompareValues(*reading.value, *stands->value) ==
                      study::Comparison::kEqual;
         });
}

}  // namespace

v1::RecordKey LabelRecord(const ChangeId& birth) {
  v1::RecordKey key;
  key.set_subject(birth.str());
  return key;
}

bool IsLabelRecord(const v1::RecordKey& key) { return key.event() == 0 && key.form() == 0; }

bool SameRecord(const v1::RecordKey& a, const v1::RecordKey& b) {
  return a.subject() == b.subject() && a.event() == b.event() && a.form() == b.form() &&
         a.event_birth() == b.event_birth() && a.form_birth() == b.form_birth();
}

ItemPolicy PolicyOf(const study::Definition& definition, uint32_t item) {
  const v1::ItemDefinition* found = definition.FindItem(item);
  if (found == nullptr) return {};
  return {found->owner(), found->on_conflict()};
}

const v1::CellRow* FindCell(const v1::RecordState& record, uint32_t lineage) {
  const auto it = std::lower_bound(
      record.cells().begin(), record.cells().end(), lineage,
      [](const v1::CellRow& cell, uint32_t wanted) { return cell.lineage() < wanted; });
  return it != record.cells().end() && it->lineage() == lineage ? &*it : nullptr;
}

v1::CellRow& MutableCell(v1::RecordState& record, uint32_t lineage) {
  const auto found = std::lower_bound(
      record.cells().begin(), record.cells().end(), lineage,
      [](const v1::CellRow& cell, uint32_t wanted) { return cell.lineage() < wanted; });
  const int i = static_cast<int>(found - record.cells().begin());
  if (found != record.cells().end() && found->lineage() == lineage) {
    return *record.mutable_cells(i);
  }
  record.add_cells()->set_lineage(lineage);
  for (int last = record.cells_size() - 1; last > i; --last) {
    record.mutable_cells()->SwapElements(last, last - 1);
  }
  return *record.mutable_cells(i);
}

const v1::ChainRow& ChainOf(const v1::RecordState& record, const v1::WriterRow& writer) {
  TS_CHECK(writer.chain() < static_cast<uint32_t>(record.chains_size()));
  return record.chains(static_cast<int>(writer.chain()));
}

bool HasSeenValue(const Arriving& arriving, const v1::RecordState& record,
                  const v1::CellRow& cell) {
  return std::any_of(cell.writers().begin(), cell.writers().end(), [&](uint32_t index) {
    const v1::WriterRow& writer = record.writers(static_cast<int>(index));
    return HasSeen(arriving, writer, ChainOf(record, writer));
  });
}

bool OvertakenOnOwnChain(const Arriving& arriving, const v1::RecordState& record,
                         const v1::CellRow& cell) {
  const auto overtakes = [&](uint32_t index, uint64_t seq) {
    return StandsAfter(arriving, record.chains(static_cast<int>(index)), seq);
  };
  return std::any_of(cell.effects().begin(), cell.effects().end(),
                     [&](const auto& mark) { return overtakes(mark.chain(), mark.seq()); }) ||
         std::any_of(cell.writers().begin(), cell.writers().end(), [&](uint32_t index) {
           const v1::WriterRow& writer = record.writers(static_cast<int>(index));
           return overtakes(writer.chain(), writer.seq());
         });
}

std::vector<CellWrite> WritesByLineage(
    const google::protobuf::RepeatedPtrField<v1::ItemWrite>& writes,
    const study::Definition& definition) {
  std::vector<CellWrite> cells;
  cells.reserve(static_cast<size_t>(writes.size()));
  for (const v1::ItemWrite& write : writes) {
    const uint32_t lineage = definition.Lineage(write.item());
    auto it = std::lower_bound(cells.begin(), cells.end(), lineage,
                               [](const CellWrite& c, uint32_t l) { return c.lineage < l; });
    if (it == cells.end() || it->lineage != lineage) it = cells.insert(it, {lineage, {}});
    it->writes.push_back(&write);
  }
  return cells;
}

bool EqualsStanding(const v1::CellRow& cell, const CellWrite& write,
                    const study::Definition& definition, const study::DefinitionSet& definitions) {
  if (cell.values().empty()) return false;
  const bool alike = cell.values_size() == 1 && write.writes.size() == 1 &&
                     cell.values(0).item() == write.writes[0]->item() &&
                     (cell.values(0).version() == definition.number() ||
                      write.lineage == kLabelItem);
  if (alike) {
    return study::CompareValues(cell.values(0).value(), write.writes[0]->value()) ==
           study::Comparison::kEqual;
  }
  uint32_t newest = definition.number();
  for (const v1::StandingValue& value : cell.values()) {
    newest = std::max(newest, value.version());
  }
  const std::shared_ptr<const study::Definition> target = definitions.Find(newest);
  TS_CHECK(target != nullptr);
  std::vector<study::StoredValue> written;
  for (const v1::ItemWrite* item : write.writes) {
    written.push_back({item->item(), definition.number(), item->value()});
  }
  return AllEqual(study::ReadCell(written, *target, definitions),
                  study::ReadCell(StoredValues(cell), *target, definitions),
                  /*older=*/definition.number() < newest, *target);
}

std::vector<study::StoredValue> StoredValues(const v1::CellRow& cell) {
  std::vector<study::StoredValue> stored;
  for (const v1::StandingValue& value : cell.values()) {
    stored.push_back({value.item(), value.version(), value.value()});
  }
  return stored;
}

bool CoversStanding(const v1::CellRow& cell, const CellWrite& write,
                    const study::Definition& definition) {
  const auto writes = [&](uint32_t item) {
    return std::any_of(write.writes.begin(), write.writes.end(),
                       [item](const v1::ItemWrite* w) { return w->item() == item; });
  };
  if (writes(write.lineage)) return true;
  const bool source_stands =
      std::any_of(cell.values().begin(), cell.values().end(),
                  [&](const auto& value) { return value.item() == write.lineage; });
  const std::vector<uint32_t> parts = PartsOf(write.lineage, definition);
  return std::all_of(parts.begin(), parts.end(), [&](uint32_t part) {
    const bool stands = source_stands || std::any_of(cell.values().begin(), cell.values().end(),
                                                     [&](const auto& v) { return v.item() == part; });
    return !stands || writes(part);
  });
}

void ApplyWrite(const Arriving& arriving, const CellWrite& write,
                const study::Definition& definition, bool decided, bool keep_other_parts,
                v1::RecordState& record, v1::CellRow& cell) {
  auto* values = cell.mutable_values();
  for (const v1::ItemWrite* item : write.writes) {
    if (item->item() == write.lineage) keep_other_parts = false;
  }
  if (!keep_other_parts) values->Clear();
  for (const v1::ItemWrite* item : write.writes) {
    const auto replaced = std::remove_if(values->begin(), values->end(), [&](const auto& value) {
      return value.item() == item->item();
    });
    values->erase(replaced, values->end());
    v1::StandingValue* value = values->Add();
    value->set_item(item->item());
    value->set_version(definition.number());
    *value->mutable_value() = item->value();
  }
  SetOnlyWriter(arriving, decided, record, cell);
}

void SetOnlyWriter(const Arriving& arriving, bool decided, v1::RecordState& record,
                   v1::CellRow& cell) {
  const uint32_t writer = WriterIndex(arriving, record);
  for (const uint32_t index : cell.writers()) {
    const v1::WriterRow& former = record.writers(static_cast<int>(index));
    if (index != writer) RaiseEffect(former.chain(), former.seq(), cell);
  }
  cell.clear_writers();
  cell.add_writers(writer);
  cell.set_decided(decided);
}

void DropUnusedWriters(v1::RecordState& record) {
  std::vector<int> renumbered(static_cast<size_t>(record.writers_size()), -1);
  for (const v1::CellRow& cell : record.cells()) {
    for (const uint32_t writer : cell.writers()) renumbered[writer] = 0;
  }
  if (std::none_of(renumbered.begin(), renumbered.end(), [](int n) { return n < 0; })) return;
  int kept = 0;
  for (int i = 0; i < record.writers_size(); ++i) {
    int& number = renumbered[static_cast<size_t>(i)];
    if (number < 0) continue;
    number = kept;
    if (kept != i) record.mutable_writers()->SwapElements(kept, i);
    ++kept;
  }
  record.mutable_writers()->DeleteSubrange(kept, record.writers_size() - kept);
  for (v1::CellRow& cell : *record.mutable_cells()) {
    for (uint32_t& writer : *cell.mutable_writers()) {
      writer = static_cast<uint32_t>(renumbered[writer]);
    }
  }
}

void AddWriter(const Arriving& arriving, v1::RecordState& record, v1::CellRow& cell) {
  const uint32_t writer = WriterIndex(arriving, record);
  if (std::find(cell.writers().begin(), cell.writers().end(), writer) == cell.writers().end()) {
    cell.add_writers(writer);
  }
}

void MarkEffect(const Arriving& arriving, v1::RecordState& record, v1::CellRow& cell) {
  RaiseEffect(ChainIndex(arriving.stamp.chain, record), arriving.stamp.seq, cell);
}

v1::WriterRow WriterOf(const Arriving& arriving, v1::RecordState& record) {
  v1::WriterRow writer;
  writer.set_change(arriving.id.str());
  writer.set_effect_number(arriving.effect_number);
  writer.set_effect_epoch(arriving.epoch);
  writer.set_chain(ChainIndex(arriving.stamp.chain, record));
  writer.set_seq(arriving.stamp.seq);
  return writer;
}

Sha256 ContentDigest(const v1::RecordState& record) {
  storage::KeyWriter bytes;
  for (const v1::CellRow& cell : record.cells()) {
    std::map<uint32_t, const v1::StandingValue*> by_item;
    for (const v1::StandingValue& value : cell.values()) by_item[value.item()] = &value;
    for (const auto& [item, value] : by_item) {
      const std::string text = study::FormatValue(value->value());
      bytes.U32(item).U32(value->version());
      bytes.U8(static_cast<uint8_t>(value->value().kind_case()));
      bytes.U32(static_cast<uint32_t>(text.size())).Fixed(text);
    }
  }
  return Sha256Of(bytes.key());
}

const v1::ActRow* FindAct(const v1::RecordState& record, v1::RecordActKind kind) {
  for (const v1::ActRow& act : record.acts()) {
    if (act.kind() == kind) return &act;
  }
  return nullptr;
}

bool IsLocked(const v1::RecordState& record) {
  return FindAct(record, v1::RECORD_ACT_KIND_LOCK) != nullptr ||
         FindAct(record, v1::RECORD_ACT_KIND_FREEZE) != nullptr;
}

}  // namespace trialsync::sync
