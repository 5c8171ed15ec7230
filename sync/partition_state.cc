// SPDX-License-Identifier: Apache-2.0
#include "sync/partition_state.h"

#include <utility>

#include "sync/first_entry.h"
#include "sync/record.h"

namespace trialsync::sync {

PartitionState::CachedRecord PartitionState::Load(std::string_view bytes) {
  CachedRecord loaded;
  loaded.state = google::protobuf::Arena::CreateMessage<v1::RecordState>(&arena_);
  loaded.stored = tables_.ReadRecord(bytes, loaded.state);
  if (loaded.stored && storage::RecordKeyBytes(loaded.state->key()) != bytes) {
    tables_.Fail(absl::DataLossError("a record is not where it belongs; run: trialsync verify"));
    loaded.stored = false;
    loaded.state->Clear();
  }
  ExpandFirstEntry(tables_, *definitions_, *loaded.state);
  return loaded;
}

PartitionState::CachedRecord& PartitionState::Cached(const v1::RecordKey& key) {
  if (last_ != nullptr && SameRecord(last_->state->key(), key)) return *last_;
  const auto [it, inserted] = records_.try_emplace(storage::RecordKeyBytes(key));
  if (inserted) {
    it->second = Load(it->first);
    if (!it->second.stored) *it->second.state->mutable_key() = key;
  }
  last_ = &it->second;
  return *last_;
}

v1::RecordState& PartitionState::MutableRecord(const v1::RecordKey& key) {
  CachedRecord& cached = Cached(key);
  cached.changed = true;
  return *cached.state;
}

bool PartitionState::HasRecord(const v1::RecordKey& key) {
  std::string bytes = storage::RecordKeyBytes(key);
  const auto cached = records_.find(bytes);
  if (cached != records_.end()) return cached->second.stored || cached->second.changed;
  const CachedRecord loaded = Load(bytes);
  if (loaded.stored) records_.emplace(std::move(bytes), loaded);
  return loaded.stored;
}

void PartitionState::PutFirstEntry(const v1::RecordKey& key, uint64_t number) {
  const std::string bytes = storage::RecordKeyBytes(key);
  if (records_.erase(bytes) != 0) last_ = nullptr;
  tables_.PutRecord(bytes, FirstEntryRow(key, number));
  first_entry_ = number;
}

bool PartitionState::AnyHeld() {
  if (!any_held_) any_held_ = tables_.AnyHeld();
  return *any_held_;
}

bool PartitionState::AnyTakenOff() {
  if (any_taken_off_) return *any_taken_off_;
  any_taken_off_ = false;
  tables_.ForEachTakenOff([&](const v1::TakenOff&) {
    any_taken_off_ = true;
    return false;
  });
  return *any_taken_off_;
}

const v1::BirthRow* PartitionState::Birth(const ChangeId& id) {
  const auto known = births_.find(id);
  if (known != births_.end()) return &known->second;
  std::optional<v1::BirthRow> row = tables_.Birth(id);
  return row ? &births_.emplace(id, *std::move(row)).first->second : nullptr;
}

void PartitionState::PutBirth(const ChangeId& id, const v1::BirthRow& row) {
  births_[id] = row;
  tables_.PutBirth(id, row);
}

const std::vector<v1::VersionRow>& PartitionState::Versions() {
  if (!versions_) versions_ = tables_.Versions();
  return *versions_;
}

const v1::VersionRow* PartitionState::Version(const v1::VersionReference& version) {
  for (const v1::VersionRow& row : Versions()) {
    const bool same =
        row.version().number() == version.number() && row.version().sha256() == version.sha256();
    if (same) return &row;
  }
  return nullptr;
}

void PartitionState::PutVersion(const v1::VersionRow& row) {
  tables_.PutVersion(row);
  versions_.reset();
}

bool PartitionState::IsCentre(const ReplicaId& replica) {
  const auto [it, inserted] = centres_.try_emplace(replica, false);
  if (inserted) it->second = !tables_.Enrolled(replica).has_value();
  return it->second;
}

void PartitionState::Flush() {
  for (const auto& [bytes, cached] : records_) {
    if (cached.changed) tables_.PutRecord(bytes, *cached.state);
  }
  tables_.FlushLog();
  last_ = nullptr;
  records_.clear();
  births_.clear();
  arena_.Reset();
}

}  // namespace trialsync::sync
