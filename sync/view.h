// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_VIEW_H_
#define TRIALSYNC_SYNC_VIEW_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "storage/kv.h"
#include "storage/transaction.h"
#include "sync/judgement.h"
#include "sync/partition_state.h"

namespace trialsync::sync {

// What a replica shows: its confirmed log with its own outbox replayed on top by the same rules
// (invariant I9). At the coordinator the outbox is empty, and the view is the log.
//
// Only what is asked for is replayed: prepare a record, a label or everything, then read state().
// Nothing that happens here reaches the store. Not thread-safe; make one a request.
class View {
 public:
  // `below` is a snapshot of the store or a transaction over one; `definitions` those of the
  // study. Neither is owned; both must outlive the view.
  View(const storage::Reader* below, PartitionNumber partition,
       const study::DefinitionSet* definitions);

  PartitionState& state() { return state_; }

  // Replays what the outbox holds on a record, and on the births that it names.
  void PrepareRecord(const v1::RecordKey& key);
  // Replays what the outbox holds on a birth.
  void PrepareBirth(const ChangeId& birth);
  // Replays what the outbox holds on births that have, had or get this label.
  void PrepareLabel(v1::BirthKind kind, const v1::RecordKey& parent, const std::string& label);
  // Makes a client's request that waits in the outbox known to state().tables().Request().
  void PrepareRequest(const std::string& account, const std::string& request_id);
  // Replays what the outbox holds on any birth, or the whole outbox.
  void PrepareBirths();
  void PrepareAll();

  // Takes one more change of the own chain into the view, as the next of the outbox, and says what
  // the merge predicts for it.
  Verdict Add(const Arriving& arriving);

 private:
  void PrepareBirthsOf(const v1::RecordKey& key);
  void ReplayOwn(std::vector<uint64_t> seqs);

  storage::Transaction transaction_;
  PartitionState state_;
  std::set<uint64_t> replayed_;
  bool all_ = false;
};

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_VIEW_H_
