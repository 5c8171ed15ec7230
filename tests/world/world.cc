// SPDX-License-Identifier: Apache-2.0
#include "tests/world/world.h"

#include <utility>

#include "proto/check.h"
#include "storage/tables.h"

namespace trialsync::world {
namespace {

constexpr int kQuietStepsMax = 1'000'000;

}  // namespace

std::string SeededEntropy::Bytes(size_t size_bytes) {
  std::string bytes;
  while (bytes.size() < size_bytes) {
    uint64_t word = generator_();
    for (int i = 0; i < 8 && bytes.size() < size_bytes; ++i, word >>= 8) {
      bytes.push_back(static_cast<char>(word & 0xff));
    }
  }
  return bytes;
}

absl::Status Node::Run(std::vector<sync::Input> group) {
  TS_CHECK(up());
  const absl::Status status = loop_->Run(group, world_->now());
  if (!status.ok()) {
    TS_CHECK(crash_at_write_.has_value());
    world_->DeliverSent(*this);
    world_->Crash(*this);
  }
  return status;
}

sync::Answer Node::Do(sync::ClientWork work) {
  const uint64_t token = next_token_++;
  std::vector<sync::Input> group;
  group.push_back(sync::ClientRequest{token, std::move(work)});
  const size_t before = answers_.size();
  Run(std::move(group)).IgnoreError();
  TS_CHECK(answers_.size() == before + 1 && answers_.back().token == token);
  sync::Answer answer = std::move(answers_.back());
  answers_.pop_back();
  return answer;
}

void Node::SendMessage(sync::Send send) {
  if (world_->watcher_) world_->watcher_(*this, send);
  const auto it = world_->streams_.find(send.session);
  if (it == world_->streams_.end()) return;
  if (auto* message = std::get_if<v1::SiteMessage>(&send.message)) {
    it->second.up.push_back(std::move(*message));
  } else {
    it->second.down.push_back(std::get<v1::CoordinatorMessage>(std::move(send.message)));
  }
}

void Node::CloseSession(sync::SessionId session) {
  const auto it = world_->streams_.find(session);
  if (it == world_->streams_.end()) return;
  (coordinator_ ? it->second.closing_at_coordinator : it->second.closing_at_site) = true;
}

World::World(uint64_t seed)
    : entropy_(seed),
      signing_key_(*sync::SigningKey::FromSecret("centre", std::string(32, 's'))) {
  coordinator_ = std::make_unique<Node>(this, "centre");
  Open(*coordinator_);
}

Node& World::AddReplica(const SiteName& site, const std::string& name) {
  replicas_.push_back(std::make_unique<Node>(this, name));
  Node& node = *replicas_.back();
  node.site_options_.name = site;
  node.site_options_.software_version = "test";
  Open(node);
  return node;
}

std::vector<Node*> World::replicas() {
  std::vector<Node*> nodes;
  for (const auto& node : replicas_) nodes.push_back(node.get());
  return nodes;
}

void World::Open(Node& node) {
  const bool is_site = &node != coordinator_.get();
  const absl::Status prepared =
      is_site
          ? sync::PrepareSiteStore(*node.store_, node.head_, node.site_options_, now_, entropy_)
          : sync::PrepareCoordinatorStore(*node.store_, node.head_, now_, entropy_);
  TS_CHECK(prepared.ok());
  sync::Machine* machine = nullptr;
  if (is_site) {
    auto opened = sync::SiteMachine::Open(node.store_->NewSnapshot(), node.site_options_,
                                          entropy_.U64(), &entropy_);
    TS_CHECK(opened.ok());
    node.site_ = *std::move(opened);
    machine = node.site_.get();
  } else {
    auto opened = sync::CoordinatorMachine::Open(node.store_->NewSnapshot(),
                                                 {.enrol_at_first_contact = true,
                                                  .signing_key = &signing_key_},
                                                 &entropy_);
    TS_CHECK(opened.ok());
    node.coordinator_ = *std::move(opened);
    machine = node.coordinator_.get();
  }
  node.loop_ = std::make_unique<sync::Loop>(node.store_.get(), &node.head_, machine, &node);
}

void World::SetLink(Node& replica, bool up) {
  replica.link_enabled_ = up;
  replica.refused_ = false;
  if (!up) CutSession(replica);
}

void World::CutSession(Node& replica) {
  if (replica.session_) EndStream(*replica.session_, /*tell_site=*/true, /*tell_coordinator=*/true);
}

void World::EndStream(sync::SessionId id, bool tell_site, bool tell_coordinator) {
  const auto it = streams_.find(id);
  if (it == streams_.end()) return;
  Node& replica = *it->second.replica;
  streams_.erase(it);
  replica.session_.reset();
  replica.refused_ = replica.up() && replica.site_->status().refusal.has_value();
  if (tell_site && replica.up()) Deliver(replica, {sync::SessionClosed{id}});
  if (tell_coordinator && coordinator_->up()) Deliver(*coordinator_, {sync::SessionClosed{id}});
}

// A node that fails on request is down afterwards, and that is all.
void World::Deliver(Node& node, std::vector<sync::Input> group) {
  node.Run(std::move(group)).IgnoreError();
}

void World::Crash(Node& node) {
  node.loop_.reset();
  node.site_.reset();
  node.coordinator_.reset();
  const bool keep_all = node.crash_at_write_.value_or(false);
  node.crash_at_write_.reset();
  node.store_->Crash(keep_all ? node.store_->unsynced_batches() : 0);
  std::vector<sync::SessionId> ended;
  for (const auto& [id, stream] : streams_) {
    if (&node == coordinator_.get() || stream.replica == &node) ended.push_back(id);
  }
  for (const sync::SessionId id : ended)
    EndStream(id, /*tell_site=*/true, /*tell_coordinator=*/true);
}

// What `node` has put on its streams reaches the other ends, which cannot know that it is gone.
void World::DeliverSent(const Node& node) {
  std::vector<std::pair<Node*, sync::Input>> arriving;
  for (auto& [id, stream] : streams_) {
    if (&node == coordinator_.get()) {
      for (auto& message : stream.down) {
        arriving.push_back({stream.replica, sync::MessageReceived{id, std::move(message)}});
      }
      stream.down.clear();
    } else if (&node == stream.replica) {
      for (auto& message : stream.up) {
        arriving.push_back({coordinator_.get(), sync::MessageReceived{id, std::move(message)}});
      }
      stream.up.clear();
    }
  }
  for (auto& [other, input] : arriving) {
    if (other->up()) Deliver(*other, {std::move(input)});
  }
}

void World::CrashAtNextWrite(Node& node, bool written) {
  node.crash_at_write_ = written;
  const absl::Status failure = absl::InternalError("the power fails");
  if (written) {
    node.store_->FailNextSync(failure);
  } else {
    node.store_->FailNextWrite(failure);
  }
}

void World::CrashAtNextNote(Node& node, bool written) {
  node.crash_at_write_ = true;
  node.head_.FailNextWrite(absl::InternalError("the power fails"), written);
}

void World::CalmDown(Node& node) {
  if (!node.crash_at_write_) return;
  node.crash_at_write_.reset();
  // Uses up a failure that was asked for and did not happen yet.
  if (const auto note = *node.head_.Read()) node.head_.Write(*note).IgnoreError();
  if (node.up()) node.store_->Reopen();
}

void World::Restore(Node& node, const storage::MemoryTree& image,
                    const std::optional<storage::HeadNote>& head) {
  TS_CHECK(!node.up());
  node.store_ = std::make_unique<storage::MemoryKv>(image);
  node.head_.Set(head);
}

void World::Restart(Node& node) {
  node.store_->Reopen();
  Open(node);
}

// Ends a stream that an end wants closed, once what that end had sent was delivered.
void World::Settle(sync::SessionId id) {
  const auto it = streams_.find(id);
  if (it == streams_.end()) return;
  const Stream& stream = it->second;
  const bool site_done = stream.closing_at_site && stream.up.empty();
  const bool coordinator_done = stream.closing_at_coordinator && stream.down.empty();
  if (site_done || coordinator_done) EndStream(id, /*tell_site=*/true, /*tell_coordinator=*/true);
}

bool World::StepNetwork(uint64_t choice) {
  std::vector<std::function<void()>> possible;
  for (const auto& replica : replicas_) {
    Node* const node = replica.get();
    const bool can_open = node->link_enabled_ && !node->refused_ && !node->session_ && node->up() &&
                          coordinator_->up();
    if (!can_open) continue;
    possible.push_back([this, node] {
      const sync::SessionId id = next_session_++;
      node->session_ = id;
      streams_[id].replica = node;
      Deliver(*coordinator_, {sync::SessionOpened{id}});
      if (streams_.contains(id)) Deliver(*node, {sync::SessionOpened{id}});
    });
  }
  for (const auto& entry : streams_) {
    const sync::SessionId id = entry.first;
    if (!entry.second.up.empty()) {
      possible.push_back([this, id] {
        Stream& stream = streams_.at(id);
        sync::MessageReceived input{id, std::move(stream.up.front())};
        stream.up.pop_front();
        Deliver(*coordinator_, {std::move(input)});
        Settle(id);
      });
    }
    if (!entry.second.down.empty()) {
      possible.push_back([this, id] {
        Stream& stream = streams_.at(id);
        sync::MessageReceived input{id, std::move(stream.down.front())};
        stream.down.pop_front();
        Node& replica = *stream.replica;
        Deliver(replica, {std::move(input)});
        Settle(id);
      });
    }
    // Nothing is under way that would end it.
    const Stream& stream = entry.second;
    if ((stream.closing_at_site && stream.up.empty()) ||
        (stream.closing_at_coordinator && stream.down.empty())) {
      possible.push_back([this, id] { Settle(id); });
    }
  }
  if (possible.empty()) return false;
  possible[choice % possible.size()]();
  return true;
}

void World::StepTogether(Node& node, std::vector<sync::Input> first, int messages_max,
                         const std::function<uint64_t(uint64_t)>& choose) {
  std::vector<sync::Input> group = std::move(first);
  std::vector<sync::SessionId> touched;
  for (int i = 0; i < messages_max; ++i) {
    std::vector<sync::SessionId> waiting;
    for (const auto& [id, stream] : streams_) {
      const bool something = &node == coordinator_.get()
                                 ? !stream.up.empty()
                                 : stream.replica == &node && !stream.down.empty();
      if (something) waiting.push_back(id);
    }
    if (waiting.empty()) break;
    const sync::SessionId id = waiting[choose(waiting.size())];
    Stream& stream = streams_.at(id);
    if (&node == coordinator_.get()) {
      group.push_back(sync::MessageReceived{id, std::move(stream.up.front())});
      stream.up.pop_front();
    } else {
      group.push_back(sync::MessageReceived{id, std::move(stream.down.front())});
      stream.down.pop_front();
    }
    touched.push_back(id);
  }
  if (group.empty()) return;
  Deliver(node, std::move(group));
  for (const sync::SessionId id : touched) Settle(id);
}

void World::RunUntilQuiet() {
  for (uint64_t step = 0; step < kQuietStepsMax; ++step) {
    // In turns, and not for ever in the same ones.
    if (!StepNetwork(step + step / 7)) return;
  }
  TS_CHECK(false && "the network does not become quiet");
}

NodeView::NodeView(Node& node, const SiteName& partition) : snapshot_(node.store().NewSnapshot()) {
  storage::Transaction transaction(snapshot_);
  const auto number = storage::StoreTables(&transaction).FindPartition(partition);
  TS_CHECK(number.has_value());
  if (node.site() != nullptr) {
    definitions_ = node.site()->definitions();
  } else {
    definitions_ = *node.coordinator()->definitions().at(partition.study);
  }
  view_.emplace(snapshot_.get(), *number, &definitions_);
}

}  // namespace trialsync::world
