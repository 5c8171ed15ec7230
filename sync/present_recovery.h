// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_PRESENT_RECOVERY_H_
#define TRIALSYNC_SYNC_PRESENT_RECOVERY_H_

#include <memory>

#include "absl/status/statusor.h"
#include "storage/kv.h"
#include "trialsync/v1/status_service.pb.h"

namespace trialsync::sync {

// The recoveries of a store, oldest first, in sentences and by change id; at the coordinator then
// the last one of each replica. Reads what was pulled back, and with `with_refilled` what sites
// brought back to a coordinator, which may be long; the error of a read that failed.
absl::StatusOr<v1::ListRecoveriesResponse> ListRecoveries(
    std::shared_ptr<const storage::Snapshot> snapshot, bool with_refilled = true);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_PRESENT_RECOVERY_H_
