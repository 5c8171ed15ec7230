// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/command/commands.h"
#include "daemon/command/definitions.h"
#include "daemon/command/export_manifest.h"
#include "daemon/command/export_writer.h"
#include "daemon/command/format.h"
#include "daemon/command/limits.h"
#include "daemon/command/reading_version.h"
#include "daemon/command/text.h"

namespace trialsync::command {
namespace {

constexpr char kManifestName[] = "export.json";

struct ExportOptions {
  PlaceOptions place;
  ReadingOptions reading;
  CsvStyle style;
  std::vector<std::string> forms;
  bool all = false;
  std::string format = "csv";
  std::string directory;
  bool force = false;

  bool csv() const { return format == "csv"; }
};

absl::StatusOr<std::vector<ExportForm>> ChooseForms(std::vector<ExportForm> known,
                                                    const ExportOptions& options) {
  if (options.all) return known;
  std::vector<ExportForm> chosen;
  for (const std::string& name : options.forms) {
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&](const ExportForm& form) { return form.name == name; });
    if (found == known.end()) {
      return UsageError(absl::StrCat(
          "there is no form ", name, "; there are ",
          absl::StrJoin(known, ", ",
                        [](std::string* out, const auto& f) { absl::StrAppend(out, f.name); })));
    }
    chosen.push_back(*found);
  }
  return chosen;
}

void CountValues(const v1::Record& record, ExportedFile& file) {
  for (const v1::Item& item : record.items()) {
    if (!item.discrepancies().empty()) ++file.in_question;
    if (item.value().has_withheld()) ++file.withheld;
    if (item.not_convertible()) ++file.not_convertible;
  }
}

absl::Status WriteFile(const std::string& path, const std::string& head,
                       const std::vector<std::string>& lines) {
  std::ofstream file(path, std::ios::binary);
  file << head;
  for (const std::string& line : lines) file << line;
  file.close();
  if (file) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("cannot write ", path, ": ", std::strerror(errno)));
}

// Writes the files of one export.
class Exporter {
 public:
  Exporter(Session& session, const ExportOptions& options, ExportManifest& manifest,
           const ExportDirectory& directory)
      : session_(session), options_(options), manifest_(manifest), directory_(directory) {}

  absl::Status WriteForm(const ExportForm& form) {
    ExportedFile& file = manifest_.files.emplace_back();
    file.name = absl::StrCat(form.name, ".", options_.format);
    file.columns = form.columns.size();
    lines_.clear();
    if (absl::Status read = ReadRecords(form, file); !read.ok()) return read;
    std::stable_sort(lines_.begin(), lines_.end(),
                     [](const Line& a, const Line& b) { return NaturallyLess(a.name, b.name); });
    std::vector<std::string> texts;
    for (Line& line : lines_) texts.push_back(std::move(line.text));
    return WriteFile(directory_.Path(file.name), options_.csv() ? CsvHeader(form) : "", texts);
  }

 private:
  // A record as its line in the file.
  struct Line {
    std::string name;
    std::string text;
  };

  absl::Status ReadRecords(const ExportForm& form, ExportedFile& file) {
    v1::ListRecordsRequest request;
    request.set_parent(SiteName{manifest_.study, manifest_.site}.ToString());
    request.set_form(form.name);
    request.set_version(manifest_.version);
    request.set_page_size(kPageSize);
    do {
      const absl::StatusOr<v1::ListRecordsResponse> page = session_.Call(request);
      if (!page.ok()) return page.status();
      for (const v1::Record& record : page->records()) {
        if (absl::Status taken = TakeRecord(form, record, file); !taken.ok()) return taken;
      }
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return absl::OkStatus();
  }

  // A voided record is no data, and is only in the format that says so.
  absl::Status TakeRecord(const ExportForm& form, const v1::Record& record, ExportedFile& file) {
    if (options_.csv() && record.voided()) {
      ++file.voided;
      return absl::OkStatus();
    }
    absl::StatusOr<std::string> line =
        options_.csv() ? CsvRecord(form, record, options_.style) : JsonOf(record, JsonStyle::kLine);
    if (!line.ok()) return line.status();
    lines_.push_back({record.name(), *std::move(line)});
    ++file.records;
    CountValues(record, file);
    return absl::OkStatus();
  }

  Session& session_;
  const ExportOptions& options_;
  ExportManifest& manifest_;
  const ExportDirectory& directory_;
  std::vector<Line> lines_;
};

absl::Status CheckOptions(const ExportOptions& options) {
  if (options.all != options.forms.empty()) {
    return UsageError("say what to export: either --form FORM, once or more, or --all");
  }
  if (options.style.for_spreadsheets && !options.csv()) {
    return UsageError("--spreadsheet is for tables: leave it out, or write --format csv");
  }
  return absl::OkStatus();
}

absl::StatusOr<ExitCode> Export(const ExportOptions& options, Session& session) {
  if (absl::Status valid = CheckOptions(options); !valid.ok()) return valid;
  const absl::StatusOr<SiteName> place = ResolvePlace(session, options.place);
  if (!place.ok()) return place.status();
  const auto definitions = GetDefinitions(place->study, session);
  if (!definitions.ok()) return definitions.status();
  const auto forms = ChooseForms(FormsOf(*definitions), options);
  if (!forms.ok()) return forms.status();
  const absl::StatusOr<uint32_t> version = VersionToRead(session, *place, options.reading);
  if (!version.ok()) return version.status();
  absl::StatusOr<ExportDirectory> directory =
      ExportDirectory::Create(options.directory, options.force);
  if (!directory.ok()) return directory.status();
  ExportManifest manifest{place->study, place->site, *version, {}};
  Exporter exporter(session, options, manifest, *directory);
  for (const ExportForm& form : *forms) {
    if (absl::Status written = exporter.WriteForm(form); !written.ok()) return written;
    session.err() << FileSummary(manifest, manifest.files.back()) << "\n";
  }
  const std::string json = ManifestJson(manifest);
  if (absl::Status written = WriteFile(directory->Path(kManifestName), json, {}); !written.ok()) {
    return written;
  }
  if (absl::Status status = directory->Finish(); !status.ok()) return status;
  if (session.json()) session.out() << json;
  return ExitCode::kOk;
}

}  // namespace

void AddExportCommand(CommandTree& tree) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App& command = tree.AddCommand(
      tree.root(),
      {"export", "Writes a file for each form.",
       "trialsync export --all --format csv --out export-2026-11",
       "Values are read under one version of the study, the newest that is active, so that a "
       "column has one meaning; --version names another, --as-recorded takes each as it was "
       "entered. csv: the columns site, subject, event, form and remarks, then the items by name, "
       "missing values as missing:REASON. A value that is withheld, or that the version cannot "
       "say, has an empty cell, and ITEM=withheld or ITEM=not_convertible in remarks; "
       "ITEM=in_question there says that the worklist has something on the value; voided "
       "records are left out, and counted. Text goes out as it was entered, also where a "
       "spreadsheet would take it for a formula: for one, use --spreadsheet, and do not import "
       "that table again. ndjson: whole records, one a line. Both by site, subject, event and "
       "form. export.json says what is in which file, as -o json does. The directory appears "
       "whole at the end, or not at all."},
      [options](Session& session) { return Export(*options, session); });
  command.add_option("--form", options->forms, "This form; may be given several times")
      ->type_name("FORM");
  command.add_flag("--all", options->all, "Every form");
  command.add_option("--format", options->format, "csv or ndjson")
      ->check(CLI::IsMember({"csv", "ndjson"}))
      ->capture_default_str();
  command.add_option("--out", options->directory, "The directory to make")->required();
  command.add_flag("--spreadsheet", options->style.for_spreadsheets,
                   "Put ' before texts that begin with = + - @ or a control sign");
  AddReadingOptions(command, options->reading);
  command.add_flag("--force", options->force, "Replace files of the same names in it");
  AddPlaceOptions(command, options->place);
}

}  // namespace trialsync::command
