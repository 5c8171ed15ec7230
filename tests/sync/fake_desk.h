// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_SYNC_FAKE_DESK_H_
#define TRIALSYNC_TESTS_SYNC_FAKE_DESK_H_

#include <memory>
#include <string>
#include <vector>

#include "storage/memory_kv.h"
#include "storage/transaction.h"
#include "sync/author.h"
#include "sync/log.h"

namespace trialsync::sync {

// A desk of study `pbc`, site `MAYO1`, over a store in memory: at a site, whose outbox goes into
// the log when the test says so, or at the centre. Beside it a second replica of the site and, for
// a site's desk, the centre can commit changes.
//
// Version 1 (active): form LAB with bili (mg/dL), chol (decimal), remark (`latest`), stage (the
// centre's), name (site_only), pressure (text) and age (hard range 0 to 120), filled at BASE and at
// the repeating VISIT; form AE, which repeats, with term, filled at BASE. Version 2 (published, not
// active): bili in umol/L, pressure split into systolic and diastolic.
class FakeDesk : public Desk {
 public:
  enum class Side { kSite, kCentre };
  explicit FakeDesk(Side side);

  const SiteName& partition_name() const override { return name_; }
  View& view() override { return *view_; }
  v1::Position base() const override;
  bool at_centre() const override { return side_ == Side::kCentre; }
  absl::Time now() const override { return now_; }
  Entropy& entropy() override { return *entropy_; }
  absl::StatusOr<Saved> Save(const v1::Change& change, const Scope& scope) override;
  absl::Status SavePrivate(const ChangeId& change, const v1::PrivateEdit& edit) override;
  absl::Status ClosePrediction(const storage::DiscrepancyId& id) override;

  // A view as a new request gets it.
  void Refresh();

  // Who commits what a test puts into the log directly.
  enum class Replica { kOwn, kOther, kCentre };
  // Commits `change` on that replica's chain; base, version 1 and nonce are filled in where they
  // are not set.
  ChangeId Commit(Replica replica, v1::Change change);
  // Commits an edit of one item on a record, made on the log as it is, or as it was at `base`.
  ChangeId CommitEdit(Replica replica, const std::string& record, const std::string& item,
                      const std::string& text, const std::string& author, uint64_t base);
  // Commits the activation or retirement of a version.
  void Activate(uint32_t version);
  void Retire(uint32_t version);
  // The outbox goes into the log.
  void Deliver();

  uint64_t log_size() const;
  uint64_t outbox_size() const { return last_seq_ - receipted_seq_; }
  // Changes of the outbox, oldest first.
  std::vector<v1::Change> Outbox();
  v1::RecordKey Key(const std::string& record);
  storage::PartitionTables& tables() { return *tables_; }
  const study::DefinitionSet& definitions() const { return definitions_; }
  void set_room(uint64_t room) { room_ = room; }
  void AdvanceTime(absl::Duration by) { now_ += by; }

 private:
  ChainId ChainOf(Replica replica) const;
  void PutOutbox(const v1::Change& change, const Scope& scope, uint64_t seq);
  void CommitVersion(v1::Change change);

  const Side side_;
  const SiteName name_{"pbc", "MAYO1"};
  std::unique_ptr<Entropy> entropy_;
  absl::Time now_ = absl::FromUnixSeconds(1'795'000'000);
  uint64_t room_ = 1'000'000;
  study::DefinitionSet definitions_;
  storage::MemoryKv kv_;
  storage::Transaction transaction_;
  PartitionNumber partition_{1};
  std::unique_ptr<storage::PartitionTables> tables_;
  std::unique_ptr<View> view_;
  uint64_t last_seq_ = 0;
  uint64_t receipted_seq_ = 0;
};

// The request that writes `text` to an item of a record, with a reason, by `anna`.
v1::WriteRecordRequest WriteRequest(const std::string& record, const std::string& item,
                                    const std::string& text);

// Does it, with what is not there made; fails the test if it fails.
v1::WriteRecordResponse MustWrite(Desk& desk, const v1::WriteRecordRequest& request);
v1::WriteRecordResponse MustWrite(Desk& desk, const std::string& record, const std::string& item,
                                  const std::string& text);

// The record as its desk shows it.
v1::Record MustGet(Desk& desk, const std::string& record);
// What stands for one item of it, as text; empty if nothing does.
std::string ValueOf(Desk& desk, const std::string& record, const std::string& item);
v1::Item ItemOf(Desk& desk, const std::string& record, const std::string& item);

// The open discrepancies, by kind or all.
std::vector<v1::Discrepancy> Worklist(Desk& desk, v1::DiscrepancyKind kind);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_TESTS_SYNC_FAKE_DESK_H_
