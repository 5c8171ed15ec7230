// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "absl/strings/str_cat.h"
#include "daemon/command/commands.h"
#include "daemon/command/csv.h"
#include "daemon/command/definitions.h"
#include "daemon/command/format.h"
#include "daemon/command/import_map.h"
#include "daemon/command/import_names.h"
#include "daemon/command/import_rows.h"
#include "daemon/command/importer.h"
#include "daemon/command/progress.h"
#include "daemon/command/text.h"

namespace trialsync::command {
namespace {

constexpr char kFirstEntry[] = "initial entry";

struct CommandOptions {
  PlaceOptions place;
  WriteOptions write;
  ImportOptions import;
  std::string file;
  std::string map;
};

void PrintJsonReport(const ImportReport& report, size_t rows, std::ostream& out) {
  out << "{\n \"rows\": " << rows << ",\n \"recordsWritten\": " << report.written
      << ",\n \"recordsUnchanged\": " << report.unchanged
      << ",\n \"done\": " << (report.done ? "true" : "false") << ",\n \"outcomes\": {";
  const char* separator = "";
  for (const auto& [word, count] : report.outcomes) {
    out << separator << JsonString(word) << ": " << count;
    separator = ", ";
  }
  out << "},\n \"problems\": [";
  separator = "\n";
  for (const RowProblem& problem : report.problems) {
    out << separator << "  {\"line\": " << problem.line
        << ", \"column\": " << JsonString(problem.column)
        << ", \"message\": " << JsonString(problem.message) << "}";
    separator = ",\n";
  }
  out << (report.problems.empty() ? "]\n}\n" : "\n ]\n}\n");
}

void PrintReport(const ImportReport& report, size_t rows, const std::string& file,
                 std::ostream& out) {
  for (const RowProblem& problem : report.problems) {
    out << Printable(file) << ":" << problem.line << ": ";
    if (!problem.column.empty()) out << "column " << Printable(problem.column) << ": ";
    out << Printable(problem.message) << "\n";
  }
  out << Counted(rows, "row") << ": " << Counted(report.written, "record")
      << (report.done ? " written, " : " would be written, ") << report.unchanged << " unchanged, "
      << Counted(report.problems.size(), "problem");
  for (const auto& [word, count] : report.outcomes) {
    out << "; " << Counted(count, "value") << (report.done ? " " : " would be ") << word;
  }
  out << (report.done ? "\n" : "\nNothing was written.\n");
}

absl::StatusOr<ExitCode> Import(CommandOptions options, Session& session) {
  if (options.import.update && options.import.reason.empty()) {
    return UsageError("--update writes over values: say why with --reason TEXT");
  }
  if (options.import.reason.empty()) options.import.reason = kFirstEntry;
  options.import.author = options.write.author;
  const absl::StatusOr<std::string> yaml = ReadFile(options.map, kYamlBytesMax);
  if (!yaml.ok()) return yaml.status();
  const absl::StatusOr<ImportMap> map = ParseImportMap(*yaml, options.map);
  if (!map.ok()) return map.status();
  const absl::StatusOr<std::string> text = ReadFile(options.file, kCsvBytesMax);
  if (!text.ok()) return text.status();
  const absl::StatusOr<CsvTable> table = ParseCsv(*text, options.file, map->separator);
  if (!table.ok()) return table.status();
  if (options.place.study.empty()) options.place.study = map->study;
  const absl::StatusOr<SiteName> site = ResolveSite(session, options.place);
  if (!site.ok()) return site.status();
  if (!map->study.empty() && map->study != site->study) {
    return UsageError(absl::StrCat(options.map, " is a map for the study ", map->study,
                                   ", not for ", site->study));
  }
  const auto definitions = GetDefinitions(site->study, session);
  if (!definitions.ok()) return definitions.status();
  if (absl::Status named = CheckMapNames(*map, options.map, *definitions); !named.ok()) {
    return named;
  }
  absl::StatusOr<RowWrites> rows = MakeWrites(*table, *map, *site, options.file);
  if (!rows.ok()) return rows.status();

  absl::StatusOr<ImportReport> report = absl::UnknownError("");
  {
    Progress progress(session.err(), session.interactive(), "import: records");
    report = SendRows(
        *site, *std::move(rows), options.import,
        [&session](const v1::BatchWriteRecordsRequest& batch) { return session.Call(batch); },
        [&progress](uint64_t done, uint64_t total) { progress.Update(done, total); });
  }
  if (!report.ok()) return report.status();
  if (session.json()) {
    PrintJsonReport(*report, table->rows.size(), session.out());
  } else {
    PrintReport(*report, table->rows.size(), options.file, session.out());
  }
  return report->problems.empty() ? ExitCode::kOk : ExitCode::kNo;
}

}  // namespace

void AddImportCommand(CommandTree& tree) {
  auto options = std::make_shared<CommandOptions>();
  CLI::App& command = tree.AddCommand(
      tree.root(),
      {"import", "Takes in a CSV table.", "trialsync import pbcseq.csv --map map.yaml --dry-run",
       "Every row that is not usable is listed with line, column and reason; each other record "
       "goes in. A value that stands is never replaced without --update, and never against a "
       "decision. The same table again changes nothing. With --all-or-nothing everything is "
       "checked first, and nothing is written if anything is wrong. Exit code 1 if anything was "
       "listed."},
      [options](Session& session) { return Import(*options, session); });
  command.add_option("FILE", options->file, "The table, with the names of its columns first")
      ->required();
  command.add_option("--map", options->map, "How rows become records (YAML)")->required();
  command.add_flag("--dry-run", options->import.dry_run, "Check everything, write nothing");
  command.add_flag("--update", options->import.update, "Write over values that stand");
  command.add_flag("--all-or-nothing", options->import.all_or_nothing,
                   "Write nothing if anything is wrong");
  command.add_option("--reason", options->import.reason,
                     "Why (\"initial entry\"; required with --update)");
  AddAuthorOption(command, options->write);
  AddPlaceOptions(command, options->place);
}

}  // namespace trialsync::command
