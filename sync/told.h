// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_TOLD_H_
#define TRIALSYNC_SYNC_TOLD_H_

#include <vector>

#include "sync/partition_state.h"
#include "sync/receipt.h"
#include "trialsync/v1/state.pb.h"

namespace trialsync::sync {

// What an outcome tells whoever made the change: two that are equal are no news. That an own value
// had been entered elsewhere as well surprises nobody, so AGREED tells the same as APPLIED; and an
// item that has the outcome of the whole tells nothing more.
struct Told {
  v1::Outcome outcome = v1::OUTCOME_UNSPECIFIED;
  std::vector<CellVerdict> cells;

  bool operator==(const Told&) const = default;
};
Told ToldOf(v1::Outcome outcome, const google::protobuf::RepeatedPtrField<v1::CellOutcome>& cells);
Told ToldOf(const Verdict& verdict);

// Lists a change of the log, whose outcome is known by now, if the receipt of a commit of it that
// was taken off had told another one (RECOVERY.md 4.9): an effect of commit `number`, so both ends
// have it. Once; the first such receipt counts.
void ListContradicted(PartitionState& state, const ChangeId& id, const v1::Change& change,
                      uint64_t number, int64_t received_time_us);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_TOLD_H_
