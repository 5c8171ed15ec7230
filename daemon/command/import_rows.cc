// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/import_rows.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/command/exit_code.h"
#include "daemon/command/format.h"
#include "study/text.h"

namespace trialsync::command {
namespace {

// Every template of a map.
std::vector<const Template*> TemplatesOf(const ImportMap& map) {
  std::vector<const Template*> all = {&map.subject};
  for (const ImportMap::RecordRule& rule : map.records) {
    all.push_back(&rule.event);
    all.push_back(&rule.form);
    for (const ImportMap::Item& item : rule.items) all.push_back(&item.value);
  }
  return all;
}

// What to do about a header that is not the one the map is for.
std::string HeaderHint(const std::vector<std::string>& header, char separator) {
  const size_t other = header.size() == 1 ? header[0].find_first_of(",;\t") : std::string::npos;
  const std::string hint =
      other == std::string::npos ? "" : SeparatorHint(header[0][other], separator);
  return hint.empty() ? "; correct the name in the map, or in the first line of the table" : hint;
}

absl::Status CheckColumns(const std::vector<std::string>& header, const ImportMap& map,
                          const std::string& file_name) {
  std::set<std::string> taken;
  for (const Template* text : TemplatesOf(map)) {
    taken.insert(text->columns.begin(), text->columns.end());
  }
  for (const std::string& column : taken) {
    const auto count = std::count(header.begin(), header.end(), column);
    if (count == 1) continue;
    if (count > 1) {
      return UsageError(absl::StrCat(file_name, ": the map takes column \"", column,
                                     "\", which is there twice; name one of the two otherwise"));
    }
    return UsageError(absl::StrCat(file_name, ": the map takes column \"", column,
                                   "\", which is not there; the first line has: ",
                                   absl::StrJoin(header, ", "), HeaderHint(header, map.separator)));
  }
  for (const std::string& column : header) {
    const bool known =
        taken.contains(column) || std::count(map.ignore.begin(), map.ignore.end(), column) > 0;
    if (known) continue;
    return UsageError(absl::StrCat(file_name, ": the map does not take column \"", column,
                                   "\"; add it, or list it under ignore"));
  }
  return absl::OkStatus();
}

// Makes the writes of one row after the other.
class RowReader {
 public:
  RowReader(const CsvTable& table, const ImportMap& map, const SiteName& site)
      : header_(table.header.cells), map_(map), site_(site) {}

  // False, with the problem, if the row does not tell its subject.
  bool Read(const CsvRow& row, RowWrites& result) {
    row_ = &row;
    problems_.clear();
    const std::optional<std::string> subject = ReadSubject();
    std::vector<RowWrite> writes;
    if (subject && CheckCells()) {
      writes = ReadRecords(*subject);
    } else if (subject && row_of_subject_ == 1) {
      without_first_row_.insert(*subject);
    }
    std::move(writes.begin(), writes.end(), std::back_inserter(result.writes));
    std::move(problems_.begin(), problems_.end(), std::back_inserter(result.problems));
    return subject.has_value();
  }

 private:
  // What the first row of a subject gave to a record that later rows do not write.
  struct FirstRow {
    size_t line = 0;
    v1::WriteRecordRequest request;
  };

  void Report(const std::string& column, std::string message) {
    problems_.push_back({row_->line, column, std::move(message)});
  }

  std::optional<std::string> ReadSubject() {
    for (const std::string& column : map_.subject.columns) {
      if (IndexOf(column) >= row_->cells.size()) {
        ReportLength();
        return std::nullopt;
      }
    }
    std::optional<std::string> subject = NamePart(map_.subject);
    if (subject) row_of_subject_ = ++rows_of_subject_[*subject];
    return subject;
  }

  void ReportLength() {
    Report("",
           absl::StrCat("the row has ", Counted(row_->cells.size(), "cell"), ", the header ",
                        header_.size(),
                        "; a cell with a separator, a quote or a line end in it stands in quotes"));
  }

  bool CheckCells() {
    if (row_->cells.size() != header_.size()) {
      ReportLength();
      return false;
    }
    for (size_t i = 0; i < header_.size(); ++i) {
      if (study::IsUtf8(row_->cells[i])) continue;
      Report(header_[i], "the cell is not UTF-8; save the table as UTF-8 and import it again");
      return false;
    }
    return true;
  }

  size_t IndexOf(const std::string& column) const {
    return static_cast<size_t>(std::find(header_.begin(), header_.end(), column) - header_.begin());
  }

  std::vector<std::string_view> CellsOf(const Template& text) const {
    std::vector<std::string_view> cells;
    for (const std::string& column : text.columns) cells.push_back(row_->cells[IndexOf(column)]);
    return cells;
  }

  // A part of a record's name, to whose structure a cell may not add.
  std::optional<std::string> NamePart(const Template& text) {
    const std::vector<std::string_view> cells = CellsOf(text);
    for (size_t i = 0; i < cells.size(); ++i) {
      const absl::Status status = study::IsUtf8(cells[i])
                                      ? CheckLabel(cells[i])
                                      : absl::InvalidArgumentError(
                                            "the cell is not UTF-8; save the table as UTF-8 and "
                                            "import it again");
      if (status.ok()) continue;
      Report(text.columns[i], std::string(status.message()));
      return std::nullopt;
    }
    return Fill(text, cells, row_of_subject_);
  }

  std::vector<RowWrite> ReadRecords(const std::string& subject) {
    std::vector<RowWrite> writes;
    for (size_t i = 0; i < map_.records.size(); ++i) {
      const ImportMap::RecordRule& rule = map_.records[i];
      std::optional<RowWrite> write = ReadRecord(rule, subject);
      if (rule.first_row_only && row_of_subject_ > 1) {
        if (!without_first_row_.contains(subject)) {
          CompareWithFirst(write, first_rows_[{i, subject}]);
        }
        continue;
      }
      if (rule.first_row_only && write) first_rows_[{i, subject}] = {row_->line, write->request};
      if (write) writes.push_back(*std::move(write));
    }
    return writes;
  }

  // Nothing if all its cells are empty.
  std::optional<RowWrite> ReadRecord(const ImportMap::RecordRule& rule,
                                     const std::string& subject) {
    RowWrite write;
    write.line = row_->line;
    bool filled = false;
    for (const ImportMap::Item& item : rule.items) AddItem(item, write, filled);
    if (!filled) return std::nullopt;
    const std::optional<std::string> event = NamePart(rule.event);
    const std::optional<std::string> form = NamePart(rule.form);
    if (!event || !form) return std::nullopt;
    write.request.set_name(RecordName{site_, subject, *event, *form}.ToString());
    write.request.set_version(map_.version);
    return write;
  }

  void AddItem(const ImportMap::Item& item, RowWrite& write, bool& filled) const {
    const std::vector<std::string_view> cells = CellsOf(item.value);
    std::optional<std::string> text = Fill(item.value, cells, row_of_subject_);
    bool says_something = !cells.empty();
    for (const std::string_view cell : cells) {
      const auto found = map_.cells.find(cell);
      if (found != map_.cells.end()) {
        text = found->second;
      } else if (cell.empty()) {
        text = item.empty;
        says_something = false;
      }
    }
    if (!text) return;
    filled = filled || says_something;
    v1::ItemInput* input = write.request.add_items();
    input->set_item(item.item);
    input->set_text(*text);
    write.columns.push_back(item.value.columns.size() == 1 ? item.value.columns[0] : "");
  }

  void CompareWithFirst(const std::optional<RowWrite>& write, const FirstRow& first) {
    if (!write) return;
    for (int i = 0; i < write->request.items_size(); ++i) {
      const v1::ItemInput& item = write->request.items(i);
      const auto& items = first.request.items();
      const auto same = std::find_if(items.begin(), items.end(), [&](const v1::ItemInput& other) {
        return other.item() == item.item() && other.text() == item.text();
      });
      if (same != items.end()) continue;
      Report(write->columns[static_cast<size_t>(i)],
             absl::StrCat(item.item(), " is taken from the subject's first row",
                          first.line > 0 ? absl::StrCat(", line ", first.line) : "",
                          ", which does not say ", item.text()));
    }
  }

  const std::vector<std::string>& header_;
  const ImportMap& map_;
  const SiteName& site_;
  std::map<std::string, size_t> rows_of_subject_;
  // By index of the rule, and subject.
  std::map<std::pair<size_t, std::string>, FirstRow> first_rows_;
  // Subjects whose first row is not usable, which is reported once.
  std::set<std::string> without_first_row_;
  size_t row_of_subject_ = 0;
  const CsvRow* row_ = nullptr;
  std::vector<RowProblem> problems_;
};

}  // namespace

absl::StatusOr<RowWrites> MakeWrites(const CsvTable& table, const ImportMap& map,
                                     const SiteName& site, const std::string& file_name) {
  absl::Status columns = CheckColumns(table.header.cells, map, file_name);
  if (!columns.ok()) return columns;
  RowReader reader(table, map, site);
  RowWrites result;
  for (const CsvRow& row : table.rows) {
    if (reader.Read(row, result) || !map.counts_rows()) continue;
    return UsageError(absl::StrCat(
        file_name, ":", row.line, ": ", result.problems.back().message,
        "; the map counts the rows of each subject, so no row can be taken before this is mended"));
  }
  return result;
}

}  // namespace trialsync::command
