// SPDX-License-Identifier: Apache-2.0
#include "sync/partition_state.h"

#include <utility>

namespace trialsync::sync {

PartitionState::CachedRecord& PartitionState::Cached(const v1::RecordKey& key) {
  const auto [it, inserted] = records_.try_emplace(storage::RecordKeyBytes(key));
  if (inserted) {
    if (std::optional<v1::RecordState> stored = tables_.Record(it->first)) {
      it->second.state = *std::move(stored);
    } else {
      *it->second.state.mutable_key() = key;
    }
  }
  return it->second;
}

v1::RecordState& PartitionState::MutableRecord(const v1::RecordKey& key) {
  CachedRecord& cached = Cached(key);
  cached.changed = true;
  return cached.state;
}

bool PartitionState::AnyHeld() {
  if (!any_held_) any_held_ = tables_.AnyHeld();
  return *any_held_;
}

bool PartitionState::IsCentre(const ReplicaId& replica) {
  const auto [it, inserted] = centres_.try_emplace(replica, false);
  if (inserted) it->second = !tables_.Enrolled(replica).has_value();
  return it->second;
}

void PartitionState::Flush() {
  for (const auto& [bytes, cached] : records_) {
    if (cached.changed) tables_.PutRecord(bytes, cached.state);
  }
  records_.clear();
}

}  // namespace trialsync::sync
