// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_SYNC_PUT_LOG_H_
#define TRIALSYNC_TESTS_SYNC_PUT_LOG_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "storage/key.h"
#include "storage/tables.h"

namespace trialsync::sync {

// Writes the log anew, each commit a run of its own, with this row in the place of what it has there:
// what nobody does but one who tampers with a store.
inline void PutLog(storage::PartitionTables& tables, uint64_t number, const v1::LogRow& row) {
  std::map<uint64_t, v1::LogRow> rows;
  tables.ForEachLog(1, ~uint64_t{0}, [&rows](uint64_t at, const v1::LogRow& commit) {
    rows[at] = commit;
    return true;
  });
  rows[number] = row;
  storage::KeyWriter table;
  table.U8(static_cast<uint8_t>(storage::Table::kLog)).U32(tables.partition().value);
  std::vector<std::string> keys;
  for (auto at = tables.transaction().Scan(table.key(), storage::PrefixEnd(table.key()));
       at->Valid(); at->Next()) {
    keys.emplace_back(at->key());
  }
  for (const std::string& key : keys) tables.transaction().Delete(key);
  for (const auto& [at, commit] : rows) {
    tables.AppendLog(at, commit);
    tables.FlushLog();
  }
}

}  // namespace trialsync::sync

#endif  // TRIALSYNC_TESTS_SYNC_PUT_LOG_H_
