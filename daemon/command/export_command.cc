// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/command/commands.h"
#include "daemon/command/export_writer.h"
#include "daemon/command/format.h"
#include "daemon/command/limits.h"
#include "daemon/command/text.h"

namespace trialsync::command {
namespace {

struct ExportOptions {
  PlaceOptions place;
  std::vector<std::string> forms;
  bool all = false;
  std::string format = "csv";
  std::string directory;
  bool force = false;
};

struct FormCount {
  size_t written = 0;
  size_t voided = 0;
  size_t values_in_question = 0;
};

// Every version of the study that the server knows, by ascending number.
absl::StatusOr<std::vector<v1::StudyDefinition>> GetDefinitions(const std::string& study,
                                                                Session& session) {
  v1::ListStudyVersionsRequest list;
  list.set_parent(absl::StrCat("studies/", study));
  const auto versions = ListAll<v1::ListStudyVersionsResponse>(session, list);
  if (!versions.ok()) return versions.status();
  std::map<uint32_t, v1::StudyDefinition> by_number;
  for (const v1::StudyVersion& version : versions->versions()) {
    v1::GetStudyVersionRequest get;
    get.set_name(version.name());
    absl::StatusOr<v1::StudyVersion> whole = session.Call(get);
    if (!whole.ok()) return whole.status();
    by_number[version.version().number()] = std::move(*whole->mutable_definition());
  }
  std::vector<v1::StudyDefinition> definitions;
  for (auto& [number, definition] : by_number) definitions.push_back(std::move(definition));
  return definitions;
}

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

size_t ValuesInQuestion(const v1::Record& record) {
  size_t count = 0;
  for (const v1::Item& item : record.items()) {
    if (!item.discrepancies().empty()) ++count;
  }
  return count;
}

// A record as its line in the file.
struct Line {
  std::string name;
  std::string text;
};

// Takes in one page; a voided record is no data, and is only in the format that says so.
absl::Status TakePage(const v1::ListRecordsResponse& page, const ExportForm& form, bool csv,
                      std::vector<Line>& lines, FormCount& count) {
  for (const v1::Record& record : page.records()) {
    if (csv && record.voided()) {
      ++count.voided;
      continue;
    }
    absl::StatusOr<std::string> line =
        csv ? CsvRecord(form, record) : JsonOf(record, JsonStyle::kLine);
    if (!line.ok()) return line.status();
    lines.push_back({record.name(), *std::move(line)});
    ++count.written;
    count.values_in_question += ValuesInQuestion(record);
  }
  return absl::OkStatus();
}

absl::StatusOr<FormCount> WriteForm(const SiteName& place, const ExportForm& form, bool csv,
                                    const std::string& path, Session& session) {
  std::vector<Line> lines;
  FormCount count;
  v1::ListRecordsRequest request;
  request.set_parent(place.ToString());
  request.set_form(form.name);
  request.set_page_size(kPageSize);
  do {
    const absl::StatusOr<v1::ListRecordsResponse> page = session.Call(request);
    if (!page.ok()) return page.status();
    if (absl::Status status = TakePage(*page, form, csv, lines, count); !status.ok()) return status;
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  std::stable_sort(lines.begin(), lines.end(),
                   [](const Line& a, const Line& b) { return NaturallyLess(a.name, b.name); });
  std::ofstream file(path, std::ios::binary);
  if (csv) file << CsvHeader(form);
  for (const Line& line : lines) file << line.text;
  file.close();
  if (!file) {
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot write ", path, ": ", std::strerror(errno)));
  }
  return count;
}

absl::StatusOr<ExitCode> Export(const ExportOptions& options, Session& session) {
  if (options.all != options.forms.empty()) {
    return UsageError("say what to export: either --form FORM, once or more, or --all");
  }
  const absl::StatusOr<SiteName> place = ResolvePlace(session, options.place);
  if (!place.ok()) return place.status();
  const auto definitions = GetDefinitions(place->study, session);
  if (!definitions.ok()) return definitions.status();
  const auto forms = ChooseForms(FormsOf(*definitions), options);
  if (!forms.ok()) return forms.status();
  absl::StatusOr<ExportDirectory> directory =
      ExportDirectory::Create(options.directory, options.force);
  if (!directory.ok()) return directory.status();
  for (const ExportForm& form : *forms) {
    const std::string file_name = absl::StrCat(form.name, ".", options.format);
    const absl::StatusOr<FormCount> count =
        WriteForm(*place, form, options.format == "csv", directory->Path(file_name), session);
    if (!count.ok()) return count.status();
    session.err() << file_name << ": " << count->written << " records";
    if (count->voided > 0) session.err() << ", " << count->voided << " voided left out";
    if (count->values_in_question > 0) {
      session.err() << ", " << count->values_in_question
                    << " values in question (trialsync worklist)";
    }
    session.err() << "\n";
  }
  if (absl::Status status = directory->Finish(); !status.ok()) return status;
  return ExitCode::kOk;
}

}  // namespace

void AddExportCommand(CommandTree& tree) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App& command = tree.AddCommand(
      tree.root(),
      {"export", "Writes a file for each form.",
       "trialsync export --all --format csv --out export-2026-11",
       "csv: the columns site, subject, event and form, then the items by name, values exactly as "
       "recorded, missing ones as missing:REASON; voided records are left out, and counted. "
       "ndjson: whole records, one a line. Both by site, subject, event and form. The directory "
       "appears whole at the end, or not at all."},
      [options](Session& session) { return Export(*options, session); });
  command.add_option("--form", options->forms, "This form; may be given several times")
      ->type_name("FORM");
  command.add_flag("--all", options->all, "Every form");
  command.add_option("--format", options->format, "csv or ndjson")
      ->check(CLI::IsMember({"csv", "ndjson"}))
      ->capture_default_str();
  command.add_option("--out", options->directory, "The directory to make")->required();
  command.add_flag("--force", options->force, "Replace files of the same names in it");
  AddPlaceOptions(command, options->place);
}

}  // namespace trialsync::command
