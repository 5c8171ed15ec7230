// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_AUTHOR_WRITE_H_
#define TRIALSYNC_SYNC_AUTHOR_WRITE_H_

#include "sync/author.h"
#include "sync/write_plan.h"

namespace trialsync::sync {

// WriteRecord() as author.h says, with all that is wrong in `failure`. With `validate_only` nothing
// is saved, and the outcomes are those that the merge would predict.
absl::StatusOr<v1::WriteRecordResponse> WriteOne(Desk& desk, const v1::WriteRecordRequest& request,
                                                 bool validate_only, WriteFailure& failure);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_AUTHOR_WRITE_H_
