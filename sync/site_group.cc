// SPDX-License-Identifier: Apache-2.0
#include "sync/site_group.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "proto/check.h"
#include "sync/chain.h"
#include "sync/checkpoint.h"
#include "sync/client_work.h"
#include "sync/frame.h"
#include "sync/limits.h"
#include "sync/outbox.h"
#include "sync/stored_change.h"
#include "sync/time.h"
#include "sync/told.h"

namespace trialsync::sync {

SiteMachine::Group::Group(SiteMachine& machine, absl::Time now,
                          std::shared_ptr<const storage::Snapshot> snapshot, Ready& ready)
    : machine_(machine),
      now_(now),
      ready_(ready),
      transaction_(std::move(snapshot)),
      tables_(&transaction_, machine.partition_) {}

v1::LogPosition SiteMachine::Group::LogEnd() {
  if (machine_.rewound_) return machine_.rewound_->log->log().Position();
  PartitionState state(&transaction_, machine_.partition_, &machine_.definitions_);
  const absl::StatusOr<LogWriter> log = LogWriter::Open(&state);
  if (!log.ok()) {
    tables_.Fail(log.status());
    return {};
  }
  return log->Position();
}

void SiteMachine::Group::Handle(const SessionOpened& input) {
  machine_.session_ = SiteMachine::Session();
  machine_.session_->id = input.session;
  machine_.session_->last_received = now_;
  machine_.status_.session = input.session;

  v1::SiteMessage message;
  v1::Hello* hello = message.mutable_hello();
  hello->add_protocol_versions(1);
  hello->set_study(machine_.options_.name.study);
  hello->set_site(machine_.options_.name.site);
  hello->set_boot(machine_.boot_);
  *hello->mutable_log() = LogEnd();
  for (const v1::Position& end : Branches(&SessionLog()).EpochEnds(
           PositionOf(hello->log().epoch(), hello->log().size()))) {
    *hello->add_epochs() = end;
  }
  if (machine_.rewound_) {
    hello->set_checkpoint(machine_.rewound_->checkpoint);
  } else if (hello->log().size() != 0) {
    hello->set_checkpoint(tables_.Checkpoint(hello->log().epoch()));
  }
  if (machine_.recovery_) *hello->mutable_recovery() = machine_.recovery_->row;
  if (machine_.recovering()) {
    hello->set_replica(machine_.recovery_->row.replica_after());
    hello->set_incarnation(machine_.recovery_->row.incarnation_after());
    hello->mutable_chain()->set_hash(Sha256().str());
  } else {
    hello->set_replica(machine_.chain_.replica.str());
    hello->set_incarnation(machine_.chain_.incarnation);
    *hello->mutable_chain() = ChainPositionHere();
  }
  for (const auto& definition : machine_.definitions_.all()) {
    *hello->add_definitions() = definition->version();
  }
  *hello->mutable_wall_clock() = ToTimestamp(now_);
  hello->set_software_version(machine_.options_.software_version);
  SendToCoordinator(std::move(message));
}

v1::ChainPosition SiteMachine::Group::ChainPositionHere() const {
  v1::ChainPosition position;
  position.set_seq(machine_.last_seq_);
  position.set_hash(machine_.last_hash_.str());
  return position;
}

void SiteMachine::Group::Handle(const SessionClosed& input) {
  if (!machine_.session_ || machine_.session_->id != input.session) return;
  if (machine_.session_->welcomed) Tell(Event::Severity::kInfo, "link down");
  machine_.session_.reset();
  machine_.status_.session.reset();
  machine_.status_.connected = false;
}

void SiteMachine::Group::Handle(const MessageReceived& input) {
  if (!machine_.session_ || machine_.session_->id != input.session) return;
  machine_.session_->last_received = now_;
  machine_.status_.last_contact = now_;
  const auto& message = std::get<v1::CoordinatorMessage>(input.message);
  const bool opens =
      message.has_welcome() || message.has_hand_over_request() || message.has_rewind();
  if (!message.has_refusal() && opens == machine_.session_->welcomed) {
    return Refuse(v1::REFUSAL_REASON_MESSAGE_INVALID,
                  "what a coordinator sends begins with one Welcome, and has no other",
                  "install the coordinator's release at this site");
  }
  switch (message.message_case()) {
    case v1::CoordinatorMessage::kWelcome:
      return OnWelcome(message.welcome());
    case v1::CoordinatorMessage::kLogFrame:
      return OnLogFrame(message.log_frame());
    case v1::CoordinatorMessage::kDefinition:
      return OnDefinition(message.definition());
    case v1::CoordinatorMessage::kHeartbeat:
      machine_.status_.coordinator_log = message.heartbeat().log();
      return;
    case v1::CoordinatorMessage::kHandOverRequest:
      return OnHandOverRequest(message.hand_over_request());
    case v1::CoordinatorMessage::kRewind:
      return OnRewind(message.rewind());
    case v1::CoordinatorMessage::kRefusal:
      return OnRefusal(message.refusal());
    case v1::CoordinatorMessage::MESSAGE_NOT_SET:
      return Refuse(v1::REFUSAL_REASON_MESSAGE_INVALID, "a message without content",
                    "install the coordinator's release at this site");
  }
}

absl::Status SiteMachine::Group::TrustKey(const std::string& key) {
  const absl::StatusOr<VerifierKey> parsed = VerifierKey::Parse(key);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the coordinator's key is none: ", parsed.status().message()));
  }
  storage::StoreTables store(&transaction_);
  const std::string trusted = store.VerifierKey();
  if (!store.status().ok()) tables_.Fail(store.status());
  if (trusted == key) return absl::OkStatus();
  if (!trusted.empty()) {
    return absl::PermissionDeniedError(absl::StrCat("the coordinator signs with the key ", key,
                                                    ", and this store trusts ", trusted));
  }
  store.PutVerifierKey(key);
  Tell(Event::Severity::kInfo, "this site trusts the coordinator's key from now on",
       {{"key", key}});
  return absl::OkStatus();
}

absl::Status SiteMachine::Group::CheckSignature(const v1::Checkpoint& checkpoint) {
  storage::StoreTables store(&transaction_);
  const absl::StatusOr<VerifierKey> key = VerifierKey::Parse(store.VerifierKey());
  if (!key.ok()) return key.status();
  const absl::StatusOr<Checkpoint> opened = OpenCheckpoint(checkpoint.note(), *key);
  if (!opened.ok()) return opened.status();
  if (IsAt(*opened, machine_.options_.name, checkpoint.log())) return absl::OkStatus();
  return absl::InvalidArgumentError("the signed checkpoint is of another position than the frame");
}

void SiteMachine::Group::OnWelcome(const v1::Welcome& welcome) {
  if (const absl::Status trusted = TrustKey(welcome.verifier_key()); !trusted.ok()) {
    Tell(Event::Severity::kAlarm, "the coordinator's key is not the one that this site trusts",
         {{"reason", std::string(trusted.message())}});
    return Refuse(v1::REFUSAL_REASON_CHECKPOINT_INVALID, std::string(trusted.message()),
                  "compare the keys by telephone; nothing was taken");
  }
  const v1::ChainPosition& known = welcome.chain();
  // Nothing where the coordinator names a change that was not made here.
  std::optional<std::string> hash_here = Sha256().str();
  if (known.seq() != 0) {
    const std::optional<v1::OwnRow> row = tables_.Own(machine_.chain_.incarnation, known.seq());
    hash_here = row ? std::optional(row->chain()) : std::nullopt;
  }
  Session& session = *machine_.session_;
  if (hash_here != known.hash() && !machine_.recovering()) {
    // An old state of the store was used, and went on otherwise than this one.
    return BeginRecovery(v1::RECOVERY_CAUSE_WENT_BACK);
  }
  session.welcomed = true;
  session.welcome = welcome;
  session.sent_seq = known.seq();
  machine_.status_.connected = true;
  machine_.status_.refusal.reset();
  machine_.status_.coordinator_log = welcome.log();
  machine_.status_.clock_offset_ms = welcome.clock_offset_ms();
  Tell(Event::Severity::kInfo, "link up",
       {{"outbox", absl::StrCat(machine_.last_seq_ - machine_.receipted_seq_)},
        {"coordinator_log", absl::StrCat(welcome.log().size())}});
  if (machine_.recovering()) OnWelcomeWhileRecovering(welcome);
}

void SiteMachine::Group::OnLogFrame(const v1::LogFrame& frame) {
  Session& session = *machine_.session_;
  if (const absl::Status signature = CheckSignature(frame.checkpoint()); !signature.ok()) {
    Tell(Event::Severity::kAlarm, "a log frame is not signed by the coordinator",
         {{"reason", std::string(signature.message())}});
    return Refuse(v1::REFUSAL_REASON_CHECKPOINT_INVALID, std::string(signature.message()),
                  "trialsync verify, at both ends");
  }
  if (machine_.rewound_) return OnRewoundFrame(frame);
  storage::Transaction attempt(&transaction_);
  PartitionState state(&attempt, machine_.partition_, &machine_.definitions_);
  absl::StatusOr<LogWriter> log = LogWriter::Open(&state);
  if (!log.ok()) return tables_.Fail(log.status());
  const absl::StatusOr<std::vector<ReceiptedChange>> changes =
      ApplyLogFrame(frame, ChainInSession(), session.sent, state, *log);
  if (!state.status().ok()) return tables_.Fail(state.status());
  if (!changes.ok()) return RefuseFrame(changes.status());
  state.Flush();
  log->Flush();
  const uint64_t receipted = log->Chain(machine_.chain_).seq;
  SettleOutbox(state.tables(), *changes, receipted);
  if (!state.status().ok()) return tables_.Fail(state.status());
  state.tables().PutCheckpoint(log->epoch(), frame.checkpoint().note());
  transaction_.Absorb(std::move(attempt));

  if (!machine_.recovering()) machine_.receipted_seq_ = receipted;
  session.sent_seq = std::max(session.sent_seq, receipted);
  std::erase_if(session.in_flight, [&](uint64_t last_seq) { return last_seq <= receipted; });
  TellProgress(frame);
  if (machine_.recovering()) {
    TryEndRecovery();
  } else if (NextIsInTheLog()) {
    BeginRecovery(v1::RECOVERY_CAUSE_WENT_BACK);
  }
}

void SiteMachine::Group::RefuseFrame(const absl::Status& why) {
  const std::string message(why.message());
  Tell(Event::Severity::kAlarm, "a log frame was not taken", {{"reason", message}});
  Refuse(absl::IsDataLoss(why) ? v1::REFUSAL_REASON_LOG_DIVERGED
                               : v1::REFUSAL_REASON_MESSAGE_INVALID,
         message, "trialsync verify, at both ends");
}

void SiteMachine::Group::TellProgress(const v1::LogFrame& frame) {
  machine_.status_.coordinator_log = frame.checkpoint().log();
  v1::SiteMessage progress;
  *progress.mutable_progress()->mutable_log() = frame.checkpoint().log();
  SendToCoordinator(std::move(progress));
}

// Whether the first change of the outbox came into the log by another way than this store's.
bool SiteMachine::Group::NextIsInTheLog() {
  if (machine_.receipted_seq_ == machine_.last_seq_) return false;
  const auto next = tables_.Own(machine_.chain_.incarnation, machine_.receipted_seq_ + 1);
  return next && tables_.Change(ChangeIdOf(Sha256Of(next->authored())));
}

// The chain under which the session was opened.
ChainId SiteMachine::Group::ChainInSession() const {
  if (!machine_.recovering()) return machine_.chain_;
  const v1::RecoveryRow& row = machine_.recovery_->row;
  return {ReplicaId::From(row.replica_after()).value_or(ReplicaId()), row.incarnation_after()};
}

void SiteMachine::Group::SettleOutbox(storage::PartitionTables& tables,
                                      std::span<const ReceiptedChange> changes,
                                      uint64_t receipted) {
  const bool leave = changes.size() > kIndexRowsRemovedMax;
  for (const ReceiptedChange& change : changes) {
    const uint64_t seq = change.receipt.stamp.seq;
    if (leave) {
      RemoveBirthsFromOutbox(tables, seq, change.row);
    } else {
      RemoveFromOutbox(tables, seq, change.row);
    }
    ListPrediction(tables, change);
  }
  machine_.index_rows_left_ = machine_.index_rows_left_ || leave;
  const bool all = !machine_.recovering() && receipted == machine_.last_seq_;
  if (!machine_.index_rows_left_ || !all) return;
  tables.ClearOutboxRecords();
  machine_.index_rows_left_ = false;
}

void SiteMachine::Group::ListPrediction(storage::PartitionTables& tables,
                                        const ReceiptedChange& change) {
  const v1::OwnRow& row = change.row;
  const Receipt& receipt = change.receipt;
  if (ToldOf(row.predicted(), row.predicted_cells()) == ToldOf(receipt.verdict)) return;
  v1::Change authored;
  TS_CHECK(authored.ParseFromString(row.authored()));
  v1::DiscrepancyRow surprise;
  surprise.set_kind(v1::DISCREPANCY_KIND_PREDICTION);
  surprise.set_state(v1::DISCREPANCY_STATE_OPEN);
  surprise.set_change(change.id.str());
  *surprise.mutable_record() = authored.record();
  surprise.set_reason(receipt.verdict.reason);
  surprise.set_opened_number(receipt.number);
  surprise.set_opened_time_us(absl::ToUnixMicros(now_));
  *surprise.mutable_predicted() = row.predicted_cells();
  for (const CellVerdict& cell : receipt.verdict.cells) {
    v1::CellOutcome* const outcome = surprise.add_received();
    outcome->set_lineage(cell.lineage);
    outcome->set_outcome(cell.outcome);
  }
  surprise.set_predicted_outcome(row.predicted());
  surprise.set_received_outcome(receipt.verdict.outcome);
  tables.PutDiscrepancy({change.id, v1::DISCREPANCY_KIND_PREDICTION, 0}, surprise);
  Tell(Event::Severity::kWarning, "a change had another outcome than this site had shown",
       {{"change", change.id.hex()},
        {"seq", absl::StrCat(receipt.stamp.seq)},
        {"shown", v1::Outcome_Name(row.predicted())},
        {"received", v1::Outcome_Name(receipt.verdict.outcome)}});
}

void SiteMachine::Group::OnDefinition(const v1::DefinitionTransfer& transfer) {
  auto definition = study::Definition::FromBytes(transfer.definition());
  if (!definition.ok() || (*definition)->hash().view() != transfer.version().sha256()) {
    return Refuse(v1::REFUSAL_REASON_MESSAGE_INVALID,
                  "a study definition does not have the hash that it was sent under",
                  "trialsync verify, at the coordinator");
  }
  if (const absl::Status added = machine_.definitions_.Add(*definition); !added.ok()) {
    Tell(Event::Severity::kAlarm, "a study definition was not taken",
         {{"reason", std::string(added.message())}});
    return Refuse(v1::REFUSAL_REASON_MESSAGE_INVALID, std::string(added.message()),
                  "compare trialsync study list at both ends");
  }
  storage::StoreTables(&transaction_)
      .PutDefinition(machine_.options_.name.study, (*definition)->number(),
                     (*definition)->hash().view(), transfer.definition());
  Tell(Event::Severity::kInfo, "study definition received",
       {{"version", absl::StrCat((*definition)->number())}});
}

void SiteMachine::Group::OnRefusal(const v1::Refusal& refusal) {
  const bool went_back = refusal.reason() == v1::REFUSAL_REASON_REPLICA_BEHIND ||
                         refusal.reason() == v1::REFUSAL_REASON_CHAIN_UNKNOWN;
  if (went_back) return BeginRecovery(v1::RECOVERY_CAUSE_WENT_BACK);
  if (machine_.rewound_ && refusal.reason() == v1::REFUSAL_REASON_LOG_DIVERGED) {
    return LeaveRewound("the coordinator does not have it");
  }
  const bool by_other_boot = refusal.reason() == v1::REFUSAL_REASON_SESSION_SUPERSEDED &&
                             refusal.boot() != 0 && refusal.boot() != machine_.boot_;
  if (by_other_boot) {
    if (++machine_.fenced_count_ < kFencedByCopyMin || machine_.recovering()) {
      Tell(Event::Severity::kWarning, "another process with this store took the session over",
           {{"times", absl::StrCat(machine_.fenced_count_)}});
      return EndSession();
    }
    BeginRecovery(v1::RECOVERY_CAUSE_COPIED);
  }
  if (machine_.session_) ready_.closes.push_back(machine_.session_->id);
  machine_.status_.refusal = refusal;
  Tell(Event::Severity::kWarning, "the coordinator refused",
       {{"reason", v1::RefusalReason_Name(refusal.reason())},
        {"detail", refusal.message()},
        {"mend", refusal.mend()}});
}

void SiteMachine::Group::Handle(const ClientRequest& input) {
  if (std::holds_alternative<v1::BecomeReplicaRequest>(input.work)) {
    return AnswerWithoutDesk(input.token, BecomeReplica());
  }
  if (machine_.resting()) return AnswerWithoutDesk(input.token, Resting());
  const uint64_t last_seq = machine_.last_seq_;
  const Sha256 last_hash = machine_.last_hash_;
  attempt_ = std::make_unique<storage::Transaction>(&transaction_);
  desk_tables_ = std::make_unique<storage::PartitionTables>(attempt_.get(), machine_.partition_);
  view_ = std::make_unique<View>(attempt_.get(), machine_.partition_, &machine_.definitions_);
  Answer answer = Perform(*this, input);
  // Whatever else was read may be damaged too: nothing more is acknowledged.
  for (const absl::Status& read : {desk_tables_->status(), view_->state().status()}) {
    if (!read.ok()) return tables_.Fail(read);
  }
  view_.reset();
  if (answer.status.ok()) {
    transaction_.Absorb(std::move(*attempt_));
  } else {
    machine_.last_seq_ = last_seq;
    machine_.last_hash_ = last_hash;
    answer.result = std::monostate();
  }
  ready_.answers.push_back(std::move(answer));
}

void SiteMachine::Group::AnswerWithoutDesk(uint64_t token, absl::Status status) {
  Answer& answer = ready_.answers.emplace_back();
  answer.token = token;
  answer.status = std::move(status);
  if (answer.status.ok()) answer.result = v1::BecomeReplicaResponse();
}

void SiteMachine::Group::Handle(const Tick&) {
  if (!machine_.session_) return;
  Session& session = *machine_.session_;
  // A clock that was put back begins both intervals anew.
  session.last_received = std::min(session.last_received, now_);
  session.last_sent = std::min(session.last_sent, now_);
  if (now_ - session.last_received > kHeartbeatInterval * kHeartbeatsMissedMax) {
    Tell(Event::Severity::kWarning, "the coordinator is silent: the link is given up");
    ready_.closes.push_back(session.id);
    return;
  }
  if (session.welcomed && now_ - session.last_sent >= kHeartbeatInterval) {
    v1::SiteMessage message;
    *message.mutable_heartbeat()->mutable_log() = LogEnd();
    *message.mutable_heartbeat()->mutable_wall_clock() = ToTimestamp(now_);
    if (!machine_.recovering()) *message.mutable_heartbeat()->mutable_chain() = ChainPositionHere();
    SendToCoordinator(std::move(message));
  }
}

v1::Position SiteMachine::Group::base() const {
  storage::Transaction transaction(&transaction_);
  storage::PartitionTables tables(&transaction, machine_.partition_);
  const v1::LogHead head = tables.Head();
  if (!tables.status().ok()) desk_tables_->Fail(tables.status());
  v1::Position base;
  base.set_epoch(head.epoch());
  base.set_number(head.size());
  return base;
}

// So that a view finds the birth by the label that the change gives it. A birth that is held or
// refused has no label yet.
void SiteMachine::Group::NoteLabel(const v1::Change& change, const Scope& scope, v1::OwnRow& row) {
  if (!change.has_birth() && !change.has_rename()) return;
  const ChangeId& id = scope.births.front();
  const std::optional<v1::BirthRow> birth = view_->state().tables().Birth(id);
  if (!birth) return;
  row.set_label(change.has_birth() ? change.birth().label() : change.rename().label());
  row.set_label_kind(birth->kind());
  *row.mutable_label_parent() = birth->parent();
}

absl::StatusOr<Desk::Saved> SiteMachine::Group::Save(const v1::Change& change, const Scope& scope) {
  if (machine_.last_seq_ - machine_.receipted_seq_ >= machine_.options_.outbox_changes_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat("not saved: ", machine_.options_.outbox_changes_max,
                     " changes wait for the coordinator already; restore the link first"));
  }
  v1::OwnRow row;
  change.SerializeToString(row.mutable_authored());
  if (row.authored().size() > kChangeBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("not saved: a change has at most ", kChangeBytesMax, " bytes"));
  }
  const Sha256 digest = Sha256Of(row.authored());
  const ChangeId id = ChangeIdOf(digest);
  const uint64_t seq = ++machine_.last_seq_;
  machine_.last_hash_ = NextChainHash(machine_.last_hash_, digest);
  row.set_chain(machine_.last_hash_.str());

  const Verdict verdict = view_->Add({.change = &change,
                                      .id = id,
                                      .stamp = {machine_.chain_, seq},
                                      .from_centre = false,
                                      .number = kOutboxNumber + seq,
                                      .effect_number = kOutboxNumber + seq,
                                      .epoch = change.base().epoch(),
                                      .received_time_us = 0});
  row.set_predicted(verdict.outcome);
  for (const CellVerdict& cell : verdict.cells) {
    v1::CellOutcome* outcome = row.add_predicted_cells();
    outcome->set_lineage(cell.lineage);
    outcome->set_outcome(cell.outcome);
  }
  row.set_scope_record(scope.record_key);
  for (const ChangeId& birth : scope.births) row.add_scope_births(birth.str());
  NoteLabel(change, scope, row);
  AddToOutbox(*desk_tables_, seq, row);
  if (!change.request_id().empty()) {
    desk_tables_->PutOwnRequest(change.author(), change.request_id(), id);
  }
  desk_tables_->PutOwn(machine_.chain_.incarnation, seq, row);
  return Saved{id, verdict};
}

absl::Status SiteMachine::Group::SavePrivate(const ChangeId& change, const v1::PrivateEdit& edit) {
  desk_tables_->AppendPrivate(edit);
  for (const v1::ItemWrite& write : edit.writes()) {
    v1::StandingValue value;
    value.set_item(write.item());
    value.set_version(edit.version().number());
    *value.mutable_value() = write.value();
    desk_tables_->PutPrivateValue(change, value);
  }
  return absl::OkStatus();
}

absl::Status SiteMachine::Group::ClosePrediction(const storage::DiscrepancyId& id) {
  std::optional<v1::DiscrepancyRow> row = desk_tables_->Discrepancy(id);
  if (!row || id.kind != v1::DISCREPANCY_KIND_PREDICTION) {
    return absl::NotFoundError("there is no such note");
  }
  row->set_state(v1::DISCREPANCY_STATE_CLOSED);
  desk_tables_->PutDiscrepancy(id, *row);
  return absl::OkStatus();
}

void SiteMachine::Group::SendBatches() {
  if (!machine_.session_ || !machine_.session_->welcomed || machine_.recovering()) return;
  Session& session = *machine_.session_;
  while (session.sent_seq < machine_.last_seq_ &&
         session.in_flight.size() < session.welcome.batches_in_flight_max()) {
    v1::SiteMessage message;
    *message.mutable_batch() =
        BuildBatch(tables_, machine_.chain_.incarnation, session.sent_seq + 1, session.sent);
    const uint32_t count = message.batch().count();
    if (count == 0) return;
    if (session.sent_seq == 0) {
      const auto beginning = tables_.Beginning(machine_.chain_.incarnation);
      if (beginning) message.mutable_batch()->set_behind(beginning->behind());
    }
    session.sent_seq += count;
    session.in_flight.push_back(session.sent_seq);
    SendToCoordinator(std::move(message));
  }
}

void SiteMachine::Group::SendToCoordinator(v1::SiteMessage message) {
  machine_.session_->last_sent = now_;
  ready_.sends.push_back({machine_.session_->id, std::move(message)});
}

void SiteMachine::Group::Refuse(v1::RefusalReason reason, const std::string& message,
                                const std::string& mend) {
  v1::SiteMessage out;
  out.mutable_refusal()->set_reason(reason);
  out.mutable_refusal()->set_message(message);
  out.mutable_refusal()->set_mend(mend);
  machine_.status_.refusal = out.refusal();
  SendToCoordinator(std::move(out));
  EndSession();
}

// What else arrives on it has no effect.
void SiteMachine::Group::EndSession() {
  ready_.closes.push_back(machine_.session_->id);
  machine_.session_.reset();
  machine_.status_.session.reset();
  machine_.status_.connected = false;
}

void SiteMachine::Group::Tell(Event::Severity severity, std::string text,
                              std::vector<std::pair<std::string, std::string>> fields) {
  ready_.events.push_back({severity, std::move(text), std::move(fields)});
}

absl::Status SiteMachine::Group::Finish() {
  SendBatches();
  machine_.status_.resting = machine_.resting();
  if (!tables_.status().ok()) return tables_.status();
  if (transaction_.pending_count() == 0) return absl::OkStatus();
  storage::StoreTables store(&transaction_);
  ready_.note = {.group = store.PutNextGroup(machine_.entropy_->U64()),
                 .incarnation = machine_.chain_.incarnation,
                 .last_seq = machine_.last_seq_};
  if (!store.status().ok()) return store.status();
  ready_.writes = transaction_.TakeBatch();
  return absl::OkStatus();
}

}  // namespace trialsync::sync
