// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_LOG_H_
#define TRIALSYNC_SYNC_LOG_H_

#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/digest.h"
#include "proto/ids.h"
#include "sync/merkle.h"
#include "sync/partition_state.h"
#include "sync/receipt.h"
#include "trialsync/v1/sync.pb.h"

// The log of one partition: what was committed, gapless from 1, with the Merkle tree over it. The
// log is the truth; everything else in a partition follows from it by Replay().
namespace trialsync::sync {

// A change on its way into the log.
struct Incoming {
  Stamp stamp;
  // With the first commit of a chain that went on from another one: the change it stands behind.
  std::optional<Stamp> origin = std::nullopt;
  // Exactly as made, with its digest and its parsed form.
  std::string_view authored;
  Sha256 authored_digest;
  const v1::Change* change = nullptr;
  int64_t received_time_us = 0;
  // The hash of its chain with it, where that is known; else it is computed.
  const Sha256* chain_hash = nullptr;
  // False at the replica that made it: there the bytes stay in its own chain.
  bool keep_authored = true;
};

// Appends to a partition's log. It has the end of the log and of every chain in memory and writes
// them with Flush(). Not thread-safe.
class LogWriter {
 public:
  // Reads the end of the log. `state` is not owned and must outlive this. DATA_LOSS if the stored
  // head is damaged.
  static absl::StatusOr<LogWriter> Open(PartitionState* state);

  // Begins an empty log in `epoch`. Requires that it is empty.
  void BeginEpoch(uint64_t epoch);

  uint64_t epoch() const { return epoch_; }
  uint64_t size() const { return frontier_.size(); }
  Sha256 Root() const { return frontier_.Root(); }
  v1::LogPosition Position() const;

  // A chain as far as it is in the log; seq 0 if nothing of it is.
  struct ChainEnd {
    uint64_t seq = 0;
    Sha256 hash;
  };
  ChainEnd& Chain(const ChainId& chain);

  // Why the change cannot be the next commit of its chain, or is in the log already; empty if it
  // can.
  std::string Misfit(const Incoming& incoming, const ChangeId& id);

  // Replays the change as the next commit and appends it. Requires that it fits. Returns its
  // receipt. Now and then it flushes the
  // state first, so that no reference to a record may be kept across it.
  Receipt Append(const Incoming& incoming);

  // Writes the end of the log and of the chains into the transaction.
  void Flush();

 private:
  explicit LogWriter(PartitionState* state) : state_(state) {}
  void PutFinishedSubtrees(const Sha256& leaf);
  uint64_t LinkRecord(const v1::Change& change, const Verdict& verdict, uint64_t number);

  PartitionState* state_;
  uint64_t epoch_ = 0;
  MerkleFrontier frontier_;
  std::map<ChainId, ChainEnd> chains_;
};

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_LOG_H_
