// SPDX-License-Identifier: Apache-2.0
#include "sync/coordinator_group.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "proto/check.h"
#include "sync/client_work.h"
#include "sync/limits.h"
#include "sync/time.h"

namespace trialsync::sync {

// The desk at which the centre's people work: what they save is committed in the same group.
class CoordinatorMachine::Group::CentreDesk : public Desk {
 public:
  CentreDesk(Group& group, Work& work) : group_(group), work_(work) { Look(); }

  const SiteName& partition_name() const override { return work_.name; }
  View& view() override { return *view_; }
  v1::Position base() const override {
    v1::Position base;
    base.set_epoch(work_.log->epoch());
    base.set_number(work_.log->size());
    return base;
  }
  bool at_centre() const override { return true; }
  absl::Time now() const override { return group_.now_; }
  Entropy& entropy() override { return *group_.machine_.entropy_; }

  absl::StatusOr<Saved> Save(const v1::Change& change, const Scope&) override {
    const Receipt receipt = group_.CommitOwn(work_, change);
    const ChangeId id = ChangeIdOf(Sha256Of(change.SerializeAsString()));
    Look();
    return Saved{id, receipt.verdict};
  }
  absl::Status SavePrivate(const ChangeId&, const v1::PrivateEdit&) override {
    return absl::FailedPreconditionError(
        "an item that stays at the hospital can only be written there");
  }
  absl::Status ClosePrediction(const storage::DiscrepancyId&) override {
    return absl::NotFoundError("there is no such note at the centre");
  }

 private:
  // What is committed is not replayed once more: the view begins anew, at the same address.
  void Look() {
    work_.state->Flush();
    work_.log->Flush();
    view_.emplace(&group_.transaction_, work_.number, &work_.state->definitions());
  }

  Group& group_;
  Work& work_;
  std::optional<View> view_;
};

CoordinatorMachine::Group::Group(CoordinatorMachine& machine, absl::Time now,
                                 std::shared_ptr<const storage::Snapshot> snapshot, Ready& ready)
    : machine_(machine), now_(now), ready_(ready), transaction_(std::move(snapshot)) {}

CoordinatorMachine::Group::Work* CoordinatorMachine::Group::Open(const SiteName& name) {
  if (const auto it = works_.find(name); it != works_.end()) return &it->second;
  const auto partition = machine_.partitions_.find(name);
  if (partition == machine_.partitions_.end()) return nullptr;
  Work work;
  work.number = partition->second.number;
  work.name = name;
  work.state = std::make_unique<PartitionState>(&transaction_, work.number,
                                                machine_.definitions_.at(name.study).get());
  absl::StatusOr<LogWriter> log = LogWriter::Open(work.state.get());
  if (!log.ok()) {
    Fail(log.status());
    return nullptr;
  }
  work.log = std::make_unique<LogWriter>(*std::move(log));
  work.row = work.state->tables().Row();
  return &works_.emplace(name, std::move(work)).first->second;
}

CoordinatorMachine::Group::Work* CoordinatorMachine::Group::CreateEmpty(const SiteName& name) {
  auto& definitions = machine_.definitions_[name.study];
  if (definitions == nullptr) definitions = std::make_shared<const study::DefinitionSet>();
  machine_.partitions_[name] = {storage::StoreTables(&transaction_).AddPartition(name), name};
  return Open(name);
}

CoordinatorMachine::Group::Work* CoordinatorMachine::Group::Create(const SiteName& name) {
  Work* const work = CreateEmpty(name);
  if (work == nullptr) return nullptr;
  for (const auto& definition : machine_.definitions_.at(name.study)->all()) {
    v1::Change change = NewChange(name, *work->log, "coordinator", "published for the study");
    *change.mutable_version_publication()->mutable_version() = definition->version();
    CommitOwn(*work, change);
  }
  return work;
}

v1::Change CoordinatorMachine::Group::NewChange(const SiteName& name, const LogWriter& log,
                                                const std::string& author,
                                                const std::string& reason) {
  v1::Change change;
  change.set_study(name.study);
  change.set_site(name.site);
  *change.mutable_base() = PositionOf(log.epoch(), log.size());
  change.set_author(author);
  *change.mutable_authored_time() = ToTimestamp(now_);
  change.set_reason(reason);
  change.set_nonce(machine_.entropy_->Bytes(16));
  return change;
}

absl::Status CoordinatorMachine::Group::Stopped(const Work& work) {
  if (work.row.stopped().empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("nothing more is committed for ", work.name.ToString(), ": ",
                   work.row.stopped(), "; see trialsync recovery show"));
}

uint64_t CoordinatorMachine::Group::NextEpoch(const Work& work) const {
  return work.row.next_epoch() != 0 ? work.row.next_epoch() : machine_.epoch_;
}

void CoordinatorMachine::Group::AppendRecord(const Work& work, LogWriter& log,
                                             v1::EpochRecord record) {
  const ChainId chain{machine_.centre_.replica, NextEpoch(work)};
  const uint64_t seq = log.Chain(chain).seq + 1;
  if (seq == 1) *record.mutable_parent() = PositionOf(log.epoch(), log.size());
  v1::Change change =
      NewChange(work.name, log, "coordinator", "the coordinator's store went back");
  *change.mutable_epoch_record() = std::move(record);
  const std::string authored = change.SerializeAsString();
  log.Append({.stamp = {chain, seq},
              .authored = authored,
              .authored_digest = Sha256Of(authored),
              .change = &change,
              .received_time_us = absl::ToUnixMicros(now_)});
}

Receipt CoordinatorMachine::Group::Commit(Work& work, const Incoming& incoming) {
  if (work.log->size() == 0) {
    work.log->BeginEpoch(NextEpoch(work));
  } else if (work.log->epoch() != NextEpoch(work)) {
    AppendRecord(work, *work.log, v1::EpochRecord());
  }
  return work.log->Append(incoming);
}

// The one of its chains that no other goes on from. Records of epochs stand on none of them.
std::optional<Stamp> CoordinatorMachine::Group::CentreOrigin(Work& work) {
  if (work.log->Chain(machine_.centre_).seq != 0) return std::nullopt;
  work.log->Flush();
  std::vector<v1::ChainHead> chains = work.state->tables().Chains();
  std::erase_if(chains, [&](const v1::ChainHead& chain) {
    return chain.replica() != machine_.centre_.replica.view() ||
           work.state->branches().Knows(chain.incarnation());
  });
  std::optional<Stamp> origin;
  for (const v1::ChainHead& chain : chains) {
    const bool left = std::any_of(chains.begin(), chains.end(), [&](const v1::ChainHead& other) {
      return other.has_origin() && other.origin().incarnation() == chain.incarnation();
    });
    if (!left) origin = {{machine_.centre_.replica, chain.incarnation()}, chain.seq()};
  }
  return origin;
}

Receipt CoordinatorMachine::Group::CommitOwn(Work& work, const v1::Change& change) {
  const std::string authored = change.SerializeAsString();
  return Commit(work, {.stamp = {machine_.centre_, work.log->Chain(machine_.centre_).seq + 1},
                       .origin = CentreOrigin(work),
                       .authored = authored,
                       .authored_digest = Sha256Of(authored),
                       .change = &change,
                       .received_time_us = absl::ToUnixMicros(now_)});
}

absl::StatusOr<SiteName> CoordinatorMachine::Group::PartitionOf(const ClientWork& work) const {
  const std::string resource(ResourceOf(work));
  const std::vector<std::string> parts = absl::StrSplit(resource, '/');
  if (parts.size() >= 4 && parts[0] == "studies" && parts[2] == "sites") {
    const SiteName name{parts[1], parts[3]};
    if (machine_.partitions_.contains(name)) return name;
    return absl::NotFoundError(absl::StrCat("there is no site ", parts[3], " of study ", parts[1],
                                            "; see trialsync status"));
  }
  return absl::InvalidArgumentError(absl::StrCat("at the coordinator a name says its site: \"",
                                                 resource,
                                                 "\" must begin with studies/STUDY/sites/SITE"));
}

void CoordinatorMachine::Group::Handle(const ClientRequest& input) {
  Answer answer;
  answer.token = input.token;
  const auto set = [&answer](auto result) {
    answer.status = result.status();
    if (result.ok()) answer.result = *std::move(result);
  };
  if (const auto* publish = std::get_if<v1::PublishStudyVersionRequest>(&input.work)) {
    set(Publish(*publish));
  } else if (const auto* activate = std::get_if<v1::ActivateStudyVersionRequest>(&input.work)) {
    set(Activate(*activate));
  } else if (std::holds_alternative<v1::BecomeReplicaRequest>(input.work)) {
    answer.status = absl::FailedPreconditionError(
        "the coordinator is no replica of a site: point --at at the site's machine");
  } else if (const auto* retire = std::get_if<v1::RetireStudyVersionRequest>(&input.work)) {
    set(Retire(*retire));
  } else {
    const absl::StatusOr<SiteName> name = PartitionOf(input.work);
    Work* const work = name.ok() ? Open(*name) : nullptr;
    answer.status = name.status();
    if (work != nullptr) answer.status = Stopped(*work);
    if (work != nullptr && answer.status.ok()) {
      CentreDesk desk(*this, *work);
      answer = Perform(desk, input);
    }
  }
  ready_.answers.push_back(std::move(answer));
}

void CoordinatorMachine::Group::Handle(const Tick&) {
  for (auto& [id, session] : machine_.sessions_) {
    // A clock that was put back begins both intervals anew.
    session.last_received = std::min(session.last_received, now_);
    session.last_sent = std::min(session.last_sent, now_);
    if (now_ - session.last_received > kHeartbeatInterval * kHeartbeatsMissedMax) {
      Tell(Event::Severity::kInfo, "a site is silent: its session is ended",
           {{"site", session.partition ? session.partition->ToString() : "(no hello yet)"}});
      ready_.closes.push_back(id);
    } else if (session.welcomed() && now_ - session.last_sent >= kHeartbeatInterval) {
      Work* const work = Open(*session.partition);
      if (work == nullptr) continue;
      v1::CoordinatorMessage message;
      *message.mutable_heartbeat()->mutable_log() = work->log->Position();
      *message.mutable_heartbeat()->mutable_wall_clock() = ToTimestamp(now_);
      SendToSite(id, std::move(message));
    }
  }
}

void CoordinatorMachine::Group::Tell(Event::Severity severity, std::string text,
                                     std::vector<std::pair<std::string, std::string>> fields) {
  ready_.events.push_back({severity, std::move(text), std::move(fields)});
}

void CoordinatorMachine::Group::Fail(absl::Status status) {
  if (status_.ok()) status_ = std::move(status);
}

absl::Status CoordinatorMachine::Group::Finish() {
  for (auto& [name, work] : works_) {
    work.state->Flush();
    work.log->Flush();
  }
  for (auto& [id, session] : machine_.sessions_) {
    if (!session.welcomed()) continue;
    // Not of each group the work of all partitions.
    if (!session.behind && !works_.contains(*session.partition)) continue;
    Work* const work = Open(*session.partition);
    if (work == nullptr) continue;
    SendDefinitions(id, session, *work);
    SendFrames(id, session, *work);
  }
  for (const auto& [name, work] : works_) {
    if (!work.state->status().ok()) Fail(work.state->status());
  }
  if (!status_.ok() || transaction_.pending_count() == 0) return status_;
  storage::StoreTables store(&transaction_);
  if (!machine_.key_stored_) {
    store.PutVerifierKey(machine_.options_.signing_key->verifier().ToString());
    machine_.key_stored_ = true;
  }
  ready_.note.group = store.PutNextGroup(machine_.entropy_->U64());
  if (!store.status().ok()) return store.status();
  ready_.writes = transaction_.TakeBatch();
  return absl::OkStatus();
}

}  // namespace trialsync::sync
