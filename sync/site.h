// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_SITE_H_
#define TRIALSYNC_SYNC_SITE_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "proto/ids.h"
#include "proto/names.h"
#include "storage/kv.h"
#include "study/definition.h"
#include "sync/machine.h"
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

// Makes a new store a site's: draws replica id and incarnation, and writes them with the partition
// into `writes`, which the caller makes durable before SiteMachine::Open. FAILED_PRECONDITION when
// the store belongs to another role, study or site, or has a newer disk format; OK and nothing
// written when it is this site's already.
absl::Status PrepareSiteStore(std::shared_ptr<const storage::Snapshot> snapshot,
                              const SiteOptions& options, Entropy& entropy,
                              storage::WriteBatch& writes);

// How a site is, for its status; a copy that any thread may read once it has it.
struct SiteStatus {
  std::optional<SessionId> session;
  // The coordinator welcomed the session.
  bool connected = false;
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

  // As of the last Step().
  const SiteStatus& status() const { return status_; }
  const study::DefinitionSet& definitions() const { return definitions_; }
  PartitionNumber partition() const { return partition_; }
  // Own changes without a receipt.
  uint64_t outbox_count() const { return last_seq_ - receipted_seq_; }

 private:
  class Group;  // site_group.h

  SiteMachine(SiteOptions options, uint64_t boot, Entropy* entropy)
      : options_(std::move(options)), boot_(boot), entropy_(entropy) {}

  const SiteOptions options_;
  const uint64_t boot_;
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
    absl::Time last_received;
    absl::Time last_sent;
  };
  std::optional<Session> session_;
  SiteStatus status_;
};

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_SITE_H_
