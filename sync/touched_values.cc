// SPDX-License-Identifier: Apache-2.0
#include "sync/touched_values.h"

#include <algorithm>

#include "storage/tables.h"
#include "storage/transaction.h"
#include "sync/first_entry.h"
#include "sync/record.h"

namespace trialsync::sync {
namespace {

bool IsAbout(const study::VersionFinding& finding, const v1::RecordKey& key,
             const v1::StandingValue& value) {
  return (finding.event == 0 || finding.event == key.event()) &&
         (finding.form == 0 || finding.form == key.form()) &&
         (finding.item == 0 || finding.item == value.item());
}

void CountRecord(const v1::RecordState& record, std::span<const study::VersionFinding> findings,
                 std::vector<uint64_t>& counts) {
  if (IsLabelRecord(record.key())) return;
  for (const v1::CellRow& cell : record.cells()) {
    for (const v1::StandingValue& value : cell.values()) {
      for (size_t i = 0; i < findings.size(); ++i) {
        if (IsAbout(findings[i], record.key(), value) && findings[i].Touches(value.value())) {
          ++counts[i];
        }
      }
    }
  }
}

}  // namespace

absl::StatusOr<std::vector<uint64_t>> CountTouched(
    const storage::Reader& reader, std::span<const PartitionNumber> partitions,
    std::span<const study::VersionFinding> findings, const study::DefinitionSet& definitions) {
  std::vector<uint64_t> counts(findings.size(), 0);
  const bool any_breaks = std::any_of(
      findings.begin(), findings.end(),
      [](const study::VersionFinding& finding) { return study::IsBreaking(finding.difference); });
  if (!any_breaks) return counts;
  storage::Transaction transaction(&reader);
  for (const PartitionNumber partition : partitions) {
    storage::PartitionTables tables(&transaction, partition);
    ForEachRecord(tables, definitions, [&](const v1::RecordState& record) {
      CountRecord(record, findings, counts);
    });
    if (!tables.status().ok()) return tables.status();
  }
  return counts;
}

}  // namespace trialsync::sync
