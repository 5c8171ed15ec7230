// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_SITE_H_
#define TRIALSYNC_SYNC_SITE_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "proto/ids.h"
#include "proto/names.h"
#include "storage/head.h"
#include "storage/kv.h"
#include "storage/tables.h"
#include "study/definition.h"
#include "sync/machine.h"
#include "sync/recovery.h"
#include "sync/replayed_log.h"
#include "sync/sent_rows.h"

namespace trialsync::sync {

// What a site's machine is told once.
struct SiteOptions {
  // The partition: study and site.
  SiteName name;
  // Shown to the coordinator.
  std::string software_version;
  // New work is refused when the outbox holds this many changes.
  uint64_t outbox_changes_max = 5'000'000;
};

// Makes a new store a site's, or looks whether one has all that it acknowledged; PrepareStore()
// (identity.h) says how. To be called before SiteMachine::Open.
absl::Status PrepareSiteStore(storage::Kv& store, storage::Head& head, const SiteOptions& options,
                              absl::Time now, Entropy& entropy);

// How a site is, for its status; a copy that any thread may read once it has it.
struct SiteStatus {
  std::optional<SessionId> session;
  // The coordinator welcomed the session.
  bool connected = false;
  // The store lacks what it had acknowledged: nothing new is made, and nothing shown, before it has
  // what the coordinator knows.
  bool resting = false;
  absl::Time last_contact = absl::InfinitePast();
  v1::LogPosition coordinator_log;
  int64_t clock_offset_ms = 0;
  std::optional<v1::Refusal> refusal;
};

// The state machine of a site replica: takes changes from its people at any time into its outbox,
// sends them in chain order, follows the partition's log, and rebases its view on it.
//
// At most one session lives; the transport opens a new one after the old one was closed. Not
// thread-safe.
class SiteMachine : public Machine {
 public:
  // Opens the machine of a prepared store. `boot` is random, drawn at each start. DATA_LOSS if the
  // store is damaged. `entropy` is not owned and must outlive the machine.
  static absl::StatusOr<std::unique_ptr<SiteMachine>> Open(
      std::shared_ptr<const storage::Snapshot> snapshot, SiteOptions options, uint64_t boot,
      Entropy* entropy);

  absl::Status Step(std::span<const Input> inputs, absl::Time now,
                    std::shared_ptr<const storage::Snapshot> snapshot, Ready& ready) override;

  // Why nothing is to be done or shown while status().resting: UNAVAILABLE with a sentence.
  static absl::Status Resting();

  // As of the last Step().
  const SiteStatus& status() const { return status_; }
  const study::DefinitionSet& definitions() const { return definitions_; }
  PartitionNumber partition() const { return partition_; }
  // Own changes without a receipt.
  uint64_t outbox_count() const { return last_seq_ - receipted_seq_; }

 private:
  class Group;  // site_group.h

  bool recovering() const {
    return recovery_ && recovery_->open() && !recovery_->waits_for_person();
  }
  bool resting() const { return recovery_ && recovery_->rests(); }

  SiteMachine(SiteOptions options, uint64_t boot, Entropy* entropy)
      : options_(std::move(options)), boot_(boot), entropy_(entropy) {}

  const SiteOptions options_;
  const uint64_t boot_;
  // Sessions of this process that another boot of the store took over.
  int fenced_count_ = 0;
  Entropy* const entropy_;

  PartitionNumber partition_;
  ChainId chain_;
  study::DefinitionSet definitions_;

  // The end of the own chain, sent or not.
  uint64_t last_seq_ = 0;
  Sha256 last_hash_;
  // Own changes in the log: the outbox is (receipted_seq_, last_seq_].
  uint64_t receipted_seq_ = 0;
  // Receipted changes may have rows in the index of the outbox by record.
  bool index_rows_left_ = false;
  // The last recovery, open or not.
  std::optional<Recovery> recovery_;
  // While commits are taken off the log: what is to take its place, in memory. Sessions are about it
  // then, and people work on the log that is stored.
  struct Rewound {
    // Both begin with so many commits.
    uint64_t common_size = 0;
    std::shared_ptr<ReplayedLog> log;
    // Where the coordinator's log ended when it told so.
    v1::LogPosition end;
    // What the coordinator signed last of it.
    std::string checkpoint;
  };
  std::optional<Rewound> rewound_;

  // The session, if there is one.
  struct Session {
    SessionId id = 0;
    bool welcomed = false;
    v1::Welcome welcome;
    // Sent as batches: sent_seq ≥ receipted_seq_.
    uint64_t sent_seq = 0;
    // Last seq of each batch without a receipt.
    std::vector<uint64_t> in_flight;
    SentRows sent;
    // While the store recovers: the log to be reached, and the incarnation to go on with.
    uint64_t log_size_wanted = 0;
    absl::Time last_received;
    absl::Time last_sent;
  };
  std::optional<Session> session_;
  SiteStatus status_;
};

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_SITE_H_
