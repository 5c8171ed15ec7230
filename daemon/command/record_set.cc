// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/command/commands.h"
#include "daemon/command/record_text.h"

namespace trialsync::command {
namespace {

constexpr char kFirstEntry[] = "initial entry";

struct SetOptions {
  PlaceOptions place;
  WriteOptions write;
  std::string name;
  std::vector<std::string> items;
  std::string etag;
  bool create = false;
  uint32_t version = 0;
};

absl::Status NoReason(const std::string& why) {
  return UsageError(absl::StrCat(why, ": say why with --reason TEXT"));
}

// A change over a value needs a reason, a first entry does not; at the coordinator a value that a
// site owns is a proposal, so a reason is always wanted there.
absl::Status CheckReason(const SetOptions& options, Session& session) {
  if (!options.write.reason.empty()) return absl::OkStatus();
  if (!options.etag.empty()) return NoReason("a value is to be written over");
  const absl::StatusOr<v1::Status> status = session.Call(v1::GetStatusRequest());
  if (!status.ok()) return status.status();
  if (status->role() == "coordinator") return NoReason("the coordinator proposes to the site");
  return absl::OkStatus();
}

absl::StatusOr<v1::WriteRecordRequest> MakeRequest(const SetOptions& options, Session& session) {
  v1::WriteRecordRequest request;
  for (const std::string& argument : options.items) {
    const size_t equals = argument.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return UsageError(absl::StrCat("\"", argument,
                                     "\" is not ITEM=VALUE; write, for example, 'bili=1.5 mg/dL'"));
    }
    v1::ItemInput* item = request.add_items();
    item->set_item(argument.substr(0, equals));
    item->set_text(argument.substr(equals + 1));
  }
  absl::StatusOr<std::string> name = ResolveRecord(session, options.place, options.name);
  if (!name.ok()) return name.status();
  if (absl::Status status = CheckReason(options, session); !status.ok()) return status;
  request.set_name(*name);
  request.set_reason(options.write.reason.empty() ? kFirstEntry : options.write.reason);
  request.set_author(options.write.author);
  request.set_etag(options.etag);
  request.set_request_id(options.write.request_id);
  request.set_create_missing(options.create);
  request.set_version(options.version);
  return request;
}

// Whether the write is to be repeated with the etag of `conflict`.
bool WriteOver(const v1::WriteConflict& conflict, const SetOptions& options, Session& session) {
  if (session.json()) {
    session.PrintJson(conflict);
    return false;
  }
  PrintConflict(conflict, session.err());
  if (!options.write.reason.empty() && session.Confirm("Write over them?")) return true;
  session.err() << "To write over them, repeat the command with --etag " << conflict.etag()
                << (options.write.reason.empty() ? " --reason TEXT" : "") << "\n";
  return false;
}

absl::StatusOr<ExitCode> Set(const SetOptions& options, Session& session) {
  absl::StatusOr<v1::WriteRecordRequest> request = MakeRequest(options, session);
  if (!request.ok()) return request.status();
  absl::StatusOr<v1::WriteRecordResponse> response = session.Call(*request);
  while (!response.ok()) {
    const std::optional<v1::WriteConflict> conflict = ConflictOf(response.status());
    if (!conflict) return response.status();
    if (!WriteOver(*conflict, options, session)) return ExitCode::kConflict;
    request->set_etag(conflict->etag());
    response = session.Call(*request);
  }
  if (session.json()) {
    session.PrintJson(*response);
  } else {
    PrintResults(*response, session.out());
  }
  const bool refused = std::any_of(
      response->results().begin(), response->results().end(),
      [](const auto& result) { return result.outcome() == v1::OUTCOME_REFUSED; });
  return refused ? ExitCode::kRefused : ExitCode::kOk;
}

}  // namespace

void AddRecordSet(CommandTree& tree, CLI::App& group) {
  auto options = std::make_shared<SetOptions>();
  CLI::App& command = tree.AddCommand(
      group,
      {"set", "Writes items of a record.",
       "trialsync record set PBC-001/VISIT~2/LAB 'bili=1.5 mg/dL' chol=missing:not_done --create\n"
       "trialsync record set PBC-001/VISIT~2/LAB 'bili=1.6 mg/dL' --reason 'misread' --etag E",
       "Over a value that is there, it shows who wrote it, and with a --reason it asks; where nobody "
       "can be asked it exits with 3 and prints the --etag with which to write over it. Values are written as they "
       "are read: '<0.05 IU/mL', 2024-05, missing:not_done. At the coordinator, an item that the "
       "site owns gets a proposal."},
      [options](Session& session) { return Set(*options, session); });
  command.add_option("NAME", options->name, "SUBJECT/EVENT/FORM, or the full name")->required();
  command.add_option("ITEM=VALUE", options->items, "Item and value as typed")->required();
  command.add_option("--reason", options->write.reason,
                     "Why; may be left out for a first entry only");
  command.add_option("--etag", options->etag, "The record as it was read: write over its values");
  command.add_flag("--create", options->create, "Make the subject or repeat if it is not there");
  command.add_option("--version", options->version,
                     "Version of the study to write under; the newest active one if left out");
  AddWriteOptions(command, options->write);
  AddPlaceOptions(command, options->place);
}

}  // namespace trialsync::command
