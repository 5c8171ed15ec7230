// SPDX-License-Identifier: Apache-2.0
#include "storage/kv.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace trialsync::storage {

absl::Status Kv::Write(const WriteBatch& batch, Durability durability) {
  if (absl::Status earlier = failure(); !earlier.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the store takes no more writes, because an earlier one failed (",
                     earlier.message(), "); mend the cause, then open the store again"));
  }
  absl::Status status = Apply(batch, durability);
  if (!status.ok()) SetFailure(status);
  return status;
}

absl::Status Kv::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void Kv::SetFailure(absl::Status failure) {
  const std::lock_guard lock(mutex_);
  failure_ = std::move(failure);
}

}  // namespace trialsync::storage
