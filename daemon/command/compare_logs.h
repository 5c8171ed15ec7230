// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_COMPARE_LOGS_H_
#define TRIALSYNC_DAEMON_COMMAND_COMPARE_LOGS_H_

#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"
#include "daemon/command/client.h"

namespace trialsync::command {

// Compares the logs of all partitions that both servers have by their roots: one question to each
// end where they are the same as far as both go, and one more to each for every halving down to the
// first commit that differs. Errors are those of the calls.
absl::StatusOr<v1::LogComparisons> CompareLogs(Client& here, Client& there);

// The first number in 1 … size at which `same_up_to` says false, or 0 if it says true for `size`.
// It must go on saying false once it said so. Asks at most 1 + log2(size) times.
absl::StatusOr<uint64_t> FirstDifference(
    uint64_t size, const std::function<absl::StatusOr<bool>(uint64_t)>& same_up_to);

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_COMPARE_LOGS_H_
