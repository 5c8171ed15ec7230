// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "google/protobuf/arena.h"
#include "sync/chain.h"
#include "sync/checkpoint.h"
#include "sync/compression.h"
#include "sync/coordinator_group.h"
#include "sync/frame.h"
#include "sync/limits.h"
#include "sync/log_tree.h"
#include "sync/stored_change.h"
#include "sync/time.h"

namespace trialsync::sync {
namespace {

// A batch taken apart, every change parsed and its digest known.
struct OpenedBatch {
  std::unique_ptr<google::protobuf::Arena> arena = std::make_unique<google::protobuf::Arena>();
  v1::BatchContent content;
  std::vector<const v1::Change*> changes;  // on the arena
  std::vector<Sha256> digests;
  std::vector<Sha256> chain;  // after each
};

// INVALID_ARGUMENT if it is not what its head says. `chain` is the chain's hash before it.
absl::StatusOr<OpenedBatch> OpenBatch(const v1::Batch& batch, Sha256 chain) {
  absl::StatusOr<std::string> bytes = Decompress(batch.content(), batch.content_bytes());
  if (!bytes.ok()) return bytes.status();
  OpenedBatch opened;
  if (!opened.content.ParseFromString(*bytes) ||
      static_cast<uint32_t>(opened.content.changes_size()) != batch.count() || batch.count() == 0 ||
      batch.count() > kBatchChangesMax) {
    return absl::InvalidArgumentError("a batch does not hold the changes that it counts");
  }
  for (const std::string& authored : opened.content.changes()) {
    auto* const change = google::protobuf::Arena::CreateMessage<v1::Change>(opened.arena.get());
    if (authored.size() > kChangeBytesMax || !change->ParseFromString(authored)) {
      return absl::InvalidArgumentError("a batch holds a change that does not parse");
    }
    opened.changes.push_back(change);
    opened.digests.push_back(Sha256Of(authored));
    opened.chain.push_back(chain = NextChainHash(chain, opened.digests.back()));
  }
  return opened;
}

bool HoldsOneTwice(const OpenedBatch& batch) {
  std::vector<Sha256> sorted = batch.digests;
  std::sort(sorted.begin(), sorted.end());
  const auto same = [](const Sha256& a, const Sha256& b) { return ChangeIdOf(a) == ChangeIdOf(b); };
  return std::adjacent_find(sorted.begin(), sorted.end(), same) != sorted.end();
}

// Reads at once what admission and merge will ask for.
void ReadAhead(const OpenedBatch& batch, storage::PartitionTables& tables) {
  std::vector<ChangeId> ids;
  for (const Sha256& digest : batch.digests) ids.push_back(ChangeIdOf(digest));
  std::vector<std::string> record_keys;
  for (const v1::Change* change : batch.changes) {
    if (change->has_record()) record_keys.push_back(storage::RecordKeyBytes(change->record()));
  }
  tables.ReadAhead(ids, record_keys);
}

// Whether a change carries a value that must not have left its hospital.
bool LeaksSiteOnly(const v1::Change& change, const study::DefinitionSet& definitions) {
  const std::shared_ptr<const study::Definition> definition = definitions.Find(change.version());
  if (definition == nullptr || !definition->HasSiteOnlyItems()) return false;
  const auto& writes = change.has_edit() ? change.edit().writes() : change.decision().writes();
  return std::any_of(writes.begin(), writes.end(), [&](const v1::ItemWrite& write) {
    const v1::ItemDefinition* item = definition->FindItem(write.item());
    return item != nullptr && item->site_only() && !write.value().has_withheld() &&
           write.value().kind_case() != v1::Value::kMissing;
  });
}

}  // namespace

void CoordinatorMachine::Group::Handle(const SessionOpened& input) {
  machine_.sessions_[input.session].last_received = now_;
}

void CoordinatorMachine::Group::Handle(const SessionClosed& input) {
  const auto it = machine_.sessions_.find(input.session);
  if (it == machine_.sessions_.end()) return;
  if (it->second.partition) {
    StatusOf(it->second).connected = false;
    Tell(Event::Severity::kInfo, "site disconnected",
         {{"site", it->second.partition->ToString()}, {"replica", it->second.replica.hex()}});
  }
  machine_.sessions_.erase(it);
}

void CoordinatorMachine::Group::Handle(const MessageReceived& input) {
  const auto it = machine_.sessions_.find(input.session);
  if (it == machine_.sessions_.end()) return;
  Session& session = it->second;
  session.last_received = now_;
  const auto& message = std::get<v1::SiteMessage>(input.message);
  if (session.partition) StatusOf(session).last_contact = now_;
  if (message.has_hello() != !session.partition.has_value()) {
    return Refuse(input.session, v1::REFUSAL_REASON_MESSAGE_INVALID,
                  "a stream begins with one Hello, and has no other", "");
  }
  const v1::LogPosition& told =
      message.has_progress() ? message.progress().log() : message.heartbeat().log();
  if (session.partition && told.size() > session.sent_size) {
    return Refuse(input.session, v1::REFUSAL_REASON_MESSAGE_INVALID,
                  absl::StrCat("the site says to have ", told.size(), " commits, and was sent ",
                               session.sent_size),
                  "trialsync verify, at the site");
  }
  if (session.signed_end && (message.has_batch() || message.has_progress())) {
    return Refuse(input.session, v1::REFUSAL_REASON_MESSAGE_INVALID,
                  "the site was asked for what it has of the log, and not welcomed", "");
  }
  switch (message.message_case()) {
    case v1::SiteMessage::kHello:
      return OnHello(input.session, session, message.hello());
    case v1::SiteMessage::kBatch:
      return OnBatch(input.session, session, message.batch());
    case v1::SiteMessage::kProgress:
      return OnProgress(session, message.progress().log());
    case v1::SiteMessage::kHeartbeat:
      return OnHeartbeat(session, message.heartbeat());
    case v1::SiteMessage::kHandOver:
      return OnHandOver(input.session, session, message.hand_over());
    case v1::SiteMessage::kDefinition:
      return OnDefinition(input.session, session, message.definition());
    case v1::SiteMessage::kRefusal:
      Tell(Event::Severity::kAlarm, "a site refused what it was sent",
           {{"site", session.partition->ToString()},
            {"reason", v1::RefusalReason_Name(message.refusal().reason())},
            {"detail", message.refusal().message()}});
      ready_.closes.push_back(input.session);
      return;
    case v1::SiteMessage::MESSAGE_NOT_SET:
      return Refuse(input.session, v1::REFUSAL_REASON_MESSAGE_INVALID, "a message without content",
                    "install the coordinator's release at the site");
  }
}

bool CoordinatorMachine::Group::Acceptable(SessionId id, const v1::Hello& hello, Work& work) {
  const ChainId chain{*ReplicaId::From(hello.replica()), hello.incarnation()};
  const uint64_t known_seq = work.log->Chain(chain).seq;
  const std::vector<v1::ChainHead> chains = work.state->tables().Chains();
  const bool superseded = std::any_of(chains.begin(), chains.end(), [&](const v1::ChainHead& head) {
    return head.replica() == hello.replica() && head.has_origin() &&
           head.origin().incarnation() == hello.incarnation();
  });
  if (known_seq > hello.chain().seq() || superseded) {
    Tell(Event::Severity::kAlarm, "a replica's store went back: it recovers",
         {{"site", work.name.ToString()},
          {"replica", ToHex(hello.replica())},
          {"changes_here", absl::StrCat(known_seq)},
          {"changes_there", absl::StrCat(hello.chain().seq())}});
    Refuse(id, v1::REFUSAL_REASON_REPLICA_BEHIND,
           superseded ? "this replica went on under another incarnation since: its store went back"
                      : absl::StrCat("the coordinator has ", known_seq,
                                     " changes of this replica, the replica ", hello.chain().seq(),
                                     ": its store went back"),
           "nothing: it recovers by itself; see trialsync recovery show, at the site");
    return false;
  }
  return true;
}

// What the replica tells of itself, kept: should its store go back, it learns from it what is gone.
void CoordinatorMachine::Group::NoteReplica(Work& work, const ReplicaId& replica,
                                            uint64_t incarnation, const v1::ChainPosition& chain,
                                            const v1::RecoveryRow* recovery) {
  storage::PartitionTables& tables = work.state->tables();
  const v1::ReplicaRow before = tables.Replica(replica).value_or(v1::ReplicaRow());
  v1::ReplicaRow row = before;
  row.set_incarnation(incarnation);
  row.set_told_seq(chain.seq());
  if (recovery != nullptr) *row.mutable_recovery() = *recovery;
  if (row.SerializeAsString() == before.SerializeAsString()) return;
  tables.PutReplica(replica, row);
  if (row.recovery().SerializeAsString() == before.recovery().SerializeAsString()) return;
  const v1::RecoveryRow& told = row.recovery();
  const bool lost = told.lost_last_seq() != 0;
  Tell(lost ? Event::Severity::kAlarm : Event::Severity::kWarning,
       lost ? "a replica has lost changes that it had saved" : "a replica recovered",
       {{"site", work.name.ToString()},
        {"replica", replica.hex()},
        {"cause", v1::RecoveryCause_Name(told.cause())},
        {"lost_first_seq", absl::StrCat(told.lost_first_seq())},
        {"lost_last_seq", absl::StrCat(told.lost_last_seq())}});
}

void CoordinatorMachine::Group::OnHello(SessionId id, Session& session, const v1::Hello& hello) {
  const SiteName name{hello.study(), hello.site()};
  const std::optional<ReplicaId> replica = ReplicaId::From(hello.replica());
  const auto& versions = hello.protocol_versions();
  if (std::find(versions.begin(), versions.end(), 1u) == versions.end()) {
    return Refuse(id, v1::REFUSAL_REASON_PROTOCOL_VERSION, "the coordinator speaks version 1",
                  "install the coordinator's release at the site");
  }
  if (!replica) return Refuse(id, v1::REFUSAL_REASON_MESSAGE_INVALID, "no replica id", "");
  if (*replica == machine_.centre_.replica) {
    return Refuse(id, v1::REFUSAL_REASON_REPLICA_NOT_ENROLLED,
                  "this is the coordinator's own id, which no other replica can have",
                  "install the replica anew with an empty --data");
  }
  // Whose log the coordinator once signed, it once had.
  if (!machine_.partitions_.contains(name) && SignedEnd(name, hello)) CreateEmpty(name);
  if (!machine_.definitions_.contains(name.study)) {
    return Refuse(id, v1::REFUSAL_REASON_STUDY_UNKNOWN,
                  absl::StrCat("the coordinator has no study ", name.study),
                  "trialsync study publish FILE, at the coordinator");
  }
  Work* const work = Open(name);
  if (work == nullptr || name.site == kCentreSite) {
    return Refuse(id, v1::REFUSAL_REASON_SITE_UNKNOWN,
                  absl::StrCat("no version of study ", name.study, " was ever activated for site ",
                               name.site),
                  absl::StrCat("trialsync study activate ", name.study, "@1 --site ", name.site,
                               ", at the coordinator"));
  }
  const v1::RecoveryRow& recovery = hello.recovery();
  if (hello.has_recovery() && recovery.ended_time_us() == 0 && recovery.incarnation_after() == 0) {
    Tell(Event::Severity::kAlarm, "two running daemons use copies of one store",
         {{"site", name.ToString()}, {"replica", replica->hex()}});
    return Refuse(id, v1::REFUSAL_REASON_REPLICA_COPIED,
                  "another running daemon uses a copy of this store",
                  "trialsync recovery become-replica, at this machine, or stop one of the two");
  }
  if (!IsBeginning(id, session, hello, *work) || !Acceptable(id, hello, *work)) return;
  if (!work->state->tables().Enrolled(*replica)) {
    if (!machine_.options_.enrol_at_first_contact) {
      return Refuse(id, v1::REFUSAL_REASON_REPLICA_NOT_ENROLLED, "this replica is not enrolled",
                    "");
    }
    v1::Change enrolment = NewChange(name, *work->log, "coordinator", "first contact");
    enrolment.mutable_replica_enrolment()->set_replica(replica->str());
    CommitOwn(*work, enrolment);
    work->state->Flush();
    work->log->Flush();
  }
  FenceOlder(id, name, *replica, hello.boot());

  const v1::ReplicaRow told = work->state->tables().Replica(*replica).value_or(v1::ReplicaRow());
  // One that recovers knows less than it told before.
  if (!hello.has_recovery() || recovery.ended_time_us() != 0) {
    NoteReplica(*work, *replica, hello.incarnation(), hello.chain(),
                hello.has_recovery() ? &recovery : nullptr);
  }
  NoteMet(*work, *replica);
  session.partition = name;
  session.replica = *replica;
  session.incarnation = hello.incarnation();
  session.sent_size = hello.log().size();
  session.durable_size = hello.log().size();
  for (const v1::VersionReference& version : hello.definitions()) {
    session.definitions_held.emplace(version.number(), version.sha256());
  }
  ReplicaStatus& status = StatusOf(session);
  status.replica = *replica;
  status.connected = true;
  status.last_contact = now_;
  status.log = hello.log();
  status.software_version = hello.software_version();
  status.clock_offset_ms = absl::ToInt64Milliseconds(now_ - FromTimestamp(hello.wall_clock()));

  v1::CoordinatorMessage message;
  v1::Welcome* welcome = message.mutable_welcome();
  const LogWriter::ChainEnd& chain = work->log->Chain({*replica, hello.incarnation()});
  welcome->set_told_incarnation(told.incarnation());
  welcome->set_told_seq(told.told_seq());
  welcome->set_verifier_key(machine_.options_.signing_key->verifier().ToString());
  welcome->set_protocol_version(1);
  welcome->mutable_chain()->set_seq(chain.seq);
  welcome->mutable_chain()->set_hash(chain.hash.str());
  *welcome->mutable_log() = work->log->Position();
  welcome->set_batch_bytes_max(kBatchBytesMax);
  welcome->set_batch_changes_max(kBatchChangesMax);
  welcome->set_batches_in_flight_max(kBatchesInFlightMax);
  welcome->set_heartbeat_interval_ms(
      static_cast<uint32_t>(absl::ToInt64Milliseconds(kHeartbeatInterval)));
  welcome->set_clock_offset_ms(status.clock_offset_ms);
  SendToSite(id, std::move(message));
  Tell(Event::Severity::kInfo, "site connected",
       {{"site", name.ToString()},
        {"replica", replica->hex()},
        {"log_there", absl::StrCat(hello.log().size())},
        {"log_here", absl::StrCat(work->log->size())},
        {"changes_to_come", absl::StrCat(hello.chain().seq() - chain.seq)}});
}

void CoordinatorMachine::Group::FenceOlder(SessionId id, const SiteName& partition,
                                           const ReplicaId& replica, uint64_t boot) {
  std::vector<SessionId> older;
  for (const auto& [other, session] : machine_.sessions_) {
    if (other != id && session.partition == partition && session.replica == replica) {
      older.push_back(other);
    }
  }
  for (const SessionId other : older) {
    Refuse(other, v1::REFUSAL_REASON_SESSION_SUPERSEDED,
           "a newer session of this replica took its place", "", boot);
  }
}

// Why a batch cannot be taken; empty if it can.
std::string CoordinatorMachine::Group::FaultOf(const v1::Change& change, const Session& session,
                                               const Work& work) {
  if (change.study() != session.partition->study || change.site() != session.partition->site) {
    return "is of another study or site";
  }
  const v1::Position& base = change.base();
  const bool sent = base.number() <= session.sent_size &&
                    (base.number() == 0 ||
                     work.state->branches().At(base.number()).epoch() == base.epoch());
  return !sent && !work.state->tables().TakenOffAt(base) ? "is based on a commit that the site cannot have" : "";
}

void CoordinatorMachine::Group::OnBatch(SessionId id, Session& session, const v1::Batch& batch) {
  Work* const work = Open(*session.partition);
  if (work == nullptr) return;
  const ChainId chain{session.replica, session.incarnation};
  const LogWriter::ChainEnd& end = work->log->Chain(chain);
  if (batch.first_seq() != end.seq + 1) {
    return Refuse(id, v1::REFUSAL_REASON_SEQUENCE_GAP,
                  absl::StrCat("change ", end.seq + 1, " is next, not ", batch.first_seq()), "");
  }
  std::optional<Stamp> origin;
  if (batch.first_seq() == 1 && !batch.behind().empty()) {
    const std::optional<ChangeId> behind = ChangeId::From(batch.behind());
    origin = behind ? PlaceOf(work->state->tables(), *behind) : std::nullopt;
    // Nobody goes on from the centre's chain, and so counts as having seen what it did.
    if (!origin || work->state->IsCentre(origin->chain.replica)) {
      return Refuse(id, v1::REFUSAL_REASON_CHAIN_UNKNOWN,
                    "the batch is behind a change that the coordinator does not have",
                    "nothing: the site recovers by itself");
    }
  }
  const absl::StatusOr<OpenedBatch> opened = OpenBatch(batch, end.hash);
  if (!opened.ok()) {
    return Refuse(id, v1::REFUSAL_REASON_MESSAGE_INVALID, std::string(opened.status().message()),
                  "");
  }
  if (HoldsOneTwice(*opened)) {
    return Refuse(id, v1::REFUSAL_REASON_MESSAGE_INVALID, "the batch holds one change twice", "");
  }
  ReadAhead(*opened, work->state->tables());
  for (size_t i = 0; i < opened->changes.size(); ++i) {
    const v1::Change& change = *opened->changes[i];
    if (const std::string fault = FaultOf(change, session, *work); !fault.empty()) {
      return Refuse(id, v1::REFUSAL_REASON_MESSAGE_INVALID,
                    absl::StrCat("change ", batch.first_seq() + i, " ", fault), "");
    }
    if (work->state->tables().Change(ChangeIdOf(opened->digests[i]))) {
      return Refuse(id, v1::REFUSAL_REASON_CHAIN_UNKNOWN,
                    absl::StrCat("change ", batch.first_seq() + i,
                                 " came to the coordinator by another way: the site's store went "
                                 "back, or was copied"),
                    "nothing: the site recovers by itself");
    }
    if (LeaksSiteOnly(change, work->state->definitions())) {
      return Refuse(id, v1::REFUSAL_REASON_SITE_ONLY_VALUE,
                    "a change holds a value that must stay at the hospital; it was not kept",
                    "install the coordinator's release at the site");
    }
  }
  if (opened->chain.back().view() != batch.chain()) {
    return Refuse(id, v1::REFUSAL_REASON_CHAIN_BROKEN,
                  "the changes do not give the chain that the batch says", "trialsync verify");
  }
  for (size_t i = 0; i < opened->changes.size(); ++i) {
    Commit(*work, {.stamp = {chain, batch.first_seq() + i},
                   .origin = i == 0 ? origin : std::nullopt,
                   .authored = opened->content.changes(static_cast<int>(i)),
                   .authored_digest = opened->digests[i],
                   .change = opened->changes[i],
                   .received_time_us = absl::ToUnixMicros(now_),
                   .chain_hash = &opened->chain[i]});
  }
}

void CoordinatorMachine::Group::OnHeartbeat(Session& session, const v1::Heartbeat& heartbeat) {
  StatusOf(session).log = heartbeat.log();
  Work* const work = heartbeat.has_chain() ? Open(*session.partition) : nullptr;
  if (work == nullptr) return;
  NoteReplica(*work, session.replica, session.incarnation, heartbeat.chain(), nullptr);
}

void CoordinatorMachine::Group::OnProgress(Session& session, const v1::LogPosition& log) {
  StatusOf(session).log = log;
  session.durable_size = std::max(session.durable_size, log.size());
  while (!session.frame_ends.empty() && session.frame_ends.front() <= session.durable_size) {
    session.frame_ends.pop_front();
  }
}

void CoordinatorMachine::Group::SendDefinitions(SessionId id, Session& session, Work& work) {
  for (const auto& definition : work.state->definitions().all()) {
    const v1::VersionReference& version = definition->version();
    if (!session.definitions_held.emplace(version.number(), version.sha256()).second) continue;
    v1::CoordinatorMessage message;
    *message.mutable_definition()->mutable_version() = version;
    message.mutable_definition()->set_definition(definition->bytes());
    SendToSite(id, std::move(message));
  }
}

absl::Status CoordinatorMachine::Group::Sign(Work& work, v1::Checkpoint& end) {
  const v1::LogPosition& log = end.log();
  const absl::StatusOr<Checkpoint> checkpoint =
      CheckpointAt(work.name, log, now_, work.state->branches().ParentOf(log.epoch()));
  if (!checkpoint.ok()) return checkpoint.status();
  absl::StatusOr<std::string> note = SignCheckpoint(*checkpoint, *machine_.options_.signing_key);
  if (!note.ok()) return note.status();
  if (log.size() == work.log->size()) work.state->tables().PutCheckpoint(log.epoch(), *note);
  end.set_note(*std::move(note));
  return absl::OkStatus();
}

void CoordinatorMachine::Group::SendFrames(SessionId id, Session& session, Work& work) {
  const v1::LogPosition log = work.log->Position();
  while (session.sent_size < log.size() && session.frame_ends.size() < kFramesInFlightMax) {
    absl::StatusOr<v1::LogFrame> frame =
        BuildLogFrame(work.state->tables(), session.sent_size + 1,
                      {session.replica, session.incarnation}, log);
    if (!frame.ok()) return Fail(frame.status());
    absl::Status signature = Sign(work, *frame->mutable_checkpoint());
    if (!signature.ok()) return Fail(std::move(signature));
    session.sent_size = frame->checkpoint().log().size();
    session.frame_ends.push_back(session.sent_size);
    v1::CoordinatorMessage message;
    *message.mutable_log_frame() = *std::move(frame);
    SendToSite(id, std::move(message));
  }
  session.behind = session.sent_size < log.size();
}

void CoordinatorMachine::Group::Refuse(SessionId id, v1::RefusalReason reason,
                                       const std::string& message, const std::string& mend,
                                       uint64_t boot) {
  v1::CoordinatorMessage out;
  out.mutable_refusal()->set_reason(reason);
  out.mutable_refusal()->set_message(message);
  out.mutable_refusal()->set_mend(mend);
  out.mutable_refusal()->set_boot(boot);
  SendToSite(id, std::move(out));
  ready_.closes.push_back(id);
  Tell(Event::Severity::kWarning, "a session was refused",
       {{"reason", v1::RefusalReason_Name(reason)}, {"detail", message}});
  const auto it = machine_.sessions_.find(id);
  if (it == machine_.sessions_.end()) return;
  if (it->second.partition) StatusOf(it->second).connected = false;
  machine_.sessions_.erase(it);
}

void CoordinatorMachine::Group::SendToSite(SessionId id, v1::CoordinatorMessage message) {
  if (const auto it = machine_.sessions_.find(id); it != machine_.sessions_.end()) {
    it->second.last_sent = now_;
  }
  ready_.sends.push_back({id, std::move(message)});
}

ReplicaStatus& CoordinatorMachine::Group::StatusOf(const Session& session) {
  return machine_.replicas_[{*session.partition, session.replica}];
}

}  // namespace trialsync::sync
