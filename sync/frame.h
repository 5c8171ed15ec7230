// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_FRAME_H_
#define TRIALSYNC_SYNC_FRAME_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/ids.h"
#include "storage/tables.h"
#include "sync/log.h"
#include "sync/sent_rows.h"
#include "trialsync/v1/sync.pb.h"

// Log frames and batches: how stretches of log and chain travel. The comment of SyncService has
// the protocol.
namespace trialsync::sync {

// The log from `first_number` on as `receiver` is to get it, up to the frame's limits: its own
// changes as receipts alone. Requires that the log has that commit. `log` is the end of the log as
// the frame's reader will know it. The checkpoint is still to be signed.
absl::StatusOr<v1::LogFrame> BuildLogFrame(storage::PartitionTables& tables, uint64_t first_number,
                                           const ChainId& receiver, const v1::LogPosition& log);

// A change of the own chain that is in the log now, with its first receipt.
struct ReceiptedChange {
  v1::OwnRow row;
  ChangeId id;
  Receipt receipt;
};

// Appends a frame to the log of the replica with chain `own`, recomputing every outcome; returns
// its own changes, by seq, whose rows come from `sent` as far as they are there. The transaction
// under `state` must be dropped on error: INVALID_ARGUMENT if the frame does not parse or follow
// the log, DATA_LOSS if what was recomputed is not what the frame says: the logs diverged. Look at
// state.status() first: after a failed read nothing of it counts.
absl::StatusOr<std::vector<ReceiptedChange>> ApplyLogFrame(const v1::LogFrame& frame,
                                                           const ChainId& own, SentRows& sent,
                                                           PartitionState& state, LogWriter& log);

// Changes of the own chain from `first_seq` on, up to a batch's limits, their rows kept in `sent`.
// `chain` is set in it; count is 0 if there is none.
v1::Batch BuildBatch(storage::PartitionTables& tables, uint64_t incarnation, uint64_t first_seq,
                     SentRows& sent);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_FRAME_H_
