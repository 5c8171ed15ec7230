// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "daemon/command/commands.h"
#include "daemon/command/worklist_text.h"

namespace trialsync::command {
namespace {

struct QueryOptions {
  PlaceOptions place;
  WriteOptions write;
  std::string name;
  std::string item;
  std::string text;
};

absl::StatusOr<ExitCode> Print(const absl::StatusOr<v1::Discrepancy>& query, Session& session) {
  if (!query.ok()) return query.status();
  if (session.json()) {
    session.PrintJson(*query);
  } else {
    PrintDiscrepancy(*query, session.out());
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Open(const QueryOptions& options, Session& session) {
  absl::StatusOr<std::string> record = ResolveRecord(session, options.place, options.name);
  if (!record.ok()) return record.status();
  v1::OpenQueryRequest request;
  request.set_record(*record);
  request.set_item(options.item);
  request.set_text(options.text);
  request.set_author(options.write.author);
  request.set_request_id(options.write.request_id);
  return Print(session.Call(request), session);
}

template <typename Request>
absl::StatusOr<ExitCode> Reply(const QueryOptions& options, Session& session) {
  Request request;
  request.set_name(options.name);
  request.set_text(options.text);
  request.set_author(options.write.author);
  request.set_request_id(options.write.request_id);
  return Print(session.Call(request), session);
}

void AddText(CLI::App& command, QueryOptions& options) {
  command.add_option("--text", options.text, "What to say")->required();
  AddWriteOptions(command, options.write);
}

template <typename Request>
void AddReply(CommandTree& tree, CLI::App& group, const Introduction& introduction) {
  auto options = std::make_shared<QueryOptions>();
  CLI::App& command = tree.AddCommand(group, introduction, [options](Session& session) {
    return Reply<Request>(*options, session);
  });
  command.add_option("ID", options->name, "The query, as the worklist names it")->required();
  AddText(command, *options);
}

}  // namespace

void AddQueryCommands(CommandTree& tree) {
  CLI::App& group = tree.AddGroup({"query", "Questions about a value.",
                                   "trialsync query answer 3f2a --text 'Checked: mg/dL.'"});
  auto options = std::make_shared<QueryOptions>();
  CLI::App& open = tree.AddCommand(
      group,
      {"open", "Asks about an item of a record.",
       "trialsync query open PBC-001/VISIT~2/LAB bili --text 'Please check the unit.'"},
      [options](Session& session) { return Open(*options, session); });
  open.add_option("NAME", options->name, "SUBJECT/EVENT/FORM, or the full name")->required();
  open.add_option("ITEM", options->item, "The item asked about")->required();
  AddText(open, *options);
  AddPlaceOptions(open, options->place);
  AddReply<v1::AnswerQueryRequest>(
      tree, group,
      {"answer", "Answers a query; it then waits for the one who asked.",
       "trialsync query answer 3f2a --text 'Checked: mg/dL.'"});
  AddReply<v1::CloseQueryRequest>(
      tree, group, {"close", "Closes a query.", "trialsync query close 3f2a --text 'Thank you.'"});
}

}  // namespace trialsync::command
