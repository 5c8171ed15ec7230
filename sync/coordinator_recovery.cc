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
  Tell(Event::Severity::kAlarm, "a site's log is not a part of this one",
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
    return false;
  }
  const v1::Position end = theirs.back();
  if (work.state->tables().TakenOffAt(end) && AllIsBack(*work.state, end)) {
    SendRewind(id, common, work);
    return false;
  }
  session.common_size = common;
  BeginHandOver(id, session, hello, *signed_end, work);
  return false;
}

void CoordinatorMachine::Group::BeginHandOver(SessionId id, Session& session,
                                              const v1::Hello& hello, const Checkpoint& signed_end,
                                              Work& work) {
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
  StatusOf(session).replica = session.replica;
  Tell(Event::Severity::kAlarm,
       "the coordinator's store went back: a site has commits that it lacks",
       {{"site", work.name.ToString()},
        {"replica", session.replica.hex()},
        {"size_there", absl::StrCat(hello.log().size())},
        {"size_here", absl::StrCat(work.log->size())}});
  if (session.common_size != work.log->size()) {
    storage::StoreTables store(&transaction_);
    session.staged = store.TakePartitionNumber();
    if (!store.status().ok()) return Fail(store.status());
  }
  AskForHandOver(id, session.common_size + 1, hello.definitions(), work);
}

void CoordinatorMachine::Group::SendRewind(SessionId id, uint64_t common, Work& work) {
  v1::CoordinatorMessage message;
  message.mutable_rewind()->set_first_number(common + 1);
  v1::Checkpoint* const end = message.mutable_rewind()->mutable_checkpoint();
  *end->mutable_log() = work.log->Position();
  if (absl::Status status = Sign(work, *end); !status.ok()) return Fail(status);
  Tell(Event::Severity::kAlarm, "commits of a site's log were taken off: it is rewound",
       {{"site", work.name.ToString()}, {"first_number", absl::StrCat(common + 1)}});
  SendToSite(id, std::move(message));
  CutSession(id);
}

void CoordinatorMachine::Group::AskForHandOver(
    SessionId id, uint64_t first_number,
    const google::protobuf::RepeatedPtrField<v1::VersionReference>& definitions, const Work& work) {
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

bool CoordinatorMachine::Group::OpenTarget(const Session& session, Work& work, Target& target) {
  const PartitionNumber number = session.staged.value_or(work.number);
  target.state =
      std::make_unique<PartitionState>(&target.attempt, number, &work.state->definitions());
  absl::StatusOr<LogWriter> log = LogWriter::Open(target.state.get());
  absl::Status status = log.status();
  if (log.ok()) {
    target.log = std::make_unique<LogWriter>(*std::move(log));
    status = CopyLog(work.state->tables(), session.common_size, *target.state, *target.log);
  }
  if (!status.ok()) Fail(status);
  return status.ok();
}

void CoordinatorMachine::Group::OnHandOver(SessionId id, Session& session,
                                           const v1::HandOver& piece) {
  Work* const work = Open(*session.partition);
  if (work == nullptr) return;
  if (!session.signed_end) {
    return Refuse(id, v1::REFUSAL_REASON_MESSAGE_INVALID, "nothing was to be handed over", "");
  }
  work->state->Flush();
  work->log->Flush();
  Target target(&transaction_);
  if (!OpenTarget(session, *work, target)) return;
  const Checkpoint signed_end = *session.signed_end;
  const v1::LogPosition before = target.log->Position();
  // Something was committed since it was asked for: the logs are compared anew.
  if (piece.frame().first_number() != before.size() + 1) return CutSession(id);
  switch (CheckBefore(piece, before.size(), target.log->Root(), signed_end)) {
    case ProofBefore::kHolds:
      break;
    case ProofBefore::kContradicts:
      return Stop(*work, absl::StrCat("the coordinator signed a log that begins with other ",
                                      before.size(), " commits than the ones that it has"));
    case ProofBefore::kFails:
      return Refuse(id, v1::REFUSAL_REASON_MESSAGE_INVALID,
                    "what the site hands over is not shown to be of the signed log",
                    "trialsync verify, at the site");
  }
  const absl::Status taken = TakeHandOver(piece, signed_end, *target.state, *target.log);
  target.state->Flush();
  target.log->Flush();
  if (!target.state->status().ok()) return Fail(target.state->status());
  if (!taken.ok()) {
    Tell(Event::Severity::kAlarm, "what a site handed over was not taken",
         {{"site", session.partition->ToString()}, {"reason", std::string(taken.message())}});
    return Refuse(id, v1::REFUSAL_REASON_MESSAGE_INVALID, std::string(taken.message()),
                  "trialsync verify, at the site");
  }
  const uint64_t size = target.log->size();
  transaction_.Absorb(std::move(target.attempt));
  // What was read of the partition before is out of date.
  works_.erase(*session.partition);
  Work* const grown = Open(*session.partition);
  if (grown == nullptr) return;
  Report report = ReportOf(session, *grown, before);
  if (size != signed_end.size) {
    storage::StoreTables(&transaction_).PutRecovery(report.index, report.row);
    return AskForHandOver(id, size + 1, {}, *grown);
  }
  if (session.staged) return SettleFork(session, *grown);
  DrawEpoch(*grown);
  report.row.set_log_size_after(size);
  EndReport(std::move(report), *grown);
  CutSessions(grown->name);
}

CoordinatorMachine::Group::Report CoordinatorMachine::Group::ReportOf(
    const Session& session, const Work& work, const v1::LogPosition& before) {
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
    row.set_log_size_before(session.staged ? session.common_size : before.size());
    row.set_epoch_before(before.epoch());
  }
  row.set_source_replica(session.replica.str());
  row.set_log_size_after(work.log->size());
  if (!store.status().ok()) Fail(store.status());
  return report;
}

void CoordinatorMachine::Group::EndReport(Report report, const Work& work) {
  v1::RecoveryRow& row = report.row;
  row.set_ended_time_us(absl::ToUnixMicros(now_));
  Tell(Event::Severity::kAlarm, "a site brought back what the coordinator had lost",
       {{"site", work.name.ToString()},
        {"first_number", absl::StrCat(row.log_size_before() + 1)},
        {"last_number", absl::StrCat(row.log_size_after())},
        {"taken_off", absl::StrCat(row.taken_off_count())},
        {"see", "trialsync recovery show"}});
  storage::StoreTables(&transaction_).PutRecovery(report.index, row);
}

void CoordinatorMachine::Group::SettleFork(Session& session, Work& work) {
  const SiteName name = work.name;
  const uint64_t common = session.common_size;
  Work theirs;
  theirs.number = *session.staged;
  theirs.name = name;
  theirs.row = work.row;
  theirs.state =
      std::make_unique<PartitionState>(&transaction_, theirs.number, &work.state->definitions());
  absl::StatusOr<LogWriter> log = LogWriter::Open(theirs.state.get());
  if (!log.ok()) return Fail(log.status());
  theirs.log = std::make_unique<LogWriter>(*std::move(log));
  if (Contradict(*work.state, *theirs.state)) {
    return Stop(work,
                "what a site has, and what this coordinator recorded as taken off, give one "
                "position to two changes");
  }
  Report report = ReportOf(session, work, work.log->Position());
  const bool theirs_kept = IsKept(*theirs.state, *work.state, common);
  Work& kept = theirs_kept ? theirs : work;
  Work& loser = theirs_kept ? work : theirs;
  v1::RecoveryRow& row = report.row;
  row.set_taken_off_count(loser.log->size() - common);
  // What was brought back under its number; nothing where it is all committed again.
  row.set_log_size_after(theirs_kept ? theirs.log->size() : common);
  DrawEpoch(kept);
  for (const v1::EpochRecord& record : Difference(*loser.state, *kept.state, common)) {
    AppendRecord(kept, record);
  }
  const uint64_t again_after = kept.log->size();
  CommitAgain(*loser.state, common, *kept.state, *kept.log, absl::ToUnixMicros(now_),
              [this] { return machine_.entropy_->U64(); });
  if (kept.log->size() != again_after) {
    row.set_again_first_number(again_after + 1);
    row.set_again_last_number(kept.log->size());
  }
  EndReport(std::move(report), work);
  kept.state->Flush();
  kept.log->Flush();
  if (theirs_kept) {
    work.state->tables().CopyReplicasTo(theirs.state->tables());
    storage::StoreTables(&transaction_).PutPartition(name, theirs.number);
    machine_.partitions_[name].number = theirs.number;
  }
  for (const Work* one : {&theirs, &work}) {
    if (!one->state->status().ok()) return Fail(one->state->status());
  }
  works_.erase(name);
  CutSessions(name);
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
