// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/command_tree.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "daemon/command/limits.h"
#include "daemon/command/text.h"
#include "daemon/version.h"
#include "proto/check.h"

namespace trialsync::command {
namespace {

constexpr char kRootFooter[] = R"(
Exit codes:
  0  done
  1  the answer is no, or something did not hold (verify, proof, import, study check, status)
  2  the command line, or a file that it names, is not understood
  3  a value stands that was not written over
  4  no server at the address, no answer in time, or it is stopping: ask again
  5  refused; the reason is on stderr

Results go to stdout, progress and errors to stderr. Every command has --help.

Example:
  export TRIALSYNC_AT=127.0.0.1:7451 TRIALSYNC_AUTHOR=anna
  trialsync record set PBC-001/VISIT~2/LAB 'bili=1.5 mg/dL' --create
  trialsync record get PBC-001/VISIT~2/LAB -o json)";

std::string Footer(const Introduction& introduction) {
  std::string footer;
  if (!introduction.details.empty()) {
    absl::StrAppend(&footer, "\n",
                    absl::StrJoin(Wrap(introduction.details, kTerminalColumns), "\n"), "\n");
  }
  absl::StrAppend(&footer,
                  "\nEvery command also takes --at HOST:PORT (or TRIALSYNC_AT) and -o text|json.",
                  "\n\nExample:\n  ", absl::StrReplaceAll(introduction.example, {{"\n", "\n  "}}));
  return footer;
}

}  // namespace

CommandTree::CommandTree(Session& session)
    : root_("Case data, studies and worklists of a trialsync site or coordinator.", "trialsync") {
  root_.add_option("--at", session.address, "The server, HOST:PORT on this machine")
      ->envname("TRIALSYNC_AT");
  root_.add_option("-o,--output", session.output, "text for people, json for scripts")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  root_.set_version_flag("--version", std::string(daemon::kSoftwareVersion),
                         "The release of this command, and exit");
  root_.fallthrough();
  root_.require_subcommand(1);
  root_.footer(kRootFooter);
}

CLI::App& CommandTree::AddGroup(const Introduction& introduction) {
  CLI::App* group = root_.add_subcommand(introduction.name, introduction.summary);
  group->require_subcommand(1);
  group->footer(Footer(introduction));
  return *group;
}

CLI::App& CommandTree::AddCommand(CLI::App& parent, const Introduction& introduction,
                                  Action action) {
  CLI::App* command = parent.add_subcommand(introduction.name, introduction.summary);
  command->footer(Footer(introduction));
  actions_[command] = std::move(action);
  return *command;
}

const Action& CommandTree::chosen() const {
  const CLI::App* app = &root_;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  const auto found = actions_.find(app);
  TS_CHECK(found != actions_.end());
  return found->second;
}

void AddAuthorOption(CLI::App& command, WriteOptions& options) {
  command.add_option("--author", options.author, "The account that writes this")
      ->envname("TRIALSYNC_AUTHOR");
  command.parse_complete_callback([&options] {
    if (!options.author.empty()) return;
    throw CLI::ValidationError("--author", "who writes this? Give it, or set TRIALSYNC_AUTHOR");
  });
}

void AddWriteOptions(CLI::App& command, WriteOptions& options) {
  AddAuthorOption(command, options);
  command.add_option("--request-id", options.request_id,
                     "A name for this request: the same one again takes effect once");
}

void AddPlaceOptions(CLI::App& command, PlaceOptions& options) {
  command.add_option("--study", options.study, "The study, where the server has several");
  command.add_option("--site", options.site, "The site, at the coordinator");
}

}  // namespace trialsync::command
