// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/str_cat.h"
#include "daemon/command/commands.h"
#include "daemon/command/format.h"
#include "daemon/command/text.h"

namespace trialsync::command {
namespace {

constexpr size_t kTextColumns = 90;

void PrintChanges(const char* what, const google::protobuf::RepeatedPtrField<std::string>& changes,
                  std::ostream& out) {
  if (changes.empty()) return;
  out << "  " << what << ":\n";
  for (const std::string& change : changes) out << "    " << Printable(change) << "\n";
}

void Print(const v1::Recovery& recovery, std::ostream& out) {
  out << TimeText(recovery.began_time()) << " " << Word(recovery.cause());
  if (!recovery.site().empty()) {
    out << ", " << Printable(recovery.site());
    if (!recovery.replica().empty()) out << ", replica " << ShortId(recovery.replica());
  }
  out << (recovery.has_ended_time() ? ", done " + TimeText(recovery.ended_time()) : ", OPEN") << "\n";
  for (const std::string& line : Wrap(recovery.summary(), kTextColumns)) {
    out << "  " << Printable(line) << "\n";
  }
  if (recovery.last_pulled() != 0) {
    out << "  pulled: commits " << recovery.first_pulled() << " to " << recovery.last_pulled()
        << "\n";
  }
  PrintChanges("own changes among them", recovery.pulled_back_changes(), out);
  PrintChanges("of these, values that stayed at the hospital are lost",
               recovery.lost_site_only_changes(), out);
  PrintChanges("stamped again", recovery.stamped_again_changes(), out);
  PrintChanges("brought back", recovery.refilled_changes(), out);
  PrintChanges("committed again", recovery.committed_again_changes(), out);
  PrintChanges("had been told another outcome before", recovery.contradicted_changes(), out);
  PrintChanges("not heard from since", recovery.awaited_replicas(), out);
  PrintChanges("had been taken for unsent", recovery.recognised_changes(), out);
}

// Lost changes are no success.
absl::StatusOr<ExitCode> Show(Session& session) {
  const absl::StatusOr<v1::ListRecoveriesResponse> list =
      session.Call(v1::ListRecoveriesRequest());
  if (!list.ok()) return list.status();
  bool good = true;
  for (const v1::Recovery& recovery : list->recoveries()) {
    good = good && recovery.has_ended_time() && recovery.lost_last_seq() == 0 &&
           recovery.lost_site_only_changes().empty();
  }
  const ExitCode code = good ? ExitCode::kOk : ExitCode::kNo;
  if (session.json()) {
    session.PrintJson(*list);
    return code;
  }
  for (const v1::Recovery& recovery : list->recoveries()) Print(recovery, session.out());
  if (list->recoveries().empty()) {
    session.out() << "Nothing: this store never went back, was not copied, and lost nothing.\n";
  }
  return code;
}

absl::StatusOr<ExitCode> BecomeReplica(Session& session) {
  const absl::StatusOr<v1::BecomeReplicaResponse> done =
      session.Call(v1::BecomeReplicaRequest());
  if (!done.ok()) return done.status();
  session.out() << "This store is a replica of its own from now on. It gets the log from the "
                   "coordinator first, and then sends what it had not sent: trialsync status "
                   "--watch\n";
  return ExitCode::kOk;
}

}  // namespace

void AddRecoveryCommands(CommandTree& tree) {
  CLI::App& group = tree.AddGroup({"recovery", "A store that went back, was copied or lost something.",
                                   "trialsync recovery show"});
  tree.AddCommand(
      group,
      {"show", "What happened to the store, and what came back.", "trialsync recovery show",
       "One entry for each time that the store was found older than what it, its head file or the "
       "coordinator knew: what was pulled back from the coordinator, what was stamped again, and "
       "what is lost, by change. At the coordinator, the last of each replica. Exit code 1 if one "
       "is open, or something was lost."},
      [](Session& session) { return Show(session); });
  tree.AddCommand(
      group,
      {"become-replica", "Makes a copied store a replica of its own.",
       "trialsync recovery become-replica",
       "For a site whose store was copied to a second machine, while both are to go on. Its unsent "
       "changes come along."},
      [](Session& session) { return BecomeReplica(session); });
}

}  // namespace trialsync::command
