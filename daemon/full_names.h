// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_FULL_NAMES_H_
#define TRIALSYNC_DAEMON_FULL_NAMES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/sight.h"
#include "sync/machine.h"

// At a site a short name means its own partition; at the coordinator it must be unmistakable. Full
// names pass as they are; NOT_FOUND and INVALID_ARGUMENT as Sight::FindUnique().
namespace trialsync::daemon {

// The record that `SUBJECT/EVENT/FORM` or the full name means, and its partition.
struct FoundRecord {
  Sight::Partition partition;
  RecordName name;
};
absl::StatusOr<FoundRecord> FindRecord(const Sight& sight, const std::string& name);

// The partition of a discrepancy: `studies/S/sites/X/discrepancies/ID`, or ID.
absl::StatusOr<Sight::Partition> FindDiscrepancy(const Sight& sight, const std::string& name);

// Writes full names into work that gives short ones, so that the machine of the coordinator knows
// the partition.
absl::Status CompleteNames(const Sight& sight, sync::ClientWork& work);

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_FULL_NAMES_H_
