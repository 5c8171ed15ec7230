// SPDX-License-Identifier: Apache-2.0
#include "sync/approval.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "sync/stored_change.h"

namespace trialsync::sync {

v1::VersionActivation ApprovalOf(storage::PartitionTables& tables, const v1::VersionRow& row) {
  v1::VersionActivation first;
  for (const uint64_t commit : row.activated()) {
    const std::optional<StoredChange> stored = ReadChange(tables, commit);
    if (!stored || !stored->change.has_version_activation()) continue;
    const v1::VersionActivation& activation = stored->change.version_activation();
    if (IsTold(activation)) return activation;
    if (!first.has_version()) first = activation;
  }
  return first;
}

bool IsTold(const v1::VersionActivation& activation) {
  return !activation.approval_date().empty() || !activation.approval_reference().empty();
}

std::string ApprovalText(const v1::VersionActivation& activation) {
  std::string text = "an approval";
  if (!activation.approval_date().empty()) {
    text = absl::StrCat("the approval of ", activation.approval_date());
  }
  if (!activation.approval_reference().empty()) {
    absl::StrAppend(&text, " (", activation.approval_reference(), ")");
  }
  return text;
}

}  // namespace trialsync::sync
