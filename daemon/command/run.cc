// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/run.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "daemon/command/commands.h"
#include "daemon/command/text.h"
#include "daemon/suggestion.h"
#include "study/text.h"

namespace trialsync::command {
namespace {

// A message may have several lines; within each, nothing may reach the terminal but text.
void PrintError(absl::string_view message, Console& console) {
  console.err << "trialsync: ";
  for (const absl::string_view line : absl::StrSplit(absl::StripSuffix(message, "\n"), '\n')) {
    console.err << Printable(std::string(line)) << "\n";
  }
}

// True if an action is to be run; otherwise `code` says how the run ends.
bool Parse(CommandTree& tree, std::vector<std::string> arguments, Console& console,
           ExitCode* code) {
  try {
    // CLI11 takes them last first.
    std::reverse(arguments.begin(), arguments.end());
    tree.root().parse(std::move(arguments));
    return true;
  } catch (const CLI::Success& help) {
    tree.root().exit(help, console.out, console.err);
    *code = ExitCode::kOk;
  } catch (const CLI::ParseError& error) {
    const std::string missing = daemon::MissingCommand(tree.root());
    PrintError(absl::StrCat(missing.empty() ? error.what() : missing,
                            "\nRun it with --help for more information."),
               console);
    *code = ExitCode::kUsage;
  }
  return false;
}

}  // namespace

void AddAllCommands(CommandTree& tree) {
  AddStudyCommands(tree);
  AddSubjectCommands(tree);
  AddRecordCommands(tree);
  AddQueryCommands(tree);
  AddImportCommand(tree);
  AddExportCommand(tree);
  AddWorklistCommands(tree);
  AddProofCommands(tree);
  AddStatusCommands(tree);
  AddBackupCommands(tree);
  AddRecoveryCommands(tree);
}

ExitCode Run(std::vector<std::string> arguments, Console& console) {
  for (const std::string& argument : arguments) {
    if (study::IsUtf8(argument)) continue;
    console.err << "trialsync: an argument is not UTF-8: " << Printable(argument) << "\n";
    return ExitCode::kUsage;
  }
  Session session(console);
  CommandTree tree(session);
  AddAllCommands(tree);
  ExitCode code = ExitCode::kOk;
  if (!Parse(tree, std::move(arguments), console, &code)) return code;
  const absl::StatusOr<ExitCode> result = tree.chosen()(session);
  console.out.flush();
  if (!result.ok()) {
    PrintError(result.status().message(), console);
    return ExitCodeOf(result.status());
  }
  if (!console.out) {
    console.err << "trialsync: the output could not be written whole\n";
    return ExitCode::kRefused;
  }
  return *result;
}

}  // namespace trialsync::command
