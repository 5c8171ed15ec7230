// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <system_error>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "daemon/command/commands.h"
#include "daemon/command/format.h"
#include "daemon/command/limits.h"
#include "daemon/command/study_version_name.h"
#include "daemon/command/table.h"
#include "daemon/command/text.h"
#include "study/definition.h"
#include "study/versions.h"
#include "study/yaml.h"

namespace trialsync::command {
namespace {

struct CheckOptions {
  std::string file;
  std::string against;
};

// Compiles a file, in place of the server.
absl::StatusOr<std::string> Compile(const std::string& file) {
  const absl::StatusOr<std::string> yaml = ReadFile(file, kYamlBytesMax);
  if (!yaml.ok()) return yaml.status();
  return study::CompileStudy(*yaml, file);
}

std::string SubjectOf(const study::VersionFinding& finding, const study::Definition& before,
                      const study::Definition& after) {
  for (const study::Definition* definition : {&after, &before}) {
    const v1::ItemDefinition* item = definition->FindItem(finding.item);
    const v1::FormDefinition* form = definition->FindForm(finding.form);
    const v1::EventDefinition* event = definition->FindEvent(finding.event);
    if (item != nullptr && form != nullptr) return absl::StrCat(form->name(), ".", item->name());
    if (finding.item == 0 && form != nullptr) return form->name();
    if (finding.item == 0 && event != nullptr) return event->name();
  }
  return "study";
}

// Two files, without a server: no stored values are counted.
absl::StatusOr<v1::CheckStudyVersionResponse> CompareFiles(const CheckOptions& options) {
  absl::StatusOr<std::string> before_bytes = Compile(options.against);
  if (!before_bytes.ok()) return before_bytes.status();
  const auto before = study::Definition::FromBytes(*std::move(before_bytes));
  if (!before.ok()) return before.status();
  absl::StatusOr<std::string> draft = Compile(options.file);
  if (!draft.ok()) return draft.status();
  absl::StatusOr<std::string> bytes =
      study::CompletePrevious(*std::move(draft), (*before)->version());
  if (!bytes.ok()) return bytes.status();
  const auto after = study::Definition::FromBytes(*std::move(bytes));
  if (!after.ok()) return after.status();
  const auto findings = study::CompareVersions(**before, **after);
  if (!findings.ok()) return findings.status();
  v1::CheckStudyVersionResponse response;
  *response.mutable_version() = (*after)->version();
  response.set_against(options.against);
  for (const study::VersionFinding& finding : *findings) {
    v1::VersionFinding* added = response.add_findings();
    added->set_breaking(study::IsBreaking(finding.difference));
    added->set_covered(finding.covered_by_step);
    added->set_subject(SubjectOf(finding, **before, **after));
    added->set_message(finding.sentence);
  }
  return response;
}

// One file by itself.
absl::StatusOr<v1::CheckStudyVersionResponse> CheckFile(const CheckOptions& options) {
  const absl::StatusOr<std::string> bytes = Compile(options.file);
  if (!bytes.ok()) return bytes.status();
  v1::StudyDefinition definition;
  definition.ParseFromString(*bytes);
  v1::CheckStudyVersionResponse response;
  response.mutable_version()->set_number(definition.version());
  return response;
}

absl::StatusOr<v1::CheckStudyVersionResponse> AskServer(const CheckOptions& options,
                                                        Session& session) {
  const absl::StatusOr<std::string> yaml = ReadFile(options.file, kYamlBytesMax);
  if (!yaml.ok()) return yaml.status();
  v1::CheckStudyVersionRequest request;
  request.set_yaml(*yaml);
  request.set_file_name(options.file);
  if (!options.against.empty()) {
    const absl::StatusOr<std::string> against = ResolveVersion(options.against);
    if (!against.ok()) return against.status();
    request.set_against(*against);
  }
  return session.Call(request);
}

void PrintFindings(const v1::CheckStudyVersionResponse& response, bool counted, std::ostream& out) {
  Table table({"FINDING", "WHERE", "VALUES", "WHAT"});
  for (const v1::VersionFinding& finding : response.findings()) {
    table.AddRow({!finding.breaking() ? "note"
                  : finding.covered() ? "covered"
                                      : "BREAKS",
                  finding.subject(), counted ? absl::StrCat(finding.values_touched()) : "",
                  finding.message()});
  }
  table.Print(out);
}

// `FILE:LINE:COLUMN: what is wrong`, or a sentence without a place, as an object.
std::string MistakeJson(const std::string& text) {
  const std::vector<std::string> halves = absl::StrSplit(text, absl::MaxSplits(": ", 1));
  std::vector<std::string> place = absl::StrSplit(halves[0], ':');
  uint32_t line = 0;
  uint32_t column = 0;
  const bool placed = halves.size() == 2 && place.size() > 2 &&
                      absl::SimpleAtoi(place[place.size() - 2], &line) &&
                      absl::SimpleAtoi(place.back(), &column);
  if (!placed) return absl::StrCat("{\"message\": ", JsonString(text), "}");
  place.resize(place.size() - 2);
  return absl::StrCat("{\"file\": ", JsonString(absl::StrJoin(place, ":")), ", \"line\": ", line,
                      ", \"column\": ", column, ", \"message\": ", JsonString(halves[1]), "}");
}

// The mistakes of a definition, one a line in `message`.
void PrintMistakes(absl::string_view message, Session& session) {
  if (!session.json()) {
    session.err() << "trialsync: " << message << "\n";
    return;
  }
  std::vector<std::string> mistakes;
  for (const absl::string_view line : absl::StrSplit(message, '\n', absl::SkipEmpty())) {
    mistakes.push_back(MistakeJson(std::string(line)));
  }
  session.out() << "{\n \"mistakes\": [\n  " << absl::StrJoin(mistakes, ",\n  ") << "\n ]\n}\n";
}

absl::StatusOr<ExitCode> Check(const CheckOptions& options, Session& session) {
  std::error_code ignored;
  const bool local = !options.against.empty() && std::filesystem::exists(options.against, ignored);
  const bool alone = options.against.empty() && session.address.empty();
  const auto response = local   ? CompareFiles(options)
                        : alone ? CheckFile(options)
                                : AskServer(options, session);
  if (!response.ok()) {
    // What is wrong with the definition is the answer of a check.
    if (ExitCodeOf(response.status()) == ExitCode::kRefused) {
      PrintMistakes(response.status().message(), session);
      return ExitCode::kNo;
    }
    return response.status();
  }
  bool breaks = false;
  for (const v1::VersionFinding& finding : response->findings()) {
    breaks = breaks || (finding.breaking() && !finding.covered());
  }
  if (session.json()) {
    session.PrintJson(*response);
  } else {
    PrintFindings(*response, /*counted=*/!local, session.out());
    session.out() << "version " << response->version().number() << ": "
                  << (breaks  ? "breaks stored values; declare a step for each"
                      : alone ? "is valid; nothing was compared (give --at or --against)"
                              : "can be published")
                  << "\n";
  }
  return breaks ? ExitCode::kNo : ExitCode::kOk;
}

}  // namespace

void AddStudyCheck(CommandTree& tree, CLI::App& group) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App& command = tree.AddCommand(
      group,
      {"check", "Checks a definition before it is published.",
       "trialsync study check pbc/v2.yaml --against pbc@1\n"
       "trialsync study check pbc/v2.yaml --against pbc/v1.yaml",
       "Lists what differs from the version before, what of that breaks stored values, and how "
       "many "
       "of them it touches. Against a file, no server is asked and nothing is counted; without "
       "--at, the definition is checked by itself. Exit code 1 if something breaks, or the "
       "definition is not valid; -o json then has the mistakes with file, line and column."},
      [options](Session& session) { return Check(*options, session); });
  command.add_option("FILE", options->file, "The definition (YAML)")->required();
  command.add_option("--against", options->against,
                     "A file, or STUDY@VERSION; the version before if left out");
}

}  // namespace trialsync::command
