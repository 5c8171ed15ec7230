// SPDX-License-Identifier: Apache-2.0
#include "tests/transcripts/raw_replica.h"

#include <algorithm>
#include <atomic>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "proto/check.h"
#include "sync/chain.h"
#include "sync/compression.h"
#include "sync/log_tree.h"
#include "sync/time.h"

namespace trialsync::transcripts {
namespace {

// Far from the numbers that the world gives.
constexpr sync::SessionId kFirstSession = 1'000'000;
constexpr uint64_t kIncarnation = 7;

sync::SessionId NextSession() {
  static std::atomic<sync::SessionId> next = kFirstSession;
  return next++;
}

std::string FieldOf(const sync::Event& event, const std::string& key) {
  for (const auto& [name, value] : event.fields) {
    if (name == key) return value;
  }
  return "";
}

// The refusals that the coordinator told since its event `first`.
std::string RefusalsSince(const world::Node& coordinator, size_t first) {
  std::string text;
  for (size_t i = first; i < coordinator.events().size(); ++i) {
    const sync::Event& event = coordinator.events()[i];
    if (event.text != "a session was refused") continue;
    absl::StrAppend(
        &text, text.empty() ? "" : "\n", "refused ",
        std::string(absl::StripPrefix(FieldOf(event, "reason"), "REFUSAL_REASON_")), ": ",
        FieldOf(event, "detail"));
  }
  return text;
}

}  // namespace

v1::LogPosition LogPositionAt(world::Node& coordinator, const SiteName& partition,
                              std::optional<uint64_t> size) {
  storage::Transaction transaction(coordinator.store().NewSnapshot());
  const auto number = storage::StoreTables(&transaction).FindPartition(partition);
  v1::LogPosition log;
  if (!number) return log;
  storage::PartitionTables tables(&transaction, *number);
  log.set_epoch(tables.Head().epoch());
  log.set_size(size.value_or(tables.Head().size()));
  const absl::StatusOr<Sha256> root =
      sync::RootAt(tables, std::min(log.size(), tables.Head().size()));
  TS_CHECK(root.ok());
  log.set_root(root->str());
  return log;
}

RawReplica::RawReplica(world::World* world, std::string name)
    : world_(world), name_(std::move(name)) {
  chain_ = {*ReplicaId::From(Sha256Of(name_).view().substr(0, ReplicaId::kBytes)), kIncarnation};
}

v1::Hello RawReplica::Hello(const SiteName& partition) {
  v1::Hello hello;
  hello.add_protocol_versions(1);
  hello.set_study(partition.study);
  hello.set_site(partition.site);
  hello.set_replica(chain_.replica.str());
  hello.set_incarnation(chain_.incarnation);
  hello.set_boot(1);
  *hello.mutable_log() = LogPositionAt(world_->coordinator(), partition, std::nullopt);
  hello.mutable_chain()->set_seq(seq_);
  hello.mutable_chain()->set_hash(hash_.str());
  *hello.mutable_wall_clock() = sync::ToTimestamp(world_->now());
  hello.set_software_version("test");
  return hello;
}

std::string RawReplica::SayHello(const v1::Hello& hello) {
  world::Node& coordinator = world_->coordinator();
  const size_t events_before = coordinator.events().size();
  sessions_.push_back(NextSession());
  TS_CHECK(coordinator.Run({sync::SessionOpened{sessions_.back()}}).ok());
  v1::SiteMessage message;
  *message.mutable_hello() = hello;
  Deliver(sessions_.back(), std::move(message));
  const std::string refusals = RefusalsSince(coordinator, events_before);
  const bool welcome =
      std::any_of(coordinator.events().begin() + static_cast<std::ptrdiff_t>(events_before),
                  coordinator.events().end(),
                  [](const sync::Event& event) { return event.text == "site connected"; });
  if (!welcome) return refusals;
  partition_ = SiteName{hello.study(), hello.site()};
  TellProgress();
  return refusals.empty() ? "welcome" : absl::StrCat("the older session: ", refusals, "\nwelcome");
}

std::string RawReplica::Send(v1::SiteMessage message, bool on_older_stream) {
  TS_CHECK(sessions_.size() > (on_older_stream ? 1u : 0u));
  world::Node& coordinator = world_->coordinator();
  const size_t events_before = coordinator.events().size();
  Deliver(sessions_[sessions_.size() - (on_older_stream ? 2 : 1)], std::move(message));
  return RefusalsSince(coordinator, events_before);
}

std::string RawReplica::SendFirst(v1::SiteMessage message) {
  sessions_.push_back(NextSession());
  TS_CHECK(world_->coordinator().Run({sync::SessionOpened{sessions_.back()}}).ok());
  return Send(std::move(message), /*on_older_stream=*/false);
}

void RawReplica::Deliver(sync::SessionId session, v1::SiteMessage message) {
  TS_CHECK(
      world_->coordinator().Run({sync::MessageReceived{session, std::move(message)}}).ok());
}

// Everything sent down counts as durable here, so that the coordinator goes on sending.
void RawReplica::TellProgress() {
  if (!partition_) return;
  v1::SiteMessage message;
  *message.mutable_progress()->mutable_log() =
      LogPositionAt(world_->coordinator(), *partition_, std::nullopt);
  Deliver(sessions_.back(), std::move(message));
}

v1::Batch RawReplica::BatchOf(const std::vector<std::string>& authored) {
  v1::BatchContent content;
  Sha256 hash = hash_;
  for (const std::string& bytes : authored) {
    content.add_changes(bytes);
    hash = sync::NextChainHash(hash, Sha256Of(bytes));
  }
  const std::string bytes = content.SerializeAsString();
  v1::Batch batch;
  batch.set_first_seq(next_seq());
  batch.set_count(static_cast<uint32_t>(authored.size()));
  batch.set_chain(hash.str());
  batch.set_content(sync::Compress(bytes));
  batch.set_content_bytes(static_cast<uint32_t>(bytes.size()));
  return batch;
}

std::string RawReplica::SendBatch(const v1::Batch& batch, const std::vector<std::string>& authored,
                                  bool on_older_stream) {
  const auto log_size = [this] {
    return LogPositionAt(world_->coordinator(), *partition_, std::nullopt).size();
  };
  const uint64_t size_before = log_size();
  v1::SiteMessage message;
  *message.mutable_batch() = batch;
  const std::string refusal = Send(std::move(message), on_older_stream);
  if (!refusal.empty()) return refusal;
  if (log_size() == size_before) return "not heard";
  TellProgress();
  seq_ += authored.size();
  for (const std::string& bytes : authored) hash_ = sync::NextChainHash(hash_, Sha256Of(bytes));
  return "";
}

}  // namespace trialsync::transcripts
