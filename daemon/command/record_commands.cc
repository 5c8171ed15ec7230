// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>

#include "daemon/command/commands.h"
#include "daemon/command/reading_version.h"
#include "daemon/command/record_text.h"
#include "daemon/command/text.h"

namespace trialsync::command {
namespace {

struct ReadOptions {
  PlaceOptions place;
  std::string name;
  ReadingOptions reading;
  std::string item;
  bool site_only = false;
};

absl::StatusOr<ExitCode> Get(const ReadOptions& options, Session& session) {
  absl::StatusOr<std::string> name = ResolveRecord(session, options.place, options.name);
  if (!name.ok()) return name.status();
  const absl::StatusOr<RecordName> record_name = ParseRecordName(*name, SiteName());
  if (!record_name.ok()) return record_name.status();
  const auto version = VersionToRead(session, record_name->parent, options.reading);
  if (!version.ok()) return version.status();
  v1::GetRecordRequest request;
  request.set_name(*name);
  request.set_version(*version);
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
  ReadingOptions reading;
  std::string subject, event, form;
};

absl::StatusOr<ExitCode> List(const ListOptions& options, Session& session) {
  const absl::StatusOr<SiteName> parent = ResolvePlace(session, options.place);
  if (!parent.ok()) return parent.status();
  const absl::StatusOr<uint32_t> version = VersionToRead(session, *parent, options.reading);
  if (!version.ok()) return version.status();
  v1::ListRecordsRequest request;
  request.set_parent(parent->ToString());
  request.set_subject(options.subject);
  request.set_event(options.event);
  request.set_form(options.form);
  request.set_version(*version);
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
  request.set_include_site_only(options.site_only);
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
      tree.AddCommand(group,
                      {"get", "Shows a record.", "trialsync record get PBC-001/VISIT~2/LAB",
                       "VERSION is the one under which a value was recorded. Where that of the "
                       "reading says it in another way, what was recorded stands behind it."},
                      [options](Session& session) { return Get(*options, session); });
  command.add_option("NAME", options->name, "SUBJECT/EVENT/FORM, or the full name")->required();
  AddReadingOptions(command, options->reading);
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
  AddReadingOptions(command, options->reading);
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
  command.add_flag("--site-only", options->site_only, "Show what never leaves the hospital, too");
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
