// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_AUTHOR_LABEL_H_
#define TRIALSYNC_SYNC_AUTHOR_LABEL_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "sync/author.h"

namespace trialsync::sync {

// Whether something may be called `label` from now on, among those of its kind under `parent`.
// INVALID_ARGUMENT if it is no label, or is not in Unicode's composed form; ALREADY_EXISTS if
// another than `own` is called so, or by the same in other letters' case, as far as this replica
// can see. What is born apart may still meet under one label: then a person is asked.
absl::Status CheckNewLabel(Desk& desk, v1::BirthKind kind, const v1::RecordKey& parent,
                           const std::string& label, const std::optional<ChangeId>& own);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_AUTHOR_LABEL_H_
