// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_REPLAYED_LOG_H_
#define TRIALSYNC_SYNC_REPLAYED_LOG_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "storage/memory_kv.h"
#include "storage/transaction.h"
#include "sync/log.h"
#include "sync/partition_state.h"

namespace trialsync::sync {

// A partition made anew from a log, in memory: to be compared with what is stored, or to take its
// place. It needs about as much memory as the partition has on the disk. Not thread-safe.
class ReplayedLog {
 public:
  // Empty, and begun in `epoch` unless that is 0. `definitions` is not owned and must outlive this.
  ReplayedLog(PartitionNumber partition, const study::DefinitionSet* definitions, uint64_t epoch);

  // Valid until Keep().
  LogWriter& log() { return *log_; }
  PartitionState& state() { return *state_; }
  storage::PartitionTables& tables() { return state_->tables(); }

  // Puts what was replayed since into the store, so that nothing grows but that.
  void Keep();
  // What was replayed, as of the last Keep().
  std::shared_ptr<const storage::Snapshot> snapshot() const { return store_.NewSnapshot(); }

  // Replays the commits of another log behind this one's up to `size`, as they were committed, with
  // all authored bytes, and keeps them. Requires that this log is a beginning of it. DATA_LOSS if
  // that gives other receipts, or if one is missing.
  absl::Status Append(storage::PartitionTables& from, uint64_t size);

 private:
  void Begin();

  const PartitionNumber partition_;
  const study::DefinitionSet* const definitions_;
  const uint64_t epoch_;
  storage::MemoryKv store_;
  std::unique_ptr<storage::Transaction> transaction_;
  std::unique_ptr<PartitionState> state_;
  std::optional<LogWriter> log_;
};

// The epoch of the first commit of a stored log; of an empty one, what its head says.
uint64_t FirstEpoch(storage::PartitionTables& tables);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_REPLAYED_LOG_H_
