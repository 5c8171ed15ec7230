// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "google/protobuf/arena.h"
#include "sync/chain.h"
#include "sync/compression.h"
#include "sync/coordinator_group.h"
#include "sync/frame.h"
#include "sync/limits.h"
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
  switch (message.message_case()) {
    case v1::SiteMessage::kHello:
      return OnHello(input.session, session, message.hello());
    case v1::SiteMessage::kBatch:
      return OnBatch(input.session, session, message.batch());
    case v1::SiteMessage::kProgress:
      return OnProgress(session, message.progress().log());
    case v1::SiteMessage::kHeartbeat:
      StatusOf(session).log = message.heartbeat().log();
      return;
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
  if (hello.log().size() != 0) {
    const bool ahead = hello.log().size() > work.log->size();
    const absl::StatusOr<Sha256> root =
        ahead ? absl::StatusOr<Sha256>(Sha256()) : RootAt(work.state->tables(), hello.log().size());
    if (!root.ok()) {
      Fail(root.status());
      return false;
    }
    if (ahead || hello.log().epoch() != work.log->epoch() || hello.log().root() != root->view()) {
      Tell(Event::Severity::kAlarm, "a site's log is not a part of this one",
           {{"site", work.name.ToString()},
            {"size_there", absl::StrCat(hello.log().size())},
            {"size_here", absl::StrCat(work.log->size())}});
      Refuse(
          id, v1::REFUSAL_REASON_LOG_DIVERGED,
          absl::StrCat("the site's log of ", hello.log().size(),
                       " commits is not the beginning of the coordinator's of ", work.log->size()),
          "trialsync verify, at both ends");
      return false;
    }
  }
  const LogWriter::ChainEnd& known =
      work.log->Chain({*ReplicaId::From(hello.replica()), hello.incarnation()});
  if (known.seq > hello.chain().seq()) {
    Tell(Event::Severity::kAlarm, "a replica knows less of its own changes than the coordinator",
         {{"site", work.name.ToString()}, {"replica", ToHex(hello.replica())}});
    Refuse(id, v1::REFUSAL_REASON_REPLICA_BEHIND,
           absl::StrCat("the coordinator has ", known.seq, " changes of this replica, the replica ",
                        hello.chain().seq(), ": was its store restored or copied?"),
           "install the replica anew with an empty --data; what was sent is at the coordinator");
    return false;
  }
  return true;
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
  if (!Acceptable(id, hello, *work)) return;
  if (!work->state->tables().Enrolled(*replica)) {
    if (!machine_.options_.enrol_at_first_contact) {
      return Refuse(id, v1::REFUSAL_REASON_REPLICA_NOT_ENROLLED, "this replica is not enrolled",
                    "");
    }
    v1::Change enrolment = NewChange(*work, "coordinator", "first contact");
    enrolment.mutable_replica_enrolment()->set_replica(replica->str());
    CommitOwn(*work, enrolment);
    work->state->Flush();
    work->log->Flush();
  }
  FenceOlder(id, name, *replica);

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
                                           const ReplicaId& replica) {
  std::vector<SessionId> older;
  for (const auto& [other, session] : machine_.sessions_) {
    if (other != id && session.partition == partition && session.replica == replica) {
      older.push_back(other);
    }
  }
  for (const SessionId other : older) {
    Refuse(other, v1::REFUSAL_REASON_SESSION_SUPERSEDED,
           "a newer session of this replica took its place", "");
  }
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
    const ChangeId change_id = ChangeIdOf(opened->digests[i]);
    const bool misplaced =
        change.study() != session.partition->study || change.site() != session.partition->site;
    const bool ahead = change.base().number() > session.sent_size ||
                       (change.base().number() != 0 && change.base().epoch() != work->log->epoch());
    if (misplaced || ahead || work->state->tables().Change(change_id)) {
      return Refuse(id, v1::REFUSAL_REASON_MESSAGE_INVALID,
                    absl::StrCat("change ", batch.first_seq() + i,
                                 misplaced ? " is of another study or site"
                                 : ahead   ? " is based on a commit that the site cannot have"
                                           : " is in the log already"),
                    "");
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
    work->log->Append({.stamp = {chain, batch.first_seq() + i},
                       .authored = opened->content.changes(static_cast<int>(i)),
                       .authored_digest = opened->digests[i],
                       .change = opened->changes[i],
                       .received_time_us = absl::ToUnixMicros(now_),
                       .chain_hash = &opened->chain[i]});
  }
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

void CoordinatorMachine::Group::SendFrames(SessionId id, Session& session, Work& work) {
  const v1::LogPosition log = work.log->Position();
  while (session.sent_size < log.size() && session.frame_ends.size() < kFramesInFlightMax) {
    absl::StatusOr<v1::LogFrame> frame =
        BuildLogFrame(work.state->tables(), session.sent_size + 1,
                      {session.replica, session.incarnation}, log, absl::ToUnixMicros(now_));
    if (!frame.ok()) return Fail(frame.status());
    session.sent_size = frame->checkpoint().log().size();
    session.frame_ends.push_back(session.sent_size);
    v1::CoordinatorMessage message;
    *message.mutable_log_frame() = *std::move(frame);
    SendToSite(id, std::move(message));
  }
  session.behind = session.sent_size < log.size();
}

void CoordinatorMachine::Group::Refuse(SessionId id, v1::RefusalReason reason,
                                       const std::string& message, const std::string& mend) {
  v1::CoordinatorMessage out;
  out.mutable_refusal()->set_reason(reason);
  out.mutable_refusal()->set_message(message);
  out.mutable_refusal()->set_mend(mend);
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
