// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/str_cat.h"
#include "sync/coordinator_group.h"
#include "sync/fork.h"
#include "sync/hand_over.h"

// What the coordinator does where it and a site both went on behind what their logs begin with
// (protocol §10, tests/model/RECOVERY.md 4.4 b to 4.7).
namespace trialsync::sync {

void CoordinatorMachine::Group::OnForkPiece(SessionId id, Session& session,
                                            const v1::HandOver& piece, Work& work) {
  work.state->Flush();
  work.log->Flush();
  Fork& fork = machine_.forks_.at(work.name);
  storage::PartitionTables& own = work.state->tables();
  const auto& definitions = machine_.definitions_.at(work.name.study);
  // One that was published meanwhile must be known to what is committed again: it begins anew.
  if (fork.log == nullptr || fork.definitions != definitions) {
    fork.log.reset();
    fork.definitions = definitions;
    fork.log = std::make_shared<ReplayedLog>(work.number, fork.definitions.get(),
                                             fork.common_size == 0 ? 0 : FirstEpoch(own));
    if (absl::Status copied = fork.log->Append(own, fork.common_size); !copied.ok()) {
      machine_.forks_.erase(work.name);
      return Fail(std::move(copied));
    }
  }
  if (!GoesOn(id, piece, fork.signed_end, fork.log->log(), work)) return;
  const absl::Status taken =
      TakeHandOver(piece, fork.signed_end, fork.log->state(), fork.log->log());
  if (!taken.ok()) {
    machine_.forks_.erase(work.name);
    return RefusePiece(id, session, taken);
  }
  fork.log->Keep();
  const uint64_t size = fork.log->log().size();
  if (size != fork.signed_end.size) return AskForHandOver(id, size + 1, {}, work);
  SettleFork(session, fork, work);
  // What was read of the partition before is out of date.
  const SiteName name = work.name;
  works_.erase(name);
  machine_.forks_.erase(name);
  CutSessions(name);
}

void CoordinatorMachine::Group::SettleFork(const Session& session, Fork& fork, Work& work) {
  PartitionState& theirs = fork.log->state();
  if (Contradict(*work.state, theirs)) {
    return Stop(work,
                "what a site has, and what this coordinator has or recorded as taken off, give one "
                "position to two changes");
  }
  const uint64_t common = fork.common_size;
  const bool theirs_kept = IsKept(theirs, *work.state, common);
  PartitionState& kept = theirs_kept ? theirs : *work.state;
  PartitionState& loser = theirs_kept ? *work.state : theirs;
  LogWriter& log = theirs_kept ? fork.log->log() : *work.log;

  Report report = ReportOf(session, work, common);
  v1::RecoveryRow& row = report.row;
  // What was brought back under its number; nothing where it is all committed again.
  if (theirs_kept) row.set_log_size_after(log.size());
  row.set_taken_off_count(loser.tables().Head().size() - common);
  row.set_again_first_number(log.size() + 1);
  DrawEpoch(work);
  for (v1::EpochRecord& record : Difference(loser, kept, common)) {
    AppendRecord(work, log, std::move(record));
  }
  CommitAgain(loser, common, kept, log, absl::ToUnixMicros(now_),
              [this] { return machine_.entropy_->U64(); });
  row.set_again_last_number(log.size());
  EndReport(std::move(report), log);
  if (theirs_kept) {
    fork.log->Keep();
    absl::Status taken = TakeOver(work.state->tables(), common, *fork.log);
    if (!taken.ok()) Fail(std::move(taken));
  } else {
    work.state->Flush();
    work.log->Flush();
  }
  if (!work.state->status().ok()) Fail(work.state->status());
}

void CoordinatorMachine::Group::SendRewind(SessionId id, uint64_t common_size, Work& work) {
  v1::CoordinatorMessage message;
  message.mutable_rewind()->set_first_number(common_size + 1);
  v1::Checkpoint* const end = message.mutable_rewind()->mutable_checkpoint();
  *end->mutable_log() = work.log->Position();
  if (absl::Status status = Sign(work, *end); !status.ok()) return Fail(std::move(status));
  Tell(Event::Severity::kAlarm, "commits of a site's log were taken off: it is rewound",
       {{"site", work.name.ToString()}, {"first_number", absl::StrCat(common_size + 1)}});
  SendToSite(id, std::move(message));
  CutSession(id);
}

}  // namespace trialsync::sync
