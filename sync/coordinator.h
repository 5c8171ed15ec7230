// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_COORDINATOR_H_
#define TRIALSYNC_SYNC_COORDINATOR_H_

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "proto/ids.h"
#include "proto/names.h"
#include "storage/head.h"
#include "storage/kv.h"
#include "study/definition.h"
#include "sync/checkpoint.h"
#include "sync/machine.h"
#include "sync/note_key.h"
#include "sync/replayed_log.h"

namespace trialsync::sync {

// The partition of a study's own acts; no site may have this name. In resource names: must not
// change.
inline constexpr std::string_view kCentreSite = "CENTRE";

// What the coordinator's machine is told once.
struct CoordinatorOptions {
  // A replica of a known site is enrolled at its first Hello. Until there are identities, whoever
  // reaches a loopback port is let in; see --insecure.
  bool enrol_at_first_contact = false;
  // Signs checkpoints. Not owned; must outlive the machine.
  const SigningKey* signing_key = nullptr;
};

// Makes a new store a coordinator's, as PrepareSiteStore(). One that has less than it acknowledged,
// or of which a person says that it was `restored`, goes on in a new epoch: the sites bring back what
// it lacks.
absl::Status PrepareCoordinatorStore(storage::Kv& store, storage::Head& head, absl::Time now,
                                     Entropy& entropy, bool restored = false);

// A replica as the coordinator knows it, for status.
struct ReplicaStatus {
  ReplicaId replica;
  bool connected = false;
  absl::Time last_contact = absl::InfinitePast();
  // Its log, as it last told.
  v1::LogPosition log;
  int64_t clock_offset_ms = 0;
  std::string software_version;
};

// The state machine of the coordinator: commits what the sites send, partition by partition, sends
// receipts and the commits of others, publishes and activates study versions.
//
// Not thread-safe.
class CoordinatorMachine : public Machine {
 public:
  // As SiteMachine::Open; and FAILED_PRECONDITION where the store was signed with another key.
  static absl::StatusOr<std::unique_ptr<CoordinatorMachine>> Open(
      std::shared_ptr<const storage::Snapshot> snapshot, CoordinatorOptions options,
      Entropy* entropy);

  absl::Status Step(std::span<const Input> inputs, absl::Time now,
                    std::shared_ptr<const storage::Snapshot> snapshot, Ready& ready) override;

  // As of the last Step().
  using Replicas = std::map<std::pair<SiteName, ReplicaId>, ReplicaStatus>;
  const Replicas& replicas() const { return replicas_; }
  // By study. A study's set is never changed in place.
  using Definitions = std::map<std::string, std::shared_ptr<const study::DefinitionSet>>;
  const Definitions& definitions() const { return definitions_; }

 private:
  class Group;  // coordinator_group.h

  struct Partition {
    PartitionNumber number;
    SiteName name;
  };
  struct Session {
    // Empty until Hello.
    std::optional<SiteName> partition;
    ReplicaId replica;
    uint64_t incarnation = 0;
    // Commits sent, those the site has made durable, and the ends of the frames between.
    uint64_t sent_size = 0;
    uint64_t durable_size = 0;
    std::deque<uint64_t> frame_ends;
    // The log has commits that wait for the site's progress before they are sent.
    bool behind = false;
    std::set<std::pair<uint32_t, std::string>> definitions_held;
    // While the site hands over what it has: the end of its log, as the coordinator once signed it.
    std::optional<Checkpoint> signed_end;
    // That log is not behind this one, but goes on otherwise: it is made in forks_.
    bool forks = false;
    absl::Time last_received;
    absl::Time last_sent;

    bool welcomed() const { return partition.has_value() && !signed_end; }
  };

  // A site's log that goes on otherwise than this one, as far as it was handed over. In memory, and
  // no further than a session: another one of the same log goes on with it.
  struct Fork {
    // Both begin with so many commits.
    uint64_t common_size = 0;
    Checkpoint signed_end;
    // From the first piece on; the definitions outlive the log.
    std::shared_ptr<const study::DefinitionSet> definitions;
    std::shared_ptr<ReplayedLog> log;
  };

  CoordinatorMachine(CoordinatorOptions options, Entropy* entropy)
      : options_(options), entropy_(entropy) {}

  const CoordinatorOptions options_;
  Entropy* const entropy_;
  ChainId centre_;
  // Drawn when the store began, and at each start as a restored one.
  uint64_t epoch_ = 0;
  // The store names the key that it is signed with.
  bool key_stored_ = false;
  std::map<SiteName, Partition> partitions_;
  Definitions definitions_;
  std::map<SessionId, Session> sessions_;
  std::map<SiteName, Fork> forks_;
  Replicas replicas_;
};

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_COORDINATOR_H_
