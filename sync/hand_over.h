// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_HAND_OVER_H_
#define TRIALSYNC_SYNC_HAND_OVER_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "storage/tables.h"
#include "sync/checkpoint.h"
#include "sync/log.h"
#include "trialsync/v1/sync.pb.h"

// How a coordinator whose store went back gets commits of its own back from a site's log (protocol
// §10): in pieces, each proved against the coordinator's own signature under the end of that log.
namespace trialsync::sync {

// At a site: the piece of its log from `first_number` on. INVALID_ARGUMENT if the log has no such
// commit; otherwise the failures of reading it.
absl::StatusOr<v1::HandOver> BuildHandOver(storage::PartitionTables& tables, uint64_t first_number);

// What a piece says of the log before it, of `size` commits with this root here.
enum class ProofBefore {
  // The signed log begins with it.
  kHolds,
  // The signed log begins with another one of that size: one position has two signed contents.
  kContradicts,
  // Nothing is shown.
  kFails,
};
ProofBefore CheckBefore(const v1::HandOver& piece, uint64_t size, const Sha256& root,
                        const Checkpoint& signed_end);

// Appends a piece to a log, recomputing every outcome, and looks whether the signed log begins with
// what that gives. The transaction under `state` must be dropped on error: INVALID_ARGUMENT or
// DATA_LOSS with a sentence. Look at state.status() first, as with ApplyLogFrame().
absl::Status TakeHandOver(const v1::HandOver& piece, const Checkpoint& signed_end,
                          PartitionState& state, LogWriter& log);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_HAND_OVER_H_
