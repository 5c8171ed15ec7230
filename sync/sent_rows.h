// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_SENT_ROWS_H_
#define TRIALSYNC_SYNC_SENT_ROWS_H_

#include <cstdint>
#include <deque>
#include <optional>

#include "trialsync/v1/state.pb.h"

namespace trialsync::sync {

// The rows of a replica's own chain that were sent in this session and have no receipt yet: when it
// comes they need not be read from the store a second time. At most what is in flight. Not
// thread-safe.
class SentRows {
 public:
  // Keeps the row of change `seq`; what does not end just before it is forgotten.
  void Keep(uint64_t seq, v1::OwnRow row);

  // The row of `seq`, taken out with all before it; nullopt if it is not kept.
  std::optional<v1::OwnRow> Take(uint64_t seq);

 private:
  uint64_t first_seq_ = 0;
  std::deque<v1::OwnRow> rows_;
};

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_SENT_ROWS_H_
