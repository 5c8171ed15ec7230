// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "sync/checkpoint.h"
#include "sync/coordinator_group.h"
#include "sync/fork.h"
#include "sync/hand_over.h"
#include "sync/log_tree.h"
#include "sync/recovery.h"

// What the coordinator does where a site's log is not the beginning of its own (protocol §10,
// tests/model/RECOVERY.md part 4).
namespace trialsync::sync {
namespace {

// The ends of the epochs of a Hello's log. Empty if they are none.
std::vector<v1::Position> EpochEndsOf(const v1::Hello& hello) {
  std::vector<v1::Position> ends(hello.epochs().begin(), hello.epochs().end());
  if (ends.empty() && hello.log().size() != 0) {
    ends.push_back(PositionOf(hello.log().epoch(), hello.log().size()));
  }
  for (size_t i = 1; i < ends.size(); ++i) {
    if (ends[i].number() <= ends[i - 1].number()) return {};
  }
  return ends;
}

// Whether the list says what the position says.
bool EndAt(const std::vector<v1::Position>& ends, const v1::LogPosition& log) {
  if (log.size() == 0) return ends.empty();
  return !ends.empty() && ends.back().epoch() == log.epoch() && ends.back().number() == log.size();
}

}  // namespace

std::optional<Checkpoint> CoordinatorMachine::Group::SignedEnd(const SiteName& name,
                                                               const v1::Hello& hello) {
  const absl::StatusOr<Checkpoint> opened =
      OpenCheckpoint(hello.checkpoint(), machine_.options_.signing_key->verifier());
  if (!opened.ok() || !IsAt(*opened, name, hello.log())) return std::nullopt;
  return *opened;
}

void CoordinatorMachine::Group::RefuseLog(SessionId id, const v1::Hello& hello, Work& work) {
  // One that was told to rewind, by a state of this store that is gone: it leaves what it made of that.
  const bool rewinds = hello.has_recovery() && hello.recovery().ended_time_us() == 0 &&
                       hello.checkpoint().empty();
  Tell(rewinds ? Event::Severity::kWarning : Event::Severity::kAlarm,
       "a site's log is not a part of this one",
       {{"site", work.name.ToString()},
        {"size_there", absl::StrCat(hello.log().size())},
        {"size_here", absl::StrCat(work.log->size())}});
  Refuse(id, v1::REFUSAL_REASON_LOG_DIVERGED,
         absl::StrCat("the site's log of ", hello.log().size(),
                      " commits is not the beginning of the coordinator's of ", work.log->size()),
         "trialsync verify, at both ends");
}

bool CoordinatorMachine::Group::IsBeginning(SessionId id, Session& session, const v1::Hello& hello,
                                            Work& work) {
  if (!work.row.stopped().empty()) {
    RefuseStopped(id, work);
    return false;
  }
  const std::vector<v1::Position> theirs = EpochEndsOf(hello);
  if (!EndAt(theirs, hello.log())) {
    Refuse(id, v1::REFUSAL_REASON_MESSAGE_INVALID, "the epochs are not those of a log", "");
    return false;
  }
  const uint64_t common = CommonSize(
      work.state->branches().EpochEnds(PositionOf(work.log->epoch(), work.log->size())), theirs);
  const std::optional<Checkpoint> signed_end = SignedEnd(work.name, hello);
  if (common == hello.log().size()) {
    const absl::StatusOr<Sha256> root = RootAt(work.state->tables(), common);
    if (!root.ok()) {
      Fail(root.status());
      return false;
    }
    if (common == 0 || root->view() == hello.log().root()) return true;
    if (signed_end) {
      Stop(work, absl::StrCat("the coordinator signed another log of ", common,
                              " commits than the one that it has"));
      RefuseStopped(id, work);
    } else {
      RefuseLog(id, hello, work);
    }
    return false;
  }
  if (!signed_end) {
    RefuseLog(id, hello, work);
  } else if (work.state->tables().TakenOffAt(theirs.back()) &&
             AllIsBack(*work.state, theirs.back())) {
    SendRewind(id, common, work);
  } else {
    BeginHandOver(id, session, hello, *signed_end, common, work);
  }
  return false;
}

void CoordinatorMachine::Group::BeginHandOver(SessionId id, Session& session,
                                              const v1::Hello& hello, const Checkpoint& signed_end,
                                              uint64_t common_size, Work& work) {
  FenceOlder(id, work.name, *ReplicaId::From(hello.replica()), hello.boot());
  for (const auto& [other, live] : machine_.sessions_) {
    if (other == id || live.partition != work.name || !live.signed_end) continue;
    // Another one hands over: this one says Hello anew until that is done.
    return CutSession(id);
  }
  CutSessions(work.name);
  session.partition = work.name;
  session.replica = *ReplicaId::From(hello.replica());
  session.incarnation = hello.incarnation();
  session.signed_end = signed_end;
  session.forks = common_size != work.log->size();
  StatusOf(session).replica = session.replica;
  Tell(Event::Severity::kAlarm,
       "the coordinator's store went back: a site has commits that it lacks",
       {{"site", work.name.ToString()},
        {"replica", session.replica.hex()},
        {"size_there", absl::StrCat(hello.log().size())},
        {"size_here", absl::StrCat(work.log->size())}});
  uint64_t had_size = common_size;
  if (session.forks) {
    Fork& fork = machine_.forks_[work.name];
    if (fork.common_size != common_size || fork.signed_end.root != signed_end.root) fork = Fork();
    fork.common_size = common_size;
    fork.signed_end = signed_end;
    if (fork.log != nullptr) had_size = fork.log->log().size();
  }
  AskForHandOver(id, had_size + 1, hello.definitions(), work);
}

void CoordinatorMachine::Group::AskForHandOver(
    SessionId id, uint64_t first_number,
    const google::protobuf::RepeatedPtrField<v1::VersionReference>& definitions,
    const Work& work) {
  v1::CoordinatorMessage message;
  v1::HandOverRequest* const request = message.mutable_hand_over_request();
  request->set_first_number(first_number);
  for (const v1::VersionReference& version : definitions) {
    if (work.state->definitions().Find(version) == nullptr) *request->add_definitions() = version;
  }
  SendToSite(id, std::move(message));
}

void CoordinatorMachine::Group::OnDefinition(SessionId id, const Session& session,
                                             const v1::DefinitionTransfer& transfer) {
  auto definition = study::Definition::FromBytes(transfer.definition());
  const bool fits = session.signed_end && definition.ok() &&
                    (*definition)->hash().view() == transfer.version().sha256();
  absl::Status added = absl::InvalidArgumentError(
      "a study definition was not asked for, or does not have the hash that it was sent under");
  if (fits) added = AddDefinition(session.partition->study, *std::move(definition));
  if (!added.ok()) {
    Refuse(id, v1::REFUSAL_REASON_MESSAGE_INVALID, std::string(added.message()),
           "compare trialsync study list at both ends");
  }
}

void CoordinatorMachine::Group::OnHandOver(SessionId id, Session& session,
                                           const v1::HandOver& piece) {
  Work* const work = Open(*session.partition);
  if (work == nullptr) return;
  if (!session.signed_end) {
    return Refuse(id, v1::REFUSAL_REASON_MESSAGE_INVALID, "nothing was to be handed over", "");
  }
  if (session.forks) return OnForkPiece(id, session, piece, *work);
  const Checkpoint signed_end = *session.signed_end;
  const uint64_t size_before = work->log->size();
  if (!GoesOn(id, piece, signed_end, *work->log, *work)) return;
  const absl::Status taken = TakePiece(*work, piece, signed_end);
  if (!status_.ok()) return;
  if (!taken.ok()) return RefusePiece(id, session, taken);
  Work* const grown = Open(*session.partition);
  if (grown == nullptr) return;
  Report report = ReportOf(session, *grown, size_before);
  report.row.set_log_size_after(grown->log->size());
  if (grown->log->size() != signed_end.size) {
    storage::StoreTables(&transaction_).PutRecovery(report.index, report.row);
    return AskForHandOver(id, grown->log->size() + 1, {}, *grown);
  }
  DrawEpoch(*grown);
  EndReport(std::move(report), *grown->log);
  CutSessions(grown->name);
}

bool CoordinatorMachine::Group::GoesOn(SessionId id, const v1::HandOver& piece,
                                       const Checkpoint& signed_end, const LogWriter& log,
                                       Work& work) {
  if (piece.frame().first_number() != log.size() + 1) {
    // Something was committed since it was asked for: the logs are compared anew.
    CutSession(id);
    return false;
  }
  switch (CheckBefore(piece, log.size(), log.Root(), signed_end)) {
    case ProofBefore::kHolds:
      return true;
    case ProofBefore::kContradicts:
      Stop(work, absl::StrCat("the coordinator signed a log that begins with other ", log.size(),
                              " commits than the ones that it has"));
      return false;
    case ProofBefore::kFails:
      Refuse(id, v1::REFUSAL_REASON_MESSAGE_INVALID,
             "what the site hands over is not shown to be of the signed log",
             "trialsync verify, at the site");
      return false;
  }
  return false;
}

void CoordinatorMachine::Group::RefusePiece(SessionId id, const Session& session,
                                            const absl::Status& why) {
  Tell(Event::Severity::kAlarm, "what a site handed over was not taken",
       {{"site", session.partition->ToString()}, {"reason", std::string(why.message())}});
  Refuse(id, v1::REFUSAL_REASON_MESSAGE_INVALID, std::string(why.message()),
         "trialsync verify, at the site");
}

absl::Status CoordinatorMachine::Group::TakePiece(Work& work, const v1::HandOver& piece,
                                                  const Checkpoint& signed_end) {
  work.state->Flush();
  work.log->Flush();
  storage::Transaction attempt(&transaction_);
  PartitionState state(&attempt, work.number, &work.state->definitions());
  absl::StatusOr<LogWriter> log = LogWriter::Open(&state);
  if (!log.ok()) {
    Fail(log.status());
    return log.status();
  }
  const absl::Status taken = TakeHandOver(piece, signed_end, state, *log);
  if (taken.ok()) {
    state.Flush();
    log->Flush();
  }
  if (!state.status().ok()) Fail(state.status());
  if (!taken.ok() || !status_.ok()) return taken;
  transaction_.Absorb(std::move(attempt));
  // What was read of the partition before is out of date.
  works_.erase(SiteName(work.name));
  return absl::OkStatus();
}

CoordinatorMachine::Group::Report CoordinatorMachine::Group::ReportOf(const Session& session,
                                                                      const Work& work,
                                                                      uint64_t size_before) {
  storage::StoreTables store(&transaction_);
  const std::vector<v1::RecoveryRow> rows = store.Recoveries();
  Report report{.index = rows.size() + 1, .row = {}};
  for (uint64_t i = 0; i < rows.size(); ++i) {
    const bool goes_on = rows[i].cause() == v1::RECOVERY_CAUSE_REFILLED &&
                         rows[i].ended_time_us() == 0 &&
                         rows[i].partition() == work.name.ToString();
    if (goes_on) report = {.index = i + 1, .row = rows[i]};
  }
  v1::RecoveryRow& row = report.row;
  if (row.partition().empty()) {
    row.set_cause(v1::RECOVERY_CAUSE_REFILLED);
    row.set_began_time_us(absl::ToUnixMicros(now_));
    row.set_partition(work.name.ToString());
    row.set_log_size_before(size_before);
    row.set_log_size_after(size_before);
    row.set_epoch_before(work.log->epoch());
  }
  row.set_source_replica(session.replica.str());
  if (!store.status().ok()) Fail(store.status());
  return report;
}

void CoordinatorMachine::Group::EndReport(Report report, const LogWriter& log) {
  v1::RecoveryRow& row = report.row;
  row.set_epoch_after(log.epoch());
  row.set_ended_time_us(absl::ToUnixMicros(now_));
  storage::StoreTables(&transaction_).PutRecovery(report.index, row);
  Tell(Event::Severity::kAlarm, "a site brought back what the coordinator had lost",
       {{"site", row.partition()},
        {"first_number", absl::StrCat(row.log_size_before() + 1)},
        {"last_number", absl::StrCat(row.log_size_after())},
        {"taken_off", absl::StrCat(row.taken_off_count())},
        {"see", "trialsync recovery show"}});
}

// What was committed in this epoch may not all be known: it ends here. So does the centre's chain.
void CoordinatorMachine::Group::DrawEpoch(Work& work) {
  work.row.set_next_epoch(machine_.entropy_->U64());
  work.state->tables().PutRow(work.row);
  storage::StoreTables store(&transaction_);
  v1::StoreIdentity identity = store.Identity().value_or(v1::StoreIdentity());
  identity.set_incarnation(machine_.entropy_->U64());
  store.PutIdentity(identity);
  if (!store.status().ok()) Fail(store.status());
  machine_.centre_.incarnation = identity.incarnation();
}

// A replica was welcomed: of its site is here what that had. The recovery of the store is done when
// that is said of every site that it knows.
void CoordinatorMachine::Group::NoteMet(Work& work, const ReplicaId& replica) {
  v1::ReplicaRow row = work.state->tables().Replica(replica).value_or(v1::ReplicaRow());
  if (row.met_epoch() == machine_.epoch_) return;
  row.set_met_epoch(machine_.epoch_);
  work.state->tables().PutReplica(replica, row);
  storage::StoreTables store(&transaction_);
  for (const auto& [name, partition] : machine_.partitions_) {
    storage::PartitionTables tables(&transaction_, partition.number);
    const auto replicas = tables.Replicas();
    const bool met = std::any_of(replicas.begin(), replicas.end(), [&](const auto& known) {
      return known.second.met_epoch() == machine_.epoch_;
    });
    if (!tables.status().ok()) Fail(tables.status());
    if (!met && !replicas.empty()) return;
  }
  const std::vector<v1::RecoveryRow> rows = store.Recoveries();
  for (uint64_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].partition().empty() || rows[i].ended_time_us() != 0) continue;
    v1::RecoveryRow ended = rows[i];
    ended.set_ended_time_us(absl::ToUnixMicros(now_));
    store.PutRecovery(i + 1, ended);
    Tell(Event::Severity::kInfo,
         "every site was heard from since the coordinator's store went back");
  }
  if (!store.status().ok()) Fail(store.status());
}

void CoordinatorMachine::Group::Stop(Work& work, const std::string& why) {
  work.row.set_stopped(why);
  work.state->tables().PutRow(work.row);
  storage::StoreTables store(&transaction_);
  v1::RecoveryRow row;
  row.set_cause(v1::RECOVERY_CAUSE_CONTRADICTION);
  row.set_began_time_us(absl::ToUnixMicros(now_));
  row.set_partition(work.name.ToString());
  row.set_log_size_before(work.log->size());
  row.set_epoch_before(work.log->epoch());
  store.PutRecovery(store.Recoveries().size() + 1, row);
  if (!store.status().ok()) Fail(store.status());
  Tell(Event::Severity::kAlarm, "one position has two signed contents: nothing more is committed",
       {{"site", work.name.ToString()}, {"reason", why}});
  std::vector<SessionId> ended;
  for (const auto& [id, session] : machine_.sessions_) {
    if (session.partition == work.name) ended.push_back(id);
  }
  for (const SessionId id : ended) RefuseStopped(id, work);
  machine_.forks_.erase(work.name);
}

void CoordinatorMachine::Group::RefuseStopped(SessionId id, const Work& work) {
  Refuse(id, v1::REFUSAL_REASON_PARTITION_STOPPED,
         absl::StrCat("nothing more is committed for this site: ", work.row.stopped()),
         "trialsync recovery show, at the coordinator; keep both stores as they are");
}

void CoordinatorMachine::Group::CutSession(SessionId id) {
  const auto it = machine_.sessions_.find(id);
  if (it == machine_.sessions_.end()) return;
  if (it->second.partition) StatusOf(it->second).connected = false;
  ready_.closes.push_back(id);
  machine_.sessions_.erase(it);
}

void CoordinatorMachine::Group::CutSessions(const SiteName& name) {
  const SiteName partition = name;
  std::vector<SessionId> ended;
  for (const auto& [id, session] : machine_.sessions_) {
    if (session.partition == partition) ended.push_back(id);
  }
  for (const SessionId id : ended) CutSession(id);
}

}  // namespace trialsync::sync
