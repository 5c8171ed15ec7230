// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_FUZZ_PEER_H_
#define TRIALSYNC_TESTS_FUZZ_PEER_H_

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/memory_kv.h"
#include "sync/coordinator.h"
#include "sync/loop.h"
#include "sync/site.h"
#include "tests/fuzz/trial.h"

namespace trialsync::fuzz {

// Bytes that look random and begin anew with each input.
class Randomness : public sync::Entropy {
 public:
  std::string Bytes(size_t size_bytes) override;
  void BeginAnew() { state_ = 0; }

 private:
  uint64_t state_ = 0;
};
// What every machine here draws from.
Randomness& TheRandomness();

// What its coordinator signs with.
const sync::SigningKey& TheSigningKey();

// The machines of TheTrial(); an error where the store is damaged.
absl::StatusOr<std::unique_ptr<sync::CoordinatorMachine>> OpenCoordinator(const storage::Kv& store);
absl::StatusOr<std::unique_ptr<sync::SiteMachine>> OpenSite(const storage::Kv& store);
const study::DefinitionSet& DefinitionsOf(const sync::CoordinatorMachine& machine);
const study::DefinitionSet& DefinitionsOf(const sync::SiteMachine& machine);

// What is in a store of the trial's site, which is whole.
v1::LogPosition LogOf(const storage::Kv& store);
v1::ChainHead ChainIn(const storage::Kv& store, const ChainId& chain);
// What `trialsync verify` finds in it; empty if nothing.
std::string DifferenceIn(const storage::Kv& store, const study::DefinitionSet& definitions);

// One end of streams: a machine over a store of its own, driven by the real loop, and what it sent.
// Opening a machine costs more than a short input, so it is a copy of one that was opened.
template <typename MachineType>
class Peer : public sync::Port {
 public:
  // `opened` is the machine of a store with the contents of `image`.
  Peer(const storage::MemoryTree& image, const MachineType& opened)
      : store_(image), machine_(std::make_unique<MachineType>(opened)) {
    loop_ = std::make_unique<sync::Loop>(&store_, &head_, machine_.get(), this);
  }

  storage::MemoryKv& store() { return store_; }
  MachineType& machine() { return *machine_; }
  absl::Time now() const { return now_; }
  void Advance(absl::Duration duration) { now_ += duration; }

  absl::Status Run(const std::vector<sync::Input>& group) { return loop_->Run(group, now_); }

  // Ends the machine, its streams with it, and goes on with one that was opened from the store.
  void Restart(std::unique_ptr<MachineType> machine) {
    machine_ = std::move(machine);
    loop_ = std::make_unique<sync::Loop>(&store_, &head_, machine_.get(), this);
  }

  // What was sent, and which streams were closed, since they were last taken.
  std::vector<sync::Send> TakeSent() { return std::exchange(sent_, {}); }
  std::vector<sync::SessionId> TakeClosed() { return std::exchange(closed_, {}); }

  // Port.
  void SendMessage(sync::Send send) override { sent_.push_back(std::move(send)); }
  void CloseSession(sync::SessionId session) override { closed_.push_back(session); }
  void Deliver(sync::Answer) override {}
  void Log(sync::Event) override {}

 private:
  storage::MemoryKv store_;
  storage::MemoryHead head_;
  std::unique_ptr<MachineType> machine_;
  std::unique_ptr<sync::Loop> loop_;
  absl::Time now_ = TheTrial().now;
  std::vector<sync::Send> sent_;
  std::vector<sync::SessionId> closed_;
};

using CoordinatorPeer = Peer<sync::CoordinatorMachine>;
using SitePeer = Peer<sync::SiteMachine>;

// Connects a site's peer with a coordinator's and lets them talk until both are silent; false if
// either refused the other.
bool Converse(SitePeer& site, CoordinatorPeer& coordinator, sync::SessionId session);

}  // namespace trialsync::fuzz

#endif  // TRIALSYNC_TESTS_FUZZ_PEER_H_
