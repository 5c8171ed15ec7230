// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_WORLD_WORLD_H_
#define TRIALSYNC_TESTS_WORLD_WORLD_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "proto/names.h"
#include "storage/head.h"
#include "storage/memory_kv.h"
#include "sync/coordinator.h"
#include "sync/loop.h"
#include "sync/site.h"
#include "sync/view.h"

// A coordinator and site replicas in one process: the real loop and the real state machines over
// the memory engine and a simulated network, in virtual time. One seed gives one run. The
// transcripts, the system test and later the simulator drive it.
namespace trialsync::world {

// Random bytes from a seed.
class SeededEntropy : public sync::Entropy {
 public:
  explicit SeededEntropy(uint64_t seed) : generator_(seed) {}
  std::string Bytes(size_t size_bytes) override;

 private:
  std::mt19937_64 generator_;
};

class World;

// One store with its machine and loop over all its lives. `machine` is null while it is down.
class Node : public sync::Port {
 public:
  Node(World* world, std::string name) : world_(world), name_(std::move(name)) {}

  const std::string& name() const { return name_; }
  bool up() const { return loop_ != nullptr; }
  storage::MemoryKv& store() { return *store_; }
  storage::MemoryHead& head() { return head_; }
  sync::SiteMachine* site() { return site_.get(); }
  sync::CoordinatorMachine* coordinator() { return coordinator_.get(); }

  // Runs one group through the real loop. An error only where World::CrashAtNextWrite() asked for
  // it: the node is down then.
  absl::Status Run(std::vector<sync::Input> group);
  // Does a client's work in a group of its own.
  sync::Answer Do(sync::ClientWork work);
  // The same work as an input for a group with others; its answer has the input's token.
  sync::ClientRequest Ask(sync::ClientWork work) { return {next_token_++, std::move(work)}; }

  // Answers and events since they were last taken.
  std::vector<sync::Answer> TakeAnswers() { return std::exchange(answers_, {}); }
  const std::vector<sync::Event>& events() const { return events_; }
  std::vector<sync::Event> TakeEvents() { return std::exchange(events_, {}); }

  // Port.
  void SendMessage(sync::Send send) override;
  void CloseSession(sync::SessionId session) override;
  void Deliver(sync::Answer answer) override { answers_.push_back(std::move(answer)); }
  void Log(sync::Event event) override { events_.push_back(std::move(event)); }

 private:
  friend class World;

  World* const world_;
  const std::string name_;
  std::unique_ptr<storage::MemoryKv> store_ = std::make_unique<storage::MemoryKv>();
  storage::MemoryHead head_;
  std::unique_ptr<sync::SiteMachine> site_;
  std::unique_ptr<sync::CoordinatorMachine> coordinator_;
  std::unique_ptr<sync::Loop> loop_;
  std::vector<sync::Answer> answers_;
  std::vector<sync::Event> events_;
  uint64_t next_token_ = 1;
  // The next write fails; whether its batch had reached the disk.
  std::optional<bool> crash_at_write_;

  // Of a site replica.
  sync::SiteOptions site_options_;
  bool link_enabled_ = false;
  std::optional<sync::SessionId> session_;
  // The last session ended with a refusal: not tried again before SetLink() is called.
  bool refused_ = false;
};

// The network and the clock between the nodes.
class World {
 public:
  explicit World(uint64_t seed);

  Node& coordinator() { return *coordinator_; }
  // A new replica of a site, with an empty store, its link down.
  Node& AddReplica(const SiteName& site, const std::string& name);
  std::vector<Node*> replicas();

  absl::Time now() const { return now_; }
  void Advance(absl::Duration duration) { now_ += duration; }

  // The link of a replica. Cutting loses what is under way; the ends learn of it at once. A replica
  // that was refused does not try again before this is called.
  void SetLink(Node& replica, bool up);
  void CutSession(Node& replica);

  // Loses power: what was not synced is gone, sessions end at the other side.
  void Crash(Node& node);
  // Loses power while the node's next group that writes is being written: with `written` the batch
  // is on the disk and nothing that follows from it has happened, otherwise it is lost as well.
  // What the node had sent before still arrives.
  void CrashAtNextWrite(Node& node, bool written);
  // The same between a group and its note in the head file; `written` says whether the note is there.
  void CrashAtNextNote(Node& node, bool written);
  // Takes that back, if it did not happen yet.
  void CalmDown(Node& node);
  // Opens the store again.
  void Restart(Node& node);
  // Puts an earlier image back while the node is down: with the head file that was noted then, or
  // without one where `head` is empty.
  void Restore(Node& node, const storage::MemoryTree& image,
               const std::optional<storage::HeadNote>& head);

  // Delivers one waiting message, or opens one session, of those possible the `choice`-th (modulo
  // their number). False if there is nothing to do.
  bool StepNetwork(uint64_t choice);
  // Hands `node`, which is up, one group: `first`, and then up to `messages_max` of what waits for
  // it; `choose` is given the number of streams that have something, and says which is next.
  void StepTogether(Node& node, std::vector<sync::Input> first, int messages_max,
                    const std::function<uint64_t(uint64_t)>& choose);
  // Steps, fairly, until nothing is under way. Dies after a number of steps that only a livelock
  // needs.
  void RunUntilQuiet();

  sync::Entropy& entropy() { return entropy_; }

  // Is shown everything that a node sends, before it is on its way.
  using MessageWatcher = std::function<void(const Node& from, const sync::Send& send)>;
  void WatchMessages(MessageWatcher watcher) { watcher_ = std::move(watcher); }

 private:
  friend class Node;

  // One stream: messages under way in each direction.
  struct Stream {
    Node* replica = nullptr;
    std::deque<v1::SiteMessage> up;
    std::deque<v1::CoordinatorMessage> down;
    // An end wants it closed once what it had sent was delivered.
    bool closing_at_site = false;
    bool closing_at_coordinator = false;
  };

  void Open(Node& node);
  void Deliver(Node& node, std::vector<sync::Input> group);
  void DeliverSent(const Node& node);
  void EndStream(sync::SessionId id, bool tell_site, bool tell_coordinator);
  void Settle(sync::SessionId id);

  SeededEntropy entropy_;
  const sync::SigningKey signing_key_;
  MessageWatcher watcher_;
  absl::Time now_ = absl::FromUnixSeconds(1'790'000'000);
  std::unique_ptr<Node> coordinator_;
  std::vector<std::unique_ptr<Node>> replicas_;
  std::map<sync::SessionId, Stream> streams_;
  sync::SessionId next_session_ = 1;
};

// The view of a site replica, or of a partition at the coordinator, with the snapshot it stands on.
class NodeView {
 public:
  NodeView(Node& node, const SiteName& partition);
  sync::View& view() { return *view_; }

 private:
  std::shared_ptr<const storage::Snapshot> snapshot_;
  study::DefinitionSet definitions_;
  std::optional<sync::View> view_;
};

}  // namespace trialsync::world

#endif  // TRIALSYNC_TESTS_WORLD_WORLD_H_
