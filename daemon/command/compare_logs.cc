// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/compare_logs.h"

#include <algorithm>

namespace trialsync::command {
namespace {

const v1::PartitionStatus* Find(const v1::Status& status, const v1::PartitionStatus& wanted) {
  for (const v1::PartitionStatus& partition : status.partitions()) {
    if (partition.study() == wanted.study() && partition.site() == wanted.site()) return &partition;
  }
  return nullptr;
}

absl::Status Compare(Client& here, Client& there, v1::LogComparison& comparison) {
  v1::GetLogPositionRequest request;
  request.set_study(comparison.study());
  request.set_site(comparison.site());
  const auto same_up_to = [&](uint64_t size) -> absl::StatusOr<bool> {
    request.set_size(size);
    const absl::StatusOr<v1::LogPosition> ours = here.Call(request);
    if (!ours.ok()) return ours.status();
    const absl::StatusOr<v1::LogPosition> theirs = there.Call(request);
    if (!theirs.ok()) return theirs.status();
    return ours->root() == theirs->root();
  };
  const absl::StatusOr<uint64_t> first =
      FirstDifference(std::min(comparison.commits_here(), comparison.commits_there()), same_up_to);
  if (!first.ok()) return first.status();
  comparison.set_first_difference(*first);
  comparison.set_same(*first == 0);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<uint64_t> FirstDifference(
    uint64_t size, const std::function<absl::StatusOr<bool>(uint64_t)>& same_up_to) {
  if (size == 0) return 0;
  const absl::StatusOr<bool> same = same_up_to(size);
  if (!same.ok()) return same.status();
  if (*same) return 0;
  uint64_t same_size = 0;
  uint64_t other_size = size;
  while (other_size - same_size > 1) {
    const uint64_t middle = same_size + (other_size - same_size) / 2;
    const absl::StatusOr<bool> middle_same = same_up_to(middle);
    if (!middle_same.ok()) return middle_same.status();
    (*middle_same ? same_size : other_size) = middle;
  }
  return other_size;
}

absl::StatusOr<v1::LogComparisons> CompareLogs(Client& here, Client& there) {
  const absl::StatusOr<v1::Status> ours = here.Call(v1::GetStatusRequest());
  if (!ours.ok()) return ours.status();
  const absl::StatusOr<v1::Status> theirs = there.Call(v1::GetStatusRequest());
  if (!theirs.ok()) return theirs.status();
  v1::LogComparisons comparisons;
  for (const v1::PartitionStatus& partition : ours->partitions()) {
    const v1::PartitionStatus* const other = Find(*theirs, partition);
    if (other == nullptr) continue;
    v1::LogComparison& comparison = *comparisons.add_partitions();
    comparison.set_study(partition.study());
    comparison.set_site(partition.site());
    comparison.set_commits_here(partition.log().size());
    comparison.set_commits_there(other->log().size());
    if (absl::Status status = Compare(here, there, comparison); !status.ok()) return status;
  }
  return comparisons;
}

}  // namespace trialsync::command
