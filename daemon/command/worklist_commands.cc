// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/command/commands.h"
#include "daemon/command/format.h"
#include "daemon/command/worklist_text.h"

namespace trialsync::command {
namespace {

// The words of an enum's values, in order, without the unspecified one.
std::vector<std::string> KindWords() {
  std::vector<std::string> words;
  for (int kind = v1::DiscrepancyKind_MIN + 1; kind <= v1::DiscrepancyKind_MAX; ++kind) {
    words.push_back(Word(static_cast<v1::DiscrepancyKind>(kind)));
  }
  return words;
}

v1::DiscrepancyKind KindOf(const std::string& word) {
  const std::vector<std::string> words = KindWords();
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == word) return static_cast<v1::DiscrepancyKind>(i + 1);
  }
  return v1::DISCREPANCY_KIND_UNSPECIFIED;
}

struct ListOptions {
  PlaceOptions place;
  std::string kind;
  std::string record;
  bool all = false;
};

// Site by site, the oldest first; what is not yet sent is the newest.
bool OpenedBefore(const v1::Discrepancy& a, const v1::Discrepancy& b) {
  const auto order = [](const v1::Discrepancy& discrepancy) {
    const std::string site = discrepancy.name().substr(0, discrepancy.name().rfind('/'));
    return std::make_tuple(site, discrepancy.opened() == 0, discrepancy.opened());
  };
  return order(a) < order(b);
}

absl::StatusOr<ExitCode> List(const ListOptions& options, Session& session) {
  const absl::StatusOr<SiteName> parent = ResolvePlace(session, options.place);
  if (!parent.ok()) return parent.status();
  v1::ListDiscrepanciesRequest request;
  request.set_parent(parent->ToString());
  request.set_kind(KindOf(options.kind));
  request.set_include_closed(options.all);
  if (!options.record.empty()) {
    absl::StatusOr<std::string> record = ResolveRecord(session, options.place, options.record);
    if (!record.ok()) return record.status();
    request.set_record(*record);
  }
  auto worklist = ListAll<v1::ListDiscrepanciesResponse>(session, request);
  if (!worklist.ok()) return worklist.status();
  std::stable_sort(worklist->mutable_discrepancies()->begin(),
                   worklist->mutable_discrepancies()->end(), OpenedBefore);
  if (session.json()) {
    session.PrintJson(*worklist);
  } else {
    PrintWorklist(*worklist, session.out());
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Show(const std::string& id, Session& session) {
  v1::GetDiscrepancyRequest request;
  request.set_name(id);
  const absl::StatusOr<v1::Discrepancy> discrepancy = session.Call(request);
  if (!discrepancy.ok()) return discrepancy.status();
  if (session.json()) {
    session.PrintJson(*discrepancy);
  } else {
    PrintDiscrepancy(*discrepancy, session.out());
  }
  return ExitCode::kOk;
}

struct SettleOptions {
  WriteOptions write;
  std::string id;
  bool keep = false, accept = false, decline = false;
  std::string take, value;
  CLI::Option* take_option = nullptr;
};

bool StillWaits(const v1::SettleDiscrepancyResponse& response) {
  return response.outcome() != v1::OUTCOME_PROPOSED &&
         response.discrepancy().state() == v1::DISCREPANCY_STATE_OPEN;
}

// What has come of a settlement, and what is still to be done.
std::string Verdict(const v1::SettleDiscrepancyResponse& response) {
  switch (response.outcome()) {
    case v1::OUTCOME_PROPOSED:
      return "proposed: it stays open until the side that owns the item has decided";
    case v1::OUTCOME_REFUSED:
      return "not settled: the settlement was refused; see trialsync worklist --kind refused";
    default:
      break;
  }
  if (StillWaits(response)) {
    return "not settled: it was judged again, and still waits";
  }
  if (response.outcome() == v1::OUTCOME_UNSPECIFIED) return "settled";
  return absl::StrCat("settled: ", Word(response.outcome()));
}

absl::StatusOr<ExitCode> Settle(const SettleOptions& options, Session& session) {
  v1::SettleDiscrepancyRequest request;
  request.set_name(options.id);
  if (options.keep) {
    request.set_keep(true);
  } else if (options.accept) {
    request.set_accept(true);
  } else if (options.decline) {
    request.set_decline(true);
  } else if (options.take_option->count() > 0) {
    request.set_take(options.take);
  } else {
    request.set_value(options.value);
  }
  request.set_reason(options.write.reason);
  request.set_author(options.write.author);
  request.set_request_id(options.write.request_id);
  const absl::StatusOr<v1::SettleDiscrepancyResponse> response = session.Call(request);
  if (!response.ok()) return response.status();
  if (session.json()) {
    session.PrintJson(*response);
  } else {
    PrintDiscrepancy(response->discrepancy(), session.out());
    session.out() << Verdict(*response) << "\n";
  }
  if (response->outcome() == v1::OUTCOME_REFUSED) return ExitCode::kRefused;
  return StillWaits(*response) ? ExitCode::kNo : ExitCode::kOk;
}

void AddShow(CommandTree& tree, CLI::App& group) {
  auto id = std::make_shared<std::string>();
  CLI::App& command = tree.AddCommand(
      group, {"show", "Shows one discrepancy with its values.", "trialsync worklist show 3f2a"},
      [id](Session& session) { return Show(*id, session); });
  command.add_option("ID", *id, "As the worklist names it")->required();
}

void AddSettle(CommandTree& tree, CLI::App& group) {
  auto options = std::make_shared<SettleOptions>();
  CLI::App& command = tree.AddCommand(
      group,
      {"settle", "Settles one.",
       "trialsync worklist settle 3f2a --take --reason 'source document says 1.6'",
       "A dispute with --keep, --take or --value; a proposal with --accept, --decline or --value; "
       "a held or refused change with --accept (try again) or --decline (dismiss); a prediction or "
       "a contradicted receipt with --accept (take note). A query is answered and closed by "
       "`trialsync query`, a label that two share is settled by `trialsync subject rename` or "
       "`merge`."},
      [options](Session& session) { return Settle(*options, session); });
  command.add_option("ID", options->id, "As the worklist names it")->required();
  CLI::Option_group* how = command.add_option_group("settlement", "Exactly one of these");
  how->add_flag("--keep", options->keep, "The standing value stays");
  options->take_option =
      how->add_option("--take", options->take, "The other value; its change, if there are several")
          ->expected(0, 1)
          ->type_name("[OTHER]");
  how->add_option("--value", options->value, "Another value altogether");
  how->add_flag("--accept", options->accept, "Agree, or try again");
  how->add_flag("--decline", options->decline, "Decline, or dismiss");
  how->require_option(1);
  command.add_option("--reason", options->write.reason, "Why")->required();
  AddWriteOptions(command, options->write);
}

}  // namespace

void AddWorklistCommands(CommandTree& tree) {
  auto options = std::make_shared<ListOptions>();
  CLI::App& group =
      tree.AddCommand(tree.root(),
                      {"worklist", "What waits for a person: lists it, or shows or settles one.",
                       "trialsync worklist --kind dispute"},
                      [options](Session& session) { return List(*options, session); });
  group.add_option("--kind", options->kind, absl::StrJoin(KindWords(), "|"))
      ->check(CLI::IsMember(KindWords()));
  group.add_option("--record", options->record, "Only of this record");
  group.add_flag("--all", options->all, "What is closed, too");
  AddPlaceOptions(group, options->place);
  group.require_subcommand(0, 1);
  AddShow(tree, group);
  AddSettle(tree, group);
}

}  // namespace trialsync::command
