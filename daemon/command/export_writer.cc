// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/export_writer.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/command/csv.h"
#include "proto/names.h"

namespace trialsync::command {
namespace {

namespace fs = std::filesystem;

absl::Status FileError(const std::string& what, const std::error_code& error) {
  return absl::InternalError(absl::StrCat(what, ": ", error.message()));
}

// Takes over what `older` has and `newer` lacks, behind it.
void TakeOver(std::vector<ExportForm> older, std::vector<ExportForm>& newer) {
  for (ExportForm& form : older) {
    const auto same = std::find_if(newer.begin(), newer.end(),
                                   [&](const ExportForm& other) { return other.id == form.id; });
    if (same == newer.end()) {
      newer.push_back(std::move(form));
      continue;
    }
    for (ExportColumn& column : form.columns) {
      const bool there =
          std::any_of(same->columns.begin(), same->columns.end(),
                      [&](const ExportColumn& other) { return other.item == column.item; });
      if (!there) same->columns.push_back(std::move(column));
    }
  }
}

// Why an item that something stands in has no text; empty if it has.
std::string_view ReasonForNoText(const v1::Item& item) {
  if (item.not_convertible()) return "not_convertible";
  return item.value().has_withheld() ? "withheld" : "";
}

std::string Disarmed(std::string text) {
  constexpr std::string_view kDangerous = "=+-@\t\r\n";
  const bool dangerous = !text.empty() && kDangerous.find(text[0]) != std::string_view::npos;
  return dangerous ? absl::StrCat("'", text) : text;
}

}  // namespace

ExportDirectory::ExportDirectory(std::string directory, std::string temporary)
    : directory_(std::move(directory)), temporary_(std::move(temporary)) {}

ExportDirectory::ExportDirectory(ExportDirectory&& other) noexcept
    : directory_(std::move(other.directory_)),
      temporary_(std::exchange(other.temporary_, std::string())) {}

ExportDirectory::~ExportDirectory() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
}

absl::StatusOr<ExportDirectory> ExportDirectory::Create(std::string directory, bool force) {
  while (directory.size() > 1 && directory.ends_with('/')) directory.pop_back();
  std::error_code error;
  if (!force && fs::exists(directory, error) && !fs::is_empty(directory, error)) {
    return absl::FailedPreconditionError(absl::StrCat(
        directory, " is not empty; name another directory, or replace its files with --force"));
  }
  std::string temporary = absl::StrCat(directory, ".partial-", getpid());
  fs::create_directories(temporary, error);
  if (error) return FileError(absl::StrCat("cannot make ", temporary), error);
  return ExportDirectory(std::move(directory), std::move(temporary));
}

std::string ExportDirectory::Path(const std::string& file_name) const {
  return absl::StrCat(temporary_, "/", file_name);
}

absl::Status ExportDirectory::Finish() {
  std::error_code error;
  if (fs::exists(directory_, error) && !fs::is_empty(directory_, error)) {
    for (const fs::directory_entry& entry : fs::directory_iterator(temporary_, error)) {
      fs::rename(entry.path(), fs::path(directory_) / entry.path().filename(), error);
      if (error) break;
    }
  } else {
    fs::rename(temporary_, directory_, error);
    if (!error) temporary_.clear();
  }
  return error ? FileError(absl::StrCat("cannot write ", directory_), error) : absl::OkStatus();
}

std::vector<ExportForm> FormsOf(const std::vector<v1::StudyDefinition>& versions) {
  std::vector<ExportForm> forms;
  for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
    std::vector<ExportForm> older;
    for (const v1::FormDefinition& form : version->forms()) {
      ExportForm& added = older.emplace_back(ExportForm{form.id(), form.name(), {}});
      for (const v1::ItemDefinition& item : form.items()) {
        added.columns.push_back({item.id(), item.name()});
      }
    }
    TakeOver(std::move(older), forms);
  }
  return forms;
}

std::string CsvHeader(const ExportForm& form) {
  std::vector<std::string> cells = {"site", "subject", "event", "form", "remarks"};
  for (const ExportColumn& column : form.columns) cells.push_back(column.name);
  return CsvLine(cells);
}

absl::StatusOr<std::string> CsvRecord(const ExportForm& form, const v1::Record& record,
                                      const CsvStyle& style) {
  const absl::StatusOr<RecordName> name = ParseRecordName(record.name(), SiteName());
  if (!name.ok()) return name.status();
  std::vector<std::string> cells = {name->parent.site, name->subject, name->event, name->form};
  if (style.for_spreadsheets) {
    for (std::string& cell : cells) cell = Disarmed(std::move(cell));
  }
  const size_t first = cells.size() + 1;
  cells.resize(first + form.columns.size());
  std::vector<std::string> remarks(form.columns.size());
  for (const v1::Item& item : record.items()) {
    const auto found =
        std::find_if(form.columns.begin(), form.columns.end(),
                     [&](const ExportColumn& other) { return other.item == item.item_id(); });
    if (found == form.columns.end()) {
      return absl::DataLossError(absl::StrCat(
          record.name(), " has item ", item.item(), ", which no known version of form ", form.name,
          " has; use --format ndjson, and see `trialsync study list` for the versions here"));
    }
    const auto column = static_cast<size_t>(found - form.columns.begin());
    const std::string_view no_text = ReasonForNoText(item);
    const std::string_view remark =
        no_text.empty() && item.discrepancies_size() > 0 ? "in_question" : no_text;
    if (!remark.empty()) remarks[column] = absl::StrCat(found->name, "=", std::string(remark));
    if (!no_text.empty()) continue;
    if (style.for_spreadsheets && item.value().has_text()) {
      cells[first + column] = Disarmed(item.text());
    } else {
      cells[first + column] = item.text();
    }
  }
  std::erase(remarks, "");
  cells[first - 1] = absl::StrJoin(remarks, " ");
  return CsvLine(cells);
}

}  // namespace trialsync::command
