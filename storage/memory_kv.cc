// SPDX-License-Identifier: Apache-2.0
#include "storage/memory_kv.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "proto/check.h"

namespace trialsync::storage {
namespace {

class MemorySnapshot : public Snapshot {
 public:
  explicit MemorySnapshot(MemoryTree tree) : tree_(std::move(tree)) {}

  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override {
    const std::string* value = tree_.Find(key);
    if (value == nullptr) return std::nullopt;
    return *value;
  }

  absl::StatusOr<std::vector<std::optional<std::string>>> GetMany(
      std::span<const std::string> keys) const override {
    std::vector<std::optional<std::string>> values;
    for (const std::string& key : keys) values.push_back(*Get(key));
    return values;
  }

  std::unique_ptr<Iterator> Scan(std::string_view first, std::string_view last) const override {
    return tree_.Scan(first, last);
  }

  std::unique_ptr<Iterator> ScanReverse(std::string_view first,
                                        std::string_view last) const override {
    return tree_.ScanReverse(first, last);
  }

 private:
  const MemoryTree tree_;
};

}  // namespace

std::shared_ptr<const Snapshot> MemoryKv::NewSnapshot() const {
  const std::lock_guard lock(mutex_);
  return std::make_shared<const MemorySnapshot>(visible_);
}

uint64_t MemoryKv::DiskBytes() const {
  const std::lock_guard lock(mutex_);
  return visible_.size_bytes();
}

MemoryTree MemoryKv::Image() const {
  const std::lock_guard lock(mutex_);
  return durable_;
}

size_t MemoryKv::unsynced_batches() const {
  const std::lock_guard lock(mutex_);
  return unsynced_.size();
}

void MemoryKv::Crash(size_t surviving_batches) {
  const std::lock_guard lock(mutex_);
  TS_CHECK(surviving_batches <= unsynced_.size());
  if (surviving_batches > 0) durable_ = unsynced_[surviving_batches - 1];
  unsynced_.clear();
  visible_ = durable_;
  SetFailure(absl::UnavailableError("the power failed"));
}

void MemoryKv::Reopen() {
  const std::lock_guard lock(mutex_);
  if (!unsynced_.empty()) durable_ = unsynced_.back();
  unsynced_.clear();
  visible_ = durable_;
  next_write_error_ = absl::OkStatus();
  next_sync_error_ = absl::OkStatus();
  SetFailure(absl::OkStatus());
}

void MemoryKv::FailNextWrite(absl::Status error) {
  TS_CHECK(!error.ok());
  const std::lock_guard lock(mutex_);
  next_write_error_ = std::move(error);
}

void MemoryKv::FailNextSync(absl::Status error) {
  TS_CHECK(!error.ok());
  const std::lock_guard lock(mutex_);
  next_sync_error_ = std::move(error);
}

absl::Status MemoryKv::Apply(const WriteBatch& batch, Durability durability) {
  const std::lock_guard lock(mutex_);
  if (!next_write_error_.ok()) return std::exchange(next_write_error_, absl::OkStatus());
  MemoryTree next = visible_.Apply(batch);
  unsynced_.push_back(next);
  if (durability == Durability::kSync) {
    if (!next_sync_error_.ok()) return std::exchange(next_sync_error_, absl::OkStatus());
    durable_ = next;
    unsynced_.clear();
  }
  visible_ = std::move(next);
  return absl::OkStatus();
}

}  // namespace trialsync::storage
