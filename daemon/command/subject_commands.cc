// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "daemon/command/commands.h"
#include "daemon/command/format.h"
#include "daemon/command/record_text.h"
#include "daemon/command/table.h"
#include "daemon/command/text.h"

namespace trialsync::command {
namespace {

struct SubjectOptions {
  PlaceOptions place;
  WriteOptions write;
  std::string name;
  std::string other;
};

// The full name of a subject, or of a repeat within it: CODE, CODE/EVENT~1, CODE/EVENT/FORM~1.
absl::StatusOr<std::string> ResolveSubject(Session& session, const PlaceOptions& place,
                                           const std::string& text) {
  if (text.starts_with("studies/")) return text;
  const std::vector<std::string> parts = absl::StrSplit(text, '/');
  static constexpr const char* kCollections[] = {"/subjects/", "/events/", "/forms/"};
  if (parts.size() > std::size(kCollections)) {
    return UsageError(
        absl::StrCat("\"", text, "\" names no subject: write CODE, or CODE/EVENT~1 for a repeat"));
  }
  const absl::StatusOr<SiteName> site = ResolveSite(session, place);
  if (!site.ok()) return site.status();
  std::string name = site->ToString();
  for (size_t i = 0; i < parts.size(); ++i) absl::StrAppend(&name, kCollections[i], parts[i]);
  return name;
}

absl::StatusOr<ExitCode> Print(const absl::StatusOr<v1::Subject>& subject, Session& session) {
  if (!subject.ok()) return subject.status();
  if (session.json()) {
    session.PrintJson(*subject);
  } else {
    session.out() << subject->name() << (subject->pending() ? "  not yet sent" : "") << "\n";
  }
  return ExitCode::kOk;
}

// The same for a new label, which the site owns: at the coordinator it is a proposal.
absl::StatusOr<ExitCode> PrintRelabelled(const absl::StatusOr<v1::Subject>& subject,
                                         Session& session) {
  const absl::StatusOr<ExitCode> printed = Print(subject, session);
  if (!printed.ok() || session.json()) return printed;
  const absl::StatusOr<v1::Status> status = session.Call(v1::GetStatusRequest());
  if (!status.ok()) return status.status();
  if (status->role() == "coordinator") {
    session.out() << "proposed: the site accepts or declines it (trialsync worklist)\n";
  }
  return printed;
}

absl::StatusOr<ExitCode> Add(const SubjectOptions& options, Session& session) {
  const absl::StatusOr<SiteName> site = ResolveSite(session, options.place);
  if (!site.ok()) return site.status();
  v1::CreateSubjectRequest request;
  request.set_parent(site->ToString());
  request.set_code(options.name);
  request.set_author(options.write.author);
  request.set_reason(options.write.reason);
  request.set_request_id(options.write.request_id);
  return Print(session.Call(request), session);
}

absl::StatusOr<ExitCode> List(const PlaceOptions& place, Session& session) {
  const absl::StatusOr<SiteName> parent = ResolvePlace(session, place);
  if (!parent.ok()) return parent.status();
  v1::ListSubjectsRequest request;
  request.set_parent(parent->ToString());
  auto subjects = ListAll<v1::ListSubjectsResponse>(session, request);
  if (!subjects.ok()) return subjects.status();
  std::stable_sort(
      subjects->mutable_subjects()->begin(), subjects->mutable_subjects()->end(),
      [](const v1::Subject& a, const v1::Subject& b) { return NaturallyLess(a.name(), b.name()); });
  if (session.json()) {
    session.PrintJson(*subjects);
    return ExitCode::kOk;
  }
  Table table({"SITE", "SUBJECT", "RECORDS", "BY", "WHEN", "REMARK"});
  for (const v1::Subject& subject : subjects->subjects()) {
    const std::vector<std::string> parts = absl::StrSplit(subject.name(), '/');
    std::string remark = subject.pending() ? "not yet sent" : "";
    if (!subject.same_as().empty()) remark = absl::StrCat("same as ", ShortName(subject.same_as()));
    table.AddRow({parts.size() > 3 ? parts[3] : "", ShortName(subject.name()),
                  absl::StrCat(subject.record_count()), subject.author(),
                  TimeText(subject.create_time()), remark});
  }
  table.Print(session.out());
  if (subjects->subjects().empty()) session.out() << "There are no subjects.\n";
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Rename(const SubjectOptions& options, Session& session) {
  absl::StatusOr<std::string> name = ResolveSubject(session, options.place, options.name);
  if (!name.ok()) return name.status();
  v1::RenameSubjectRequest request;
  request.set_name(*name);
  request.set_new_code(options.other);
  request.set_author(options.write.author);
  request.set_reason(options.write.reason);
  request.set_request_id(options.write.request_id);
  return PrintRelabelled(session.Call(request), session);
}

absl::StatusOr<ExitCode> Merge(const SubjectOptions& options, Session& session) {
  absl::StatusOr<std::string> name = ResolveSubject(session, options.place, options.name);
  if (!name.ok()) return name.status();
  absl::StatusOr<std::string> other = ResolveSubject(session, options.place, options.other);
  if (!other.ok()) return other.status();
  v1::MergeSubjectsRequest request;
  request.set_name(*name);
  request.set_other(*other);
  request.set_author(options.write.author);
  request.set_reason(options.write.reason);
  request.set_request_id(options.write.request_id);
  return PrintRelabelled(session.Call(request), session);
}

void AddAdd(CommandTree& tree, CLI::App& group) {
  auto options = std::make_shared<SubjectOptions>();
  options->write.reason = "initial entry";
  CLI::App& add =
      tree.AddCommand(group, {"add", "Adds a subject.", "trialsync subject add PBC-001"},
                      [options](Session& session) { return Add(*options, session); });
  add.add_option("CODE", options->name, "The code of the subject")->required();
  add.add_option("--reason", options->write.reason, "Why")->capture_default_str();
  AddWriteOptions(add, options->write);
  AddPlaceOptions(add, options->place);
}

void AddList(CommandTree& tree, CLI::App& group) {
  auto place = std::make_shared<PlaceOptions>();
  CLI::App& list = tree.AddCommand(group, {"list", "Lists subjects.", "trialsync subject list"},
                                   [place](Session& session) { return List(*place, session); });
  AddPlaceOptions(list, *place);
}

void AddRename(CommandTree& tree, CLI::App& group) {
  auto options = std::make_shared<SubjectOptions>();
  CLI::App& rename = tree.AddCommand(
      group,
      {"rename", "Gives a subject, or a repeat of an event or form, another label.",
       "trialsync subject rename PBC-001?2 PBC-017 --reason 'two patients under one code'\n"
       "trialsync subject rename 'PBC-001/AE~1?2' 2 --reason 'another event'"},
      [options](Session& session) { return Rename(*options, session); });
  rename.add_option("OLD", options->name, "CODE, CODE/EVENT~1, or the full name")->required();
  rename.add_option("NEW", options->other, "The new code, or label of the repeat")->required();
  rename.add_option("--reason", options->write.reason, "Why")->required();
  AddWriteOptions(rename, options->write);
  AddPlaceOptions(rename, options->place);
}

void AddMerge(CommandTree& tree, CLI::App& group) {
  auto options = std::make_shared<SubjectOptions>();
  CLI::App& merge = tree.AddCommand(
      group,
      {"merge", "Says that two are one: the later is shown as a part of the earlier.",
       "trialsync subject merge PBC-001 'PBC-001?2' --reason 'entered on both computers'"},
      [options](Session& session) { return Merge(*options, session); });
  merge.add_option("A", options->name, "CODE, CODE/EVENT~1, or the full name")->required();
  merge.add_option("B", options->other, "The one that is the same")->required();
  merge.add_option("--reason", options->write.reason, "Why")->required();
  AddWriteOptions(merge, options->write);
  AddPlaceOptions(merge, options->place);
}

}  // namespace

void AddSubjectCommands(CommandTree& tree) {
  CLI::App& group =
      tree.AddGroup({"subject", "Patients under their codes.", "trialsync subject list"});
  AddAdd(tree, group);
  AddList(tree, group);
  AddRename(tree, group);
  AddMerge(tree, group);
}

}  // namespace trialsync::command
