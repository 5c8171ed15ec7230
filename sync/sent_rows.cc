// SPDX-License-Identifier: Apache-2.0
#include "sync/sent_rows.h"

#include <utility>

namespace trialsync::sync {

void SentRows::Keep(uint64_t seq, v1::OwnRow row) {
  if (seq != first_seq_ + rows_.size()) {
    rows_.clear();
    first_seq_ = seq;
  }
  rows_.push_back(std::move(row));
}

std::optional<v1::OwnRow> SentRows::Take(uint64_t seq) {
  while (!rows_.empty() && first_seq_ < seq) {
    rows_.pop_front();
    ++first_seq_;
  }
  if (rows_.empty() || first_seq_ != seq) return std::nullopt;
  std::optional<v1::OwnRow> row = std::move(rows_.front());
  rows_.pop_front();
  ++first_seq_;
  return row;
}

}  // namespace trialsync::sync
