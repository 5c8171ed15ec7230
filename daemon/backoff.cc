// SPDX-License-Identifier: Apache-2.0
#include "daemon/backoff.h"

#include <algorithm>

#include "daemon/limits.h"

namespace trialsync::daemon {

SessionEnd EndOf(v1::RefusalReason reason, SessionEnd end) {
  switch (reason) {
    case v1::REFUSAL_REASON_SHUTTING_DOWN:
    case v1::REFUSAL_REASON_SESSION_SUPERSEDED:
      return end;
    case v1::REFUSAL_REASON_STUDY_UNKNOWN:
    case v1::REFUSAL_REASON_SITE_UNKNOWN:
    case v1::REFUSAL_REASON_REPLICA_NOT_ENROLLED:
      return SessionEnd::kAwaited;
    default:
      return SessionEnd::kRefused;
  }
}

absl::Duration Backoff::Next(SessionEnd end, uint64_t random) {
  absl::Duration pause = end == SessionEnd::kAwaited ? kBackoffAwaitedMax : kBackoffMax;
  if (end == SessionEnd::kNotReached || end == SessionEnd::kCut) {
    if (end == SessionEnd::kCut) attempts_ = 0;
    constexpr int kDoublingsMax = 16;
    pause = std::min(kBackoffMin * (1 << std::min(attempts_, kDoublingsMax)), kBackoffMax);
    ++attempts_;
  }
  constexpr int64_t kSteps = 1024;
  return pause / 2 + (pause / 2) * static_cast<int64_t>(random % kSteps) / kSteps;
}

void Backoff::Reset() { attempts_ = 0; }

}  // namespace trialsync::daemon
