// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "absl/strings/str_cat.h"
#include "daemon/command/commands.h"
#include "daemon/command/format.h"
#include "daemon/command/record_text.h"

namespace trialsync::command {
namespace {

struct Act {
  const char* name;
  const char* summary;
  v1::RecordActKind kind;
  // Ends or undoes something, so that a person must say why.
  bool reason_required;
};

constexpr Act kActs[] = {
    {"complete", "Marks a record as filled in.", v1::RECORD_ACT_KIND_COMPLETE, false},
    {"verify", "Marks a record as compared with its source.", v1::RECORD_ACT_KIND_VERIFY, false},
    {"sign", "Signs a record as it stands.", v1::RECORD_ACT_KIND_SIGN, false},
    {"freeze", "Keeps a record as it is until it is unlocked.", v1::RECORD_ACT_KIND_FREEZE, false},
    {"lock", "Locks a record: later changes are held.", v1::RECORD_ACT_KIND_LOCK, false},
    {"unlock", "Ends locks and freezes.", v1::RECORD_ACT_KIND_UNLOCK, true},
    {"void", "Takes a record out of the data, keeping it.", v1::RECORD_ACT_KIND_VOID, true},
    {"reinstate", "Ends a void.", v1::RECORD_ACT_KIND_REINSTATE, true},
};

struct ActOptions {
  PlaceOptions place;
  WriteOptions write;
  std::string name;
  std::string etag;
};

absl::StatusOr<ExitCode> Do(v1::RecordActKind kind, const ActOptions& options, Session& session) {
  absl::StatusOr<std::string> name = ResolveRecord(session, options.place, options.name);
  if (!name.ok()) return name.status();
  v1::ActOnRecordRequest request;
  request.set_name(*name);
  request.set_kind(kind);
  request.set_reason(options.write.reason);
  request.set_author(options.write.author);
  request.set_etag(options.etag);
  request.set_request_id(options.write.request_id);
  const absl::StatusOr<v1::ActOnRecordResponse> response = session.Call(request);
  if (!response.ok()) return response.status();
  if (session.json()) {
    session.PrintJson(*response);
  } else {
    session.out() << ShortName(*name) << ": " << Word(kind) << ", " << Word(response->outcome())
                  << "\n";
  }
  return ExitCode::kOk;
}

void AddAct(CommandTree& tree, CLI::App& group, const Act& act) {
  auto options = std::make_shared<ActOptions>();
  // The word for an act that explains itself.
  options->write.reason = act.reason_required ? "" : act.name;
  CLI::App& command = tree.AddCommand(
      group,
      {act.name, act.summary,
       absl::StrCat("trialsync record ", act.name, " PBC-001/VISIT~2/LAB --reason 'data clean'")},
      [kind = act.kind, options](Session& session) { return Do(kind, *options, session); });
  command.add_option("NAME", options->name, "SUBJECT/EVENT/FORM, or the full name")->required();
  command.add_option("--reason", options->write.reason, "Why")
      ->required(act.reason_required)
      ->capture_default_str();
  command.add_option("--etag", options->etag,
                     "The record as it was seen: refuse if it has changed");
  AddWriteOptions(command, options->write);
  AddPlaceOptions(command, options->place);
}

}  // namespace

void AddRecordActs(CommandTree& tree, CLI::App& group) {
  for (const Act& act : kActs) AddAct(tree, group, act);
}

}  // namespace trialsync::command
