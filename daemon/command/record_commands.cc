// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>

#include "daemon/command/commands.h"
#include "daemon/command/record_text.h"
#include "daemon/command/text.h"

namespace trialsync::command {
namespace {

struct ReadOptions {
  PlaceOptions place;
  std::string name;
  std::string item;
  uint32_t version = 0;
  bool site_only = false;
};

absl::StatusOr<ExitCode> Get(const ReadOptions& options, Session& session) {
  absl::StatusOr<std::string> name = ResolveRecord(session, options.place, options.name);
  if (!name.ok()) return name.status();
  v1::GetRecordRequest request;
  request.set_name(*name);
  request.set_version(options.version);
  request.set_include_site_only(options.site_only);
  const absl::StatusOr<v1::Record> record = session.Call(request);
  if (!record.ok()) return record.status();
  if (session.json()) {
    session.PrintJson(*record);
  } else {
    PrintRecord(*record, session.out());
  }
  return ExitCode::kOk;
}

struct ListOptions {
  PlaceOptions place;
  std::string subject, event, form;
  uint32_t version = 0;
};

absl::StatusOr<ExitCode> List(const ListOptions& options, Session& session) {
  const absl::StatusOr<SiteName> parent = ResolvePlace(session, options.place);
  if (!parent.ok()) return parent.status();
  v1::ListRecordsRequest request;
  request.set_parent(parent->ToString());
  request.set_subject(options.subject);
  request.set_event(options.event);
  request.set_form(options.form);
  request.set_version(options.version);
  auto records = ListAll<v1::ListRecordsResponse>(session, request);
  if (!records.ok()) return records.status();
  std::stable_sort(
      records->mutable_records()->begin(), records->mutable_records()->end(),
      [](const v1::Record& a, const v1::Record& b) { return NaturallyLess(a.name(), b.name()); });
  if (session.json()) {
    session.PrintJson(*records);
  } else {
    PrintRecordList(*records, session.out());
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> History(const ReadOptions& options, Session& session) {
  absl::StatusOr<std::string> name = ResolveRecord(session, options.place, options.name);
  if (!name.ok()) return name.status();
  v1::GetRecordHistoryRequest request;
  request.set_name(*name);
  request.set_item(options.item);
  const auto history = ListAll<v1::GetRecordHistoryResponse>(session, request);
  if (!history.ok()) return history.status();
  if (session.json()) {
    session.PrintJson(*history);
  } else {
    for (const v1::HistoryEntry& entry : history->entries()) {
      PrintHistoryEntry(entry, session.out());
    }
  }
  return ExitCode::kOk;
}

void AddGet(CommandTree& tree, CLI::App& group) {
  auto options = std::make_shared<ReadOptions>();
  CLI::App& command =
      tree.AddCommand(group, {"get", "Shows a record.", "trialsync record get PBC-001/VISIT~2/LAB"},
                      [options](Session& session) { return Get(*options, session); });
  command.add_option("NAME", options->name, "SUBJECT/EVENT/FORM, or the full name")->required();
  command.add_option("--version", options->version,
                     "Read under this version of the study, with its names");
  command.add_flag("--site-only", options->site_only, "Show what never leaves the hospital, too");
  AddPlaceOptions(command, options->place);
}

void AddList(CommandTree& tree, CLI::App& group) {
  auto options = std::make_shared<ListOptions>();
  CLI::App& command = tree.AddCommand(
      group, {"list", "Lists records.", "trialsync record list --subject PBC-001 --form LAB"},
      [options](Session& session) { return List(*options, session); });
  command.add_option("--subject", options->subject, "Only of this subject");
  command.add_option("--event", options->event, "Only of this event");
  command.add_option("--form", options->form, "Only of this form");
  command.add_option("--version", options->version, "Read under this version of the study");
  AddPlaceOptions(command, options->place);
}

void AddHistory(CommandTree& tree, CLI::App& group) {
  auto options = std::make_shared<ReadOptions>();
  CLI::App& command = tree.AddCommand(
      group,
      {"history", "Shows every change of a record, oldest first, and what became of it.",
       "trialsync record history PBC-001/VISIT~2/LAB --item bili"},
      [options](Session& session) { return History(*options, session); });
  command.add_option("NAME", options->name, "SUBJECT/EVENT/FORM, or the full name")->required();
  command.add_option("--item", options->item, "Only changes that wrote this item");
  AddPlaceOptions(command, options->place);
}

}  // namespace

void AddRecordCommands(CommandTree& tree) {
  CLI::App& group =
      tree.AddGroup({"record", "Case data.", "trialsync record get PBC-001/VISIT~2/LAB"});
  AddRecordSet(tree, group);
  AddGet(tree, group);
  AddList(tree, group);
  AddHistory(tree, group);
  AddRecordActs(tree, group);
}

}  // namespace trialsync::command
