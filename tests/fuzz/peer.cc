// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/peer.h"

#include <cstdio>
#include <deque>
#include <variant>

#include "proto/check.h"
#include "storage/tables.h"
#include "sync/log.h"
#include "sync/verify.h"

namespace trialsync::fuzz {
namespace {

constexpr uint64_t kBoot = 7;

// More than any conversation of so small a trial has.
constexpr int kMessagesMax = 1000;

PartitionNumber PartitionIn(storage::Transaction& transaction) {
  const auto partition = storage::StoreTables(&transaction).FindPartition(TheTrial().site);
  TS_CHECK(partition.has_value());
  return *partition;
}

}  // namespace

// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
std::string Randomness::Bytes(size_t size_bytes) {
  std::string bytes;
  while (bytes.size() < size_bytes) {
    uint64_t word = state_ += 0x9e3779b97f4a7c15;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
    word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
    bytes.push_back(static_cast<char>((word ^ (word >> 31)) & 0xff));
  }
  return bytes;
}

Randomness& TheRandomness() {
  static auto& randomness = *new Randomness;
  return randomness;
}

// World's too.
const sync::SigningKey& TheSigningKey() {
  static const auto& key =
      *new sync::SigningKey(*sync::SigningKey::FromSecret("centre", std::string(32, 's')));
  return key;
}

absl::StatusOr<std::unique_ptr<sync::CoordinatorMachine>> OpenCoordinator(
    const storage::Kv& store) {
  return sync::CoordinatorMachine::Open(
      store.NewSnapshot(), {.enrol_at_first_contact = true, .signing_key = &TheSigningKey()},
      &TheRandomness());
}

absl::StatusOr<std::unique_ptr<sync::SiteMachine>> OpenSite(const storage::Kv& store) {
  sync::SiteOptions options;
  options.name = TheTrial().site;
  options.software_version = "fuzz";
  return sync::SiteMachine::Open(store.NewSnapshot(), options, kBoot, &TheRandomness());
}

const study::DefinitionSet& DefinitionsOf(const sync::CoordinatorMachine& machine) {
  return *machine.definitions().at(TheTrial().site.study);
}

const study::DefinitionSet& DefinitionsOf(const sync::SiteMachine& machine) {
  return machine.definitions();
}

v1::LogPosition LogOf(const storage::Kv& store) {
  static const auto& no_definitions = *new study::DefinitionSet;
  storage::Transaction transaction(store.NewSnapshot());
  const PartitionNumber partition = PartitionIn(transaction);
  sync::PartitionState state(&transaction, partition, &no_definitions);
  const auto log = sync::LogWriter::Open(&state);
  TS_CHECK(log.ok());
  return log->Position();
}

v1::ChainHead ChainIn(const storage::Kv& store, const ChainId& chain) {
  storage::Transaction transaction(store.NewSnapshot());
  const PartitionNumber partition = PartitionIn(transaction);
  return storage::PartitionTables(&transaction, partition).Chain(chain).value_or(v1::ChainHead());
}

std::string DifferenceIn(const storage::Kv& store, const study::DefinitionSet& definitions) {
  const auto snapshot = store.NewSnapshot();
  storage::Transaction transaction(snapshot);
  const auto verification =
      sync::VerifyPartition(snapshot, PartitionIn(transaction), TheTrial().site, definitions,
                            [](uint64_t, uint64_t) { return true; });
  TS_CHECK(verification.ok());
  return verification->difference;
}

namespace {

bool Refused(const v1::Refusal& refusal) {
  std::fprintf(stderr, "refused: %s\n", refusal.message().c_str());
  return false;
}

}  // namespace

bool Converse(SitePeer& site, CoordinatorPeer& coordinator, sync::SessionId session) {
  site.TakeSent();
  site.TakeClosed();
  coordinator.TakeSent();
  coordinator.TakeClosed();
  TS_CHECK(coordinator.Run({sync::SessionOpened{session}}).ok());
  TS_CHECK(site.Run({sync::SessionOpened{session}}).ok());
  std::deque<sync::Send> up;
  std::deque<sync::Send> down;
  for (int messages = 0; messages < kMessagesMax; ++messages) {
    for (sync::Send& send : site.TakeSent()) up.push_back(std::move(send));
    for (sync::Send& send : coordinator.TakeSent()) {
      if (send.session == session) down.push_back(std::move(send));
    }
    if (!up.empty()) {
      const auto message = std::get<v1::SiteMessage>(std::move(up.front().message));
      up.pop_front();
      if (message.has_refusal()) return Refused(message.refusal());
      TS_CHECK(coordinator.Run({sync::MessageReceived{session, message}}).ok());
    } else if (!down.empty()) {
      const auto message = std::get<v1::CoordinatorMessage>(std::move(down.front().message));
      down.pop_front();
      TS_CHECK(site.Run({sync::MessageReceived{session, message}}).ok());
      if (message.has_refusal()) return Refused(message.refusal());
    } else {
      return true;
    }
  }
  TS_CHECK(false && "they do not come to an end");
  return false;
}

}  // namespace trialsync::fuzz
