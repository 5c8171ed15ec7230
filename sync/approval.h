// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_APPROVAL_H_
#define TRIALSYNC_SYNC_APPROVAL_H_

#include <string>

#include "storage/tables.h"
#include "trialsync/v1/change.pb.h"
#include "trialsync/v1/state.pb.h"

namespace trialsync::sync {

// The activation of a version at a site that told by which approval: the first one that did, else
// the first of all. Empty if the version was never activated, or what was committed cannot be read,
// which tables.status() tells.
v1::VersionActivation ApprovalOf(storage::PartitionTables& tables, const v1::VersionRow& row);

// Whether it tells of an approval.
bool IsTold(const v1::VersionActivation& activation);

// `the approval of 2026-03-01 (EC-17)`, as a part of a sentence.
std::string ApprovalText(const v1::VersionActivation& activation);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_APPROVAL_H_
