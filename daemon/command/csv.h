// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_CSV_H_
#define TRIALSYNC_DAEMON_COMMAND_CSV_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

// Tables as comma-separated values (RFC 4180).
namespace trialsync::command {

struct CsvRow {
  // Where the row begins, from 1; a quoted cell may have line ends in it.
  size_t line = 0;
  // Maybe fewer or more than the header has: that is for the caller to say.
  std::vector<std::string> cells;
};

struct CsvTable {
  CsvRow header;
  std::vector<CsvRow> rows;
};

// Reads a whole file; `separator` stands between cells. Cells are exactly what was written: nothing
// is trimmed, and what is quoted is not told from what is not. Takes LF and CRLF, a byte order
// mark before the header, and a last line without end; leaves out empty lines. A usage error,
// beginning with FILE:LINE:COLUMN (in bytes, from 1), if a quote is not closed, stands within a
// cell or is followed by text, if a carriage return stands alone, if there are more than
// kCsvColumnsMax cells in a row (limits.h), or if there is no header.
absl::StatusOr<CsvTable> ParseCsv(std::string_view text, std::string_view file_name,
                                  char separator);

// Where `found` stands in a table between what seem to be cells, and `separator` was expected: what
// to write in the map, as the end of a sentence. Empty if `found` separates no table's cells.
std::string SeparatorHint(char found, char separator);

// `text` as a cell between commas: in quotes, with those within doubled, if it has a quote, a
// comma, a line end or a space at either end.
std::string CsvCell(std::string_view text);

// The cells between commas, with CRLF as RFC 4180 has it.
std::string CsvLine(const std::vector<std::string>& cells);

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_CSV_H_
