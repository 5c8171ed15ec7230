// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_IMPORT_ROWS_H_
#define TRIALSYNC_DAEMON_COMMAND_IMPORT_ROWS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/command/csv.h"
#include "daemon/command/import_map.h"
#include "proto/names.h"
#include "trialsync/v1/record_service.pb.h"

namespace trialsync::command {

// Something about a row that a person has to look at.
struct RowProblem {
  size_t line = 0;
  // Name of the column; empty if it is about the whole row.
  std::string column;
  std::string message;
};

// One write of one record, and where it came from.
struct RowWrite {
  // Name and items only.
  v1::WriteRecordRequest request;
  size_t line = 0;
  // Parallel to request.items(): the column that gave it; empty if several or none did.
  std::vector<std::string> columns;
};

struct RowWrites {
  // In the order of the table.
  std::vector<RowWrite> writes;
  std::vector<RowProblem> problems;
};

// What `table` says, by `map`. A row that is not usable (another number of cells than the header,
// text that is not UTF-8, an empty cell where a name needs one, or one that cannot be a name)
// gives a problem and no write, and still counts as a row of its subject. A later row that says
// something else where only the first row of a subject is taken gives a problem too.
//
// A usage error, since no row can then be trusted, if
// - a column of the map is not in the header, or is there twice, or a column of the header is
//   neither taken by the map nor ignored by it
// - the map counts the rows of a subject, and a row does not tell its subject
absl::StatusOr<RowWrites> MakeWrites(const CsvTable& table, const ImportMap& map,
                                     const SiteName& site, const std::string& file_name);

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_IMPORT_ROWS_H_
