// SPDX-License-Identifier: Apache-2.0
#include "sync/replayed_log.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/check.h"
#include "sync/stored_change.h"

namespace trialsync::sync {
namespace {

// Commits between two Keep().
constexpr uint64_t kKeepCommits = 1000;

}  // namespace

ReplayedLog::ReplayedLog(PartitionNumber partition, const study::DefinitionSet* definitions,
                         uint64_t epoch)
    : partition_(partition), definitions_(definitions), epoch_(epoch) {
  Begin();
}

void ReplayedLog::Begin() {
  log_.reset();
  transaction_ = std::make_unique<storage::Transaction>(store_.NewSnapshot());
  state_ = std::make_unique<PartitionState>(transaction_.get(), partition_, definitions_);
  absl::StatusOr<LogWriter> log = LogWriter::Open(state_.get());
  TS_CHECK(log.ok());
  log_ = *std::move(log);
  if (log_->size() == 0 && epoch_ != 0) log_->BeginEpoch(epoch_);
}

void ReplayedLog::Keep() {
  state_->Flush();
  // A replica that never had a commit has no head.
  if (epoch_ != 0 || log_->size() != 0) log_->Flush();
  TS_CHECK(store_.Write(transaction_->TakeBatch(), storage::Durability::kNoSync).ok());
  Begin();
}

absl::Status ReplayedLog::Append(storage::PartitionTables& from, uint64_t size) {
  for (uint64_t number = log_->size() + 1; number <= size; ++number) {
    const std::optional<Receipt> receipt = ReadReceipt(from, number);
    const std::optional<StoredChange> change = ReadChange(from, number);
    if (!from.status().ok()) return from.status();
    if (!receipt || !change) {
      return absl::DataLossError(
          absl::StrCat("commit ", number, " of the log is missing; run: trialsync verify"));
    }
    const Incoming incoming{.stamp = receipt->stamp,
                            .origin = receipt->origin,
                            .authored = change->authored,
                            .authored_digest = Sha256Of(change->authored),
                            .change = &change->change,
                            .received_time_us = receipt->received_time_us};
    // A log that was tampered with may say anything.
    const bool fits = log_->Misfit(incoming, change->id).empty();
    if (!fits || log_->Append(incoming) != *receipt) {
      return absl::DataLossError(absl::StrCat("commit ", number,
                                              " of the log has another outcome than its replay; "
                                              "run: trialsync verify"));
    }
    if (number % kKeepCommits == 0) Keep();
  }
  Keep();
  return absl::OkStatus();
}

uint64_t FirstEpoch(storage::PartitionTables& tables) {
  const v1::LogHead head = tables.Head();
  const std::vector<v1::Position> ends =
      Branches(&tables).EpochEnds(PositionOf(head.epoch(), head.size()));
  return ends.empty() ? head.epoch() : ends.front().epoch();
}

}  // namespace trialsync::sync
