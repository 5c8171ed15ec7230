// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/csv.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/command/exit_code.h"
#include "daemon/command/limits.h"

namespace trialsync::command {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

class Reader {
 public:
  Reader(std::string_view text, std::string_view file_name, char separator)
      : text_(text), file_name_(file_name), separator_(separator) {
    if (text_.starts_with(kByteOrderMark)) at_ = line_begin_ = kByteOrderMark.size();
  }

  bool done() const { return at_ == text_.size(); }

  // The row that begins here, with the line end behind it.
  absl::StatusOr<CsvRow> ReadRow() {
    CsvRow row{.line = line_, .cells = {}};
    while (true) {
      if (row.cells.size() == kCsvColumnsMax) {
        return Error(absl::StrCat("more than ", kCsvColumnsMax, " cells in a row"));
      }
      absl::StatusOr<std::string> cell = Here() == '"' ? ReadQuoted() : ReadPlain();
      if (!cell.ok()) return cell.status();
      row.cells.push_back(*std::move(cell));
      if (done() || TakeLineEnd()) return row;
      ++at_;  // The separator.
    }
  }

 private:
  char Here() const { return done() ? '\0' : text_[at_]; }

  bool AtCellEnd() const {
    return done() || text_[at_] == separator_ || text_[at_] == '\n' ||
           text_.substr(at_).starts_with("\r\n");
  }

  bool TakeLineEnd() {
    if (text_.substr(at_).starts_with("\r\n")) ++at_;
    if (Here() != '\n') return false;
    NextLine();
    return true;
  }

  void NextLine() {
    line_begin_ = ++at_;
    ++line_;
  }

  absl::StatusOr<std::string> ReadPlain() {
    const size_t begin = at_;
    for (; !AtCellEnd(); ++at_) {
      if (text_[at_] == '"') return Error("a quote within a cell: put the whole cell in quotes");
      if (text_[at_] == '\r') return Error("a carriage return without a line feed");
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  absl::StatusOr<std::string> ReadQuoted() {
    const absl::Status not_closed = Error("a quote is opened here and never closed");
    std::string cell;
    ++at_;
    while (!done()) {
      const char c = text_[at_];
      if (c == '\n') {
        NextLine();
      } else {
        ++at_;
      }
      if (c == '"') {
        if (AtCellEnd()) return cell;
        if (Here() != '"') {
          return Error("text behind a closing quote: a quote within is doubled" +
                       SeparatorHint(text_[at_], separator_));
        }
        ++at_;
      }
      cell += c;
    }
    return not_closed;
  }

  absl::Status Error(std::string_view sentence) const {
    return UsageError(absl::StrCat(std::string(file_name_), ":", line_, ":", at_ - line_begin_ + 1,
                                   ": ", std::string(sentence)));
  }

  const std::string_view text_;
  const std::string_view file_name_;
  const char separator_;
  size_t at_ = 0;
  size_t line_ = 1;
  size_t line_begin_ = 0;
};

bool IsEmptyLine(const CsvRow& row) { return row.cells.size() == 1 && row.cells[0].empty(); }

}  // namespace

std::string SeparatorHint(char found, char separator) {
  if (found == separator || (found != ',' && found != ';' && found != '\t')) return "";
  const std::string written = found == '\t' ? "\"\\t\"" : std::string({'\'', found, '\''});
  return absl::StrCat("; the cells seem to stand between ", found == '\t' ? "tabs" : written,
                      ": write separator: ", written, " in the map");
}

absl::StatusOr<CsvTable> ParseCsv(std::string_view text, std::string_view file_name,
                                  char separator) {
  Reader reader(text, file_name, separator);
  CsvTable table;
  while (!reader.done()) {
    absl::StatusOr<CsvRow> row = reader.ReadRow();
    if (!row.ok()) return row.status();
    if (IsEmptyLine(*row)) continue;
    if (table.header.cells.empty()) {
      table.header = *std::move(row);
    } else {
      table.rows.push_back(*std::move(row));
    }
  }
  if (table.header.cells.empty()) {
    return UsageError(
        absl::StrCat(std::string(file_name), " is empty: the first line must name the columns"));
  }
  return table;
}

std::string CsvCell(std::string_view text) {
  const bool plain = text.find_first_of("\",\r\n") == std::string_view::npos &&
                     !text.starts_with(' ') && !text.ends_with(' ');
  if (plain) return std::string(text);
  std::string cell = "\"";
  for (const char c : text) {
    if (c == '"') cell += '"';
    cell += c;
  }
  return cell + '"';
}

std::string CsvLine(const std::vector<std::string>& cells) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line += ',';
    line += CsvCell(cells[i]);
  }
  return line + "\r\n";
}

}  // namespace trialsync::command
