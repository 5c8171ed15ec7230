// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "absl/strings/str_cat.h"
#include "daemon/command/commands.h"
#include "daemon/command/format.h"
#include "daemon/command/limits.h"
#include "daemon/command/study_text.h"
#include "daemon/command/study_version_name.h"
#include "daemon/command/table.h"
#include "daemon/command/text.h"

namespace trialsync::command {
namespace {

struct StudyOptions {
  WriteOptions write;
  std::string name;
  std::string site, approval_date, approval_reference;
  bool yaml = false;
};

std::string Approval(const v1::StudyVersionActivation& activation) {
  std::string text;
  if (!activation.approval_date().empty()) {
    absl::StrAppend(&text, ", approved ", activation.approval_date());
  }
  if (!activation.approval_reference().empty()) {
    absl::StrAppend(&text, " (", activation.approval_reference(), ")");
  }
  return Printable(text);
}

absl::StatusOr<ExitCode> Publish(const StudyOptions& options, Session& session) {
  const absl::StatusOr<std::string> yaml = ReadFile(options.name, kYamlBytesMax);
  if (!yaml.ok()) return yaml.status();
  v1::PublishStudyVersionRequest request;
  request.set_yaml(*yaml);
  request.set_file_name(options.name);
  request.set_author(options.write.author);
  request.set_reason(options.write.reason);
  const absl::StatusOr<v1::StudyVersion> version = session.Call(request);
  if (!version.ok()) return version.status();
  if (session.json()) {
    session.PrintJson(*version);
  } else {
    session.out() << "published " << version->name() << ", sha256 "
                  << ShortHex(version->version().sha256()) << "\n";
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> List(const StudyOptions& options, Session& session) {
  v1::ListStudyVersionsRequest request;
  request.set_parent(absl::StrCat("studies/", options.name.empty() ? "-" : options.name));
  const auto versions = ListAll<v1::ListStudyVersionsResponse>(session, request);
  if (!versions.ok()) return versions.status();
  if (session.json()) {
    session.PrintJson(*versions);
    return ExitCode::kOk;
  }
  Table table({"VERSION", "SHA256", "ACTIVE AT"});
  for (const v1::StudyVersion& version : versions->versions()) {
    table.AddRow({ShortVersionName(version.name()), ShortHex(version.version().sha256()),
                  ActiveSites(version)});
  }
  table.Print(session.out());
  if (versions->versions().empty()) session.out() << "No version is published here.\n";
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Show(const StudyOptions& options, Session& session) {
  const absl::StatusOr<std::string> name = ResolveVersion(options.name);
  if (!name.ok()) return name.status();
  v1::GetStudyVersionRequest request;
  request.set_name(*name);
  const absl::StatusOr<v1::StudyVersion> version = session.Call(request);
  if (!version.ok()) return version.status();
  if (options.yaml) {
    session.out() << version->yaml();
  } else if (session.json()) {
    session.PrintJson(*version);
  } else {
    PrintVersion(*version, session.out());
  }
  return ExitCode::kOk;
}

template <typename Request>
absl::StatusOr<ExitCode> SetState(Request request, const StudyOptions& options, Session& session) {
  const absl::StatusOr<std::string> name = ResolveVersion(options.name);
  if (!name.ok()) return name.status();
  if (name->ends_with("/latest")) {
    return UsageError(absl::StrCat("which version of ", options.name, "? Write, for example, ",
                                   options.name.substr(0, options.name.find('@')),
                                   "@1; trialsync study list shows them"));
  }
  request.set_name(*name);
  request.set_site(options.site);
  request.set_author(options.write.author);
  request.set_reason(options.write.reason);
  const absl::StatusOr<v1::StudyVersionActivation> activation = session.Call(request);
  if (!activation.ok()) return activation.status();
  if (session.json()) {
    session.PrintJson(*activation);
  } else {
    session.out() << ShortVersionName(*name) << " is " << Word(activation->state()) << " at "
                  << activation->site() << " since commit " << activation->commit()
                  << Approval(*activation) << "\n";
  }
  return ExitCode::kOk;
}

void AddPublish(CommandTree& tree, CLI::App& group) {
  auto options = std::make_shared<StudyOptions>();
  options->write.reason = "publication";
  CLI::App& command = tree.AddCommand(
      group,
      {"publish", "Publishes a version.", "trialsync study publish pbc/v1.yaml --author dm",
       "Refused if it breaks stored values and no step is declared that covers them."},
      [options](Session& session) { return Publish(*options, session); });
  command.add_option("FILE", options->name, "The definition (YAML)")->required();
  command.add_option("--reason", options->write.reason, "Why")->capture_default_str();
  AddAuthorOption(command, options->write);
}

void AddReading(CommandTree& tree, CLI::App& group) {
  auto options = std::make_shared<StudyOptions>();
  CLI::App& list = tree.AddCommand(
      group, {"list", "Lists versions and where they are active.", "trialsync study list"},
      [options](Session& session) { return List(*options, session); });
  list.add_option("STUDY", options->name, "Only of this study");
  CLI::App& show = tree.AddCommand(
      group,
      {"show", "Shows a version, the latest if none is named.", "trialsync study show pbc@1"},
      [options](Session& session) { return Show(*options, session); });
  show.add_option("STUDY[@VERSION]", options->name, "The study, and maybe a version")->required();
  show.add_flag("--yaml", options->yaml, "The definition as YAML, and nothing else");
}

void AddActivate(CommandTree& tree, CLI::App& group) {
  auto options = std::make_shared<StudyOptions>();
  options->write.reason = "activation";
  CLI::App& command =
      tree.AddCommand(group,
                      {"activate", "Lets a site write under a version.",
                       "trialsync study activate pbc@1 --site MAYO1 --approval-date 2026-03-01 "
                       "--approval-reference EC-17"},
                      [options](Session& session) {
                        v1::ActivateStudyVersionRequest request;
                        request.set_approval_date(options->approval_date);
                        request.set_approval_reference(options->approval_reference);
                        return SetState(request, *options, session);
                      });
  command.add_option("STUDY@VERSION", options->name, "The version")->required();
  command.add_option("--site", options->site, "The site; made on first use")->required();
  command.add_option("--approval-date", options->approval_date, "Of the ethics board, YYYY-MM-DD");
  command.add_option("--approval-reference", options->approval_reference, "Of that approval");
  command.add_option("--reason", options->write.reason, "Why")->capture_default_str();
  AddAuthorOption(command, options->write);
}

void AddRetire(CommandTree& tree, CLI::App& group) {
  auto options = std::make_shared<StudyOptions>();
  CLI::App& command = tree.AddCommand(
      group,
      {"retire", "Ends what activation began.",
       "trialsync study retire pbc@1 --site MAYO1 --reason 'version 2 is approved'"},
      [options](Session& session) {
        return SetState(v1::RetireStudyVersionRequest(), *options, session);
      });
  command.add_option("STUDY@VERSION", options->name, "The version")->required();
  command.add_option("--site", options->site, "The site")->required();
  command.add_option("--reason", options->write.reason, "Why")->required();
  AddAuthorOption(command, options->write);
}

}  // namespace

void AddStudyCommands(CommandTree& tree) {
  CLI::App& group = tree.AddGroup(
      {"study", "Study definitions and where they are active.", "trialsync study list"});
  AddStudyCheck(tree, group);
  AddPublish(tree, group);
  AddReading(tree, group);
  AddActivate(tree, group);
  AddRetire(tree, group);
}

}  // namespace trialsync::command
