// SPDX-License-Identifier: Apache-2.0
#include "storage/head.h"

#include <utility>

#include "proto/check.h"

namespace trialsync::storage {

HeadCheck CheckHead(const std::optional<StoredGroup>& stored,
                    const std::optional<HeadNote>& noted) {
  if (!stored && !noted) return HeadCheck::kNew;
  if (!stored) return HeadCheck::kBehind;
  if (!noted) {
    // The crash came between the first group and its note.
    return stored->mark.counter == 1 ? HeadCheck::kWhole : HeadCheck::kOther;
  }
  if (stored->mark == noted->group) return HeadCheck::kWhole;
  if (stored->mark.counter == noted->group.counter + 1 &&
      stored->previous_token == noted->group.token) {
    return HeadCheck::kWhole;
  }
  return stored->mark.counter < noted->group.counter ? HeadCheck::kBehind : HeadCheck::kOther;
}

absl::Status WriteGroup(Kv& store, Head& head, const WriteBatch& batch, const HeadNote& note) {
  if (absl::Status written = store.Write(batch, Durability::kSync); !written.ok()) return written;
  return head.Write(note);
}

absl::Status MemoryHead::Write(const HeadNote& note) {
  if (next_error_.ok()) {
    note_ = note;
    return absl::OkStatus();
  }
  if (next_written_) note_ = note;
  return std::exchange(next_error_, absl::OkStatus());
}

void MemoryHead::FailNextWrite(absl::Status error, bool written) {
  TS_CHECK(!error.ok());
  next_error_ = std::move(error);
  next_written_ = written;
}

}  // namespace trialsync::storage
