// SPDX-License-Identifier: Apache-2.0
#include "sync/stored_change.h"

#include "sync/judgement.h"

namespace trialsync::sync {
namespace {

std::optional<StoredChange> Parsed(storage::PartitionTables& tables, StoredChange stored) {
  stored.id = ChangeIdOf(Sha256Of(stored.authored));
  if (!stored.change.ParseFromString(stored.authored)) {
    tables.Fail(absl::DataLossError("a change in the store is damaged; run: trialsync verify"));
    return std::nullopt;
  }
  if (IsOutboxNumber(stored.number)) stored.epoch = stored.change.base().epoch();
  return stored;
}

std::optional<StoredChange> ReadOutbox(storage::PartitionTables& tables, uint64_t number) {
  const std::optional<ChainId> own = tables.OwnChain();
  if (!own) return std::nullopt;
  StoredChange stored;
  stored.number = number;
  stored.stamp = {*own, number - kOutboxNumber};
  std::optional<v1::OwnRow> row = tables.Own(own->incarnation, stored.stamp.seq);
  if (!row) return std::nullopt;
  stored.authored = std::move(*row->mutable_authored());
  return Parsed(tables, std::move(stored));
}

}  // namespace

std::optional<StoredChange> ReadChange(storage::PartitionTables& tables, uint64_t number) {
  if (IsOutboxNumber(number)) return ReadOutbox(tables, number);
  std::optional<v1::LogRow> row = tables.Log(number);
  if (!row) return std::nullopt;
  const absl::StatusOr<Receipt> receipt = DecodeReceipt(row->receipt());
  if (!receipt.ok()) {
    tables.Fail(receipt.status());
    return std::nullopt;
  }
  StoredChange stored;
  stored.number = number;
  stored.epoch = receipt->epoch;
  stored.stamp = receipt->stamp;
  stored.received_time_us = receipt->received_time_us;
  stored.previous_of_record = row->previous_of_record();
  if (stored.previous_of_record >= number) {
    tables.Fail(
        absl::DataLossError("a commit follows itself on its record; run: trialsync verify"));
    return std::nullopt;
  }
  stored.from_centre = !tables.Enrolled(receipt->stamp.chain.replica).has_value();
  stored.authored = std::move(*row->mutable_authored());
  if (stored.authored.empty()) {
    std::optional<v1::OwnRow> own = tables.Own(stored.stamp.chain.incarnation, stored.stamp.seq);
    if (!own) {
      tables.Fail(absl::DataLossError("a change of this replica is missing from its own chain"));
      return std::nullopt;
    }
    stored.authored = std::move(*own->mutable_authored());
  }
  return Parsed(tables, std::move(stored));
}

std::optional<Receipt> ReadReceipt(storage::PartitionTables& tables, uint64_t number) {
  const std::optional<v1::LogRow> row = tables.Log(number);
  if (!row) return std::nullopt;
  absl::StatusOr<Receipt> receipt = DecodeReceipt(row->receipt());
  if (receipt.ok()) return *std::move(receipt);
  tables.Fail(receipt.status());
  return std::nullopt;
}

std::optional<Stamp> PlaceOf(storage::PartitionTables& tables, const ChangeId& id) {
  const std::optional<v1::ChangeRow> row = tables.Change(id);
  const std::optional<Receipt> receipt =
      row ? ReadReceipt(tables, row->number()) : std::nullopt;
  return receipt ? std::optional(receipt->stamp) : std::nullopt;
}

std::optional<StoredChange> FindChange(storage::PartitionTables& tables, const ChangeId& id) {
  const std::optional<v1::ChangeRow> row = tables.Change(id);
  return row ? ReadChange(tables, row->number()) : std::nullopt;
}

}  // namespace trialsync::sync
