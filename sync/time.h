// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_TIME_H_
#define TRIALSYNC_SYNC_TIME_H_

#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace trialsync::sync {

// Between the times of interfaces and those of messages, to the microsecond.
inline google::protobuf::Timestamp MicrosToTimestamp(int64_t unix_us) {
  google::protobuf::Timestamp timestamp;
  int64_t seconds = unix_us / 1'000'000;
  int64_t micros = unix_us % 1'000'000;
  if (micros < 0) {
    micros += 1'000'000;
    --seconds;
  }
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(static_cast<int32_t>(micros * 1000));
  return timestamp;
}
inline google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  return MicrosToTimestamp(absl::ToUnixMicros(time));
}
inline absl::Time FromTimestamp(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_TIME_H_
