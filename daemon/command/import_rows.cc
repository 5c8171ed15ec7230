// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/import_rows.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/command/exit_code.h"
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

// One row on its way to be writes.
class RowReader {
 public:
  RowReader(const CsvTable& table, const ImportMap& map, const SiteName& site)
      : header_(table.header.cells), map_(map), site_(site) {}

  absl::Status CheckColumns(const std::string& file_name) {
    for (const Template* text : TemplatesOf(map_)) {
      for (const std::string& column : text->columns) {
        const auto count = std::count(header_.begin(), header_.end(), column);
        if (count == 1) continue;
        return UsageError(absl::StrCat(file_name, ": the map takes column \"", column, "\", which ",
                                       count == 0 ? "is not there" : "is there twice"));
      }
    }
    return absl::OkStatus();
  }

  // Adds what row `index` gives to `result`.
  void Read(const CsvRow& row, size_t index, RowWrites& result) {
    row_ = &row;
    problem_.reset();
    std::vector<RowWrite> writes = ReadRow();
    if (problem_) {
      result.problems.push_back(*std::move(problem_));
      return;
    }
    for (RowWrite& write : writes) {
      write.row = index;
      result.writes.push_back(std::move(write));
    }
  }

 private:
  void Fail(const std::string& column, std::string message) {
    if (!problem_) problem_ = RowProblem{row_->line, column, std::move(message)};
  }

  bool CheckCells() {
    if (row_->cells.size() != header_.size()) {
      Fail("",
           absl::StrCat("the row has ", row_->cells.size(), " cells, the header ", header_.size()));
      return false;
    }
    for (size_t i = 0; i < header_.size(); ++i) {
      if (!study::IsUtf8(row_->cells[i]))
        Fail(header_[i], "the cell is not UTF-8; convert the file");
    }
    return !problem_;
  }

  std::vector<std::string_view> CellsOf(const Template& text) const {
    std::vector<std::string_view> cells;
    for (const std::string& column : text.columns) {
      const auto found = std::find(header_.begin(), header_.end(), column);
      cells.push_back(row_->cells[static_cast<size_t>(found - header_.begin())]);
    }
    return cells;
  }

  // A part of a record's name. A cell may not add to its structure.
  std::string NamePart(const Template& text) {
    const std::vector<std::string_view> cells = CellsOf(text);
    for (size_t i = 0; i < cells.size(); ++i) {
      const absl::Status status = CheckLabel(cells[i]);
      if (!status.ok()) Fail(text.columns[i], std::string(status.message()));
    }
    return Fill(text, cells, row_of_subject_);
  }

  std::vector<RowWrite> ReadRow() {
    if (!CheckCells()) return {};
    const std::string subject = NamePart(map_.subject);
    if (problem_) return {};
    row_of_subject_ = ++rows_of_subject_[subject];
    std::vector<RowWrite> writes;
    for (const ImportMap::RecordRule& rule : map_.records) {
      if (rule.first_row_only && row_of_subject_ > 1) continue;
      std::optional<RowWrite> write = ReadRecord(rule, subject);
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
    write.request.set_name(
        RecordName{site_, subject, NamePart(rule.event), NamePart(rule.form)}.ToString());
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

  const std::vector<std::string>& header_;
  const ImportMap& map_;
  const SiteName& site_;
  std::map<std::string, size_t> rows_of_subject_;
  size_t row_of_subject_ = 0;
  const CsvRow* row_ = nullptr;
  std::optional<RowProblem> problem_;
};

}  // namespace

absl::StatusOr<RowWrites> MakeWrites(const CsvTable& table, const ImportMap& map,
                                     const SiteName& site, const std::string& file_name) {
  RowReader reader(table, map, site);
  if (absl::Status status = reader.CheckColumns(file_name); !status.ok()) return status;
  RowWrites result;
  for (size_t i = 0; i < table.rows.size(); ++i) reader.Read(table.rows[i], i, result);
  return result;
}

}  // namespace trialsync::command
