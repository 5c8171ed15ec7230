// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/table.h"

#include <algorithm>
#include <utility>

#include "daemon/command/limits.h"
#include "daemon/command/text.h"
#include "proto/check.h"

namespace trialsync::command {
namespace {

constexpr size_t kGap = 2;
// The last column never gets narrower than this, even if lines grow beyond the terminal.
constexpr size_t kLastColumnMin = 16;

}  // namespace

Table::Table(std::vector<std::string> header) { rows_.push_back(std::move(header)); }

void Table::AddRow(std::vector<std::string> cells) {
  TS_CHECK(cells.size() == rows_.front().size());
  for (std::string& cell : cells) cell = cell.empty() ? "-" : Printable(cell);
  rows_.push_back(std::move(cells));
}

void Table::Print(std::ostream& out) const {
  if (rows_.size() == 1) return;
  const size_t last = rows_.front().size() - 1;
  std::vector<size_t> widths(last, 0);
  size_t indent = 0;
  for (size_t column = 0; column < last; ++column) {
    for (const auto& row : rows_) {
      widths[column] = std::max(widths[column], DisplayWidth(row[column]));
    }
    indent += widths[column] + kGap;
  }
  const size_t rest =
      indent + kLastColumnMin < kTerminalColumns ? kTerminalColumns - indent : kLastColumnMin;
  for (const auto& row : rows_) {
    for (size_t column = 0; column < last; ++column) {
      out << row[column] << std::string(widths[column] + kGap - DisplayWidth(row[column]), ' ');
    }
    const std::vector<std::string> lines = Wrap(row[last], rest);
    out << lines.front() << "\n";
    for (size_t line = 1; line < lines.size(); ++line) {
      out << std::string(indent, ' ') << lines[line] << "\n";
    }
  }
}

}  // namespace trialsync::command
