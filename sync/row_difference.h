// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_ROW_DIFFERENCE_H_
#define TRIALSYNC_SYNC_ROW_DIFFERENCE_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "proto/ids.h"
#include "storage/kv.h"
#include "storage/tables.h"
#include "storage/transaction.h"

// The rows that follow from a partition's log, as they are stored and as a replay of a log makes them.
namespace trialsync::sync {

// A row in which a store differs from the replay of its log.
struct RowDifference {
  storage::Table table = storage::Table::kLog;
  // Behind the table and partition.
  std::string key;
  // What is wrong, without a value: `is missing`, `has another effect_number`.
  std::string sentence;
};

// The first row of the partition's derived tables, those that a replay of the log makes, in which
// `stored` differs from `replayed`; nullopt if there is none. Predictions that did not hold are a
// site's own, and are passed over in `stored`. A row that cannot be read is a difference.
std::optional<RowDifference> FirstRowDifference(const storage::Reader& stored,
                                                const storage::Reader& replayed,
                                                PartitionNumber partition);

// Makes the partition's derived tables in `stored` those of `replayed`, row by row; predictions stay.
// DATA_LOSS or INTERNAL if `stored` cannot be read.
absl::Status TakeRows(storage::Transaction& stored, const storage::Reader& replayed,
                      PartitionNumber partition);

// What people call a table, e.g. `records`.
std::string_view TableName(storage::Table table);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_ROW_DIFFERENCE_H_
