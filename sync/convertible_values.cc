// SPDX-License-Identifier: Apache-2.0
#include "sync/convertible_values.h"

#include <algorithm>
#include <vector>

#include "storage/tables.h"
#include "storage/transaction.h"
#include "study/versions.h"
#include "sync/first_entry.h"
#include "sync/record.h"

namespace trialsync::sync {
namespace {

std::map<uint32_t, uint64_t> SteppedItems(const study::Definition& target) {
  std::map<uint32_t, uint64_t> items;
  for (const v1::MigrationStep& step : target.proto().steps()) {
    if (step.has_split()) items[step.split().from()] = 0;
    if (step.has_convert()) items[step.convert().item()] = 0;
  }
  return items;
}

}  // namespace

absl::StatusOr<std::map<uint32_t, uint64_t>> CountNotConvertible(
    const storage::Reader& reader, std::span<const PartitionNumber> partitions,
    const study::Definition& target, const study::DefinitionSet& definitions) {
  std::map<uint32_t, uint64_t> counts = SteppedItems(target);
  if (counts.empty()) return counts;
  storage::Transaction transaction(&reader);
  for (const PartitionNumber partition : partitions) {
    storage::PartitionTables tables(&transaction, partition);
    ForEachRecord(tables, definitions, [&](const v1::RecordState& record) {
      for (const v1::CellRow& cell : record.cells()) {
        for (const study::StoredValue& value : StoredValues(cell)) {
          const auto count = counts.find(value.item);
          if (count == counts.end() || value.version >= target.number()) continue;
          const std::vector<study::Reading> readings =
              study::ReadCell({&value, 1}, target, definitions);
          const bool all = std::all_of(readings.begin(), readings.end(),
                                       [](const auto& r) { return r.value.has_value(); });
          if (!all) ++count->second;
        }
      }
    });
    if (!tables.status().ok()) return tables.status();
  }
  return counts;
}

}  // namespace trialsync::sync
