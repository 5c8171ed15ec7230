// SPDX-License-Identifier: Apache-2.0
// §6: "Conflict is judged per lineage, with both values read under the newer version." And reading
// what stands.
#include <algorithm>
#include <string>

#include "tests/model/partition.h"

namespace trialsync::model {

Item Partition::CellKey(Item item) const {
  return rules_.split_judged_per_item ? item : study_->Root(item);
}

std::map<Item, std::map<Item, Value>> Partition::ByCell(const std::map<Item, Value>& writes) const {
  std::map<Item, std::map<Item, Value>> cells;
  for (const auto& [item, value] : writes) cells[CellKey(item)][item] = value;
  return cells;
}

// Its own value where it has one, otherwise what the step makes of the item that it came from.
std::optional<Value> Partition::ReadCell(const Cell& cell, Item item, std::int64_t number) const {
  auto own = cell.content.find(item);
  if (own != cell.content.end()) return own->second.value;
  auto old = cell.content.find(study_->Root(item));
  if (old == cell.content.end()) return std::nullopt;
  const auto parts = study_->Translate(old->first, old->second.value, number);
  if (!parts || !parts->contains(item)) return std::nullopt;
  return parts->at(item);
}

// Row 2's "equal": all that is written says, in the newer of the versions, what stands there. Of
// what is withheld nobody can tell.
bool Partition::Equal(const Write& write, const Cell& cell) const {
  std::int64_t newer = write.change.version.number;
  for (const auto& [item, standing] : cell.content) newer = std::max(newer, standing.number);
  if (rules_.split_compared_as_text) newer = 0;
  for (const auto& [item, value] : write.values) {
    const auto parts = study_->Translate(item, value, newer);
    if (!parts && !rules_.split_undecided_is_equal) return false;
    if (!parts) continue;
    for (const auto& [part, text] : *parts) {
      if (text == kWithheld || ReadCell(cell, part, newer) != text) return false;
    }
  }
  return !cell.content.empty();
}

// Whether the write says something of everything that stands in the cell.
bool Partition::CoversAll(const Write& write, const Cell& cell) const {
  if (write.values.contains(write.root)) return true;
  for (const Split& split : study_->splits) {
    if (split.from != write.root) continue;
    for (Item part : split.into) {
      const bool stands = cell.content.contains(part) || cell.content.contains(split.from);
      if (stands && !write.values.contains(part)) return false;
    }
  }
  return true;
}

// The old item replaces all pieces; a piece replaces itself, and all the others unless
// `keep_others`.
void Partition::Store(const Write& write, Cell& cell, bool keep_others) const {
  const bool old_item = write.values.contains(write.root);
  const bool keep = old_item ? rules_.split_old_edit_keeps_pieces
                             : keep_others && !rules_.split_new_edit_drops_pieces;
  if (!keep) cell.content.clear();
  for (const auto& [item, value] : write.values) {
    cell.content[item] = {value, write.change.version.number};
  }
}

std::optional<Value> Partition::Read(const std::string& record, Item item,
                                     std::int64_t number) const {
  return ReadCell(CellOf(record, item), item, number);
}

Cell Partition::CellOf(const std::string& record, Item item) const {
  auto found = records_.find(record);
  if (found == records_.end()) return {};
  auto cell = found->second.cells.find(CellKey(item));
  return cell == found->second.cells.end() ? Cell{} : cell->second;
}

std::string Partition::Digest(const std::string& record) const {
  std::string text;
  auto found = records_.find(record);
  if (found == records_.end()) return text;
  for (const auto& [root, cell] : found->second.cells) {
    for (const auto& [item, standing] : cell.content) {
      text +=
          std::to_string(item) + "=" + standing.value + "@" + std::to_string(standing.number) + ";";
    }
  }
  return text;
}

}  // namespace trialsync::model
