// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_DISCREPANCY_SUMMARY_H_
#define TRIALSYNC_SYNC_DISCREPANCY_SUMMARY_H_

#include <string>

#include "sync/namer.h"
#include "sync/view.h"
#include "trialsync/v1/worklist_service.pb.h"

namespace trialsync::sync {

// A sentence for a data manager: what happened, and for whom it waits. `shown` has everything but
// its summary.
std::string SummaryOf(View& view, Namer& namer, const v1::DiscrepancyRow& row,
                      const v1::Discrepancy& shown);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_DISCREPANCY_SUMMARY_H_
