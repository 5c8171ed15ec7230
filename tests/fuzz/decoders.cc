// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "proto/check.h"
#include "storage/key.h"
#include "storage/memory_kv.h"
#include "storage/tables.h"
#include "storage/transaction.h"
#include "study/definition.h"
#include "sync/first_entry.h"
#include "sync/log.h"
#include "sync/log_tree.h"
#include "sync/receipt.h"
#include "sync/sent_rows.h"
#include "sync/stored_change.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/sample_study.h"
#include "tests/fuzz/target.h"

// Everything that reads bytes of a key or a row, one at a time: any bytes give a value or an error.
// What is a value is written back as the same bytes. The first byte says which. Proofs and notes
// that are signed will stand here too.
namespace trialsync::fuzz {
namespace {

constexpr PartitionNumber kPartition{1};

void ReadReceipt(std::string_view bytes) {
  const absl::StatusOr<sync::Receipt> receipt = sync::DecodeReceipt(bytes);
  if (receipt.ok()) {
    TS_CHECK(receipt->Encode() == bytes);
  } else {
    TS_CHECK(absl::IsDataLoss(receipt.status()));
  }
  sync::Receipt details;
  const absl::Status status = sync::DecodeReceiptDetails(bytes, details);
  TS_CHECK(status.ok() ? details.EncodeDetails() == bytes : absl::IsDataLoss(status));
}

void ReadKey(std::string_view bytes) {
  storage::KeyReader reader(bytes);
  storage::KeyWriter writer;
  writer.U8(reader.U8()).Text(reader.Text()).U32(reader.U32()).Text(reader.Text());
  writer.Fixed(reader.Fixed(ChangeId::kBytes)).U64(reader.U64());
  if (reader.Finish().ok()) TS_CHECK(writer.key() == bytes);
  const std::string end = storage::PrefixEnd(bytes);
  TS_CHECK(end.empty() || std::string_view(end) > bytes);
  if (const auto id = ChangeId::From(bytes)) TS_CHECK(id->view() == bytes);
  if (const auto hash = Sha256FromBytes(bytes); hash.ok()) TS_CHECK(hash->view() == bytes);
}

// Every row of every table of a partition is `bytes`, and is asked for.
void ReadRows(storage::PartitionTables& tables, std::string_view record_key) {
  const ChangeId id;
  const ChainId chain;
  tables.Log(1);
  tables.Tile(0);
  tables.Change(id);
  tables.Record(record_key);
  tables.Birth(id);
  tables.Version({});
  tables.Versions();
  tables.Discrepancy({});
  tables.Request("", "");
  tables.Chain(chain);
  tables.Chains();
  tables.Enrolled({});
  tables.Own(0, 1);
  tables.LastOwn(0);
  tables.PrivateValue(id, 0);
  tables.OwnChain();
  sync::ReadChange(tables, 1);
  sync::ReadChange(tables, sync::kOutboxNumber + 1);
  sync::FindChange(tables, id);
}

std::string PartitionKey(storage::Table table, std::string_view rest) {
  storage::KeyWriter key;
  key.U8(static_cast<uint8_t>(table)).U32(kPartition.value).Fixed(rest);
  return key.Take();
}

void ReadRow(std::string_view bytes) {
  storage::MemoryKv kv;
  storage::Transaction transaction(kv.NewSnapshot());
  const std::string value(bytes);
  const std::string no_id(ChangeId::kBytes, '\0');
  const std::string number("\0\0\0\0\0\0\0\1", 8);
  const std::string record_key = storage::RecordKeyBytes({});
  using storage::Table;
  for (const auto& [table, rest] : std::initializer_list<std::pair<Table, std::string>>{
           {Table::kLog, number},
           {Table::kLogHead, ""},
           {Table::kTile, std::string(8, '\0')},
           {Table::kChange, no_id},
           {Table::kRecord, record_key},
           {Table::kBirth, no_id},
           {Table::kVersion, std::string("\0\0\0\0\0\1", 6)},
           {Table::kDiscrepancy, no_id + std::string(5, '\0')},
           {Table::kRequest, std::string("\0\1\0\1", 4)},
           {Table::kChain, no_id + std::string(8, '\0')},
           {Table::kEnrolled, no_id},
           {Table::kOwn, std::string(8, '\0') + number},
           {Table::kPrivateValue, no_id + std::string(4, '\0')}}) {
    transaction.Put(PartitionKey(table, rest), value);
  }
  transaction.Put(storage::KeyWriter().U8(static_cast<uint8_t>(Table::kIdentity)).key(), value);
  transaction.Put(storage::KeyWriter().U8(static_cast<uint8_t>(Table::kGroup)).key(), value);
  storage::StoreTables store(&transaction);
  store.Identity();
  store.LastGroup();
  store.Recoveries();
  storage::PartitionTables tables(&transaction, kPartition);
  ReadRows(tables, record_key);
  sync::PartitionState state(&transaction, kPartition, &SampleStudy());
  sync::LogWriter::Open(&state).IgnoreError();
  sync::RootAt(tables, 1).IgnoreError();
  if (auto record = tables.Record(record_key)) {
    sync::ExpandFirstEntry(tables, SampleStudy(), *record);
  }
}

// Rows whose key is `bytes`, in each table.
void ReadKeysOf(std::string_view bytes) {
  storage::MemoryKv kv;
  storage::Transaction transaction(kv.NewSnapshot());
  for (int table = 0; table < 0x30; ++table) {
    transaction.Put(PartitionKey(static_cast<storage::Table>(table), bytes), "");
    transaction.Put(storage::KeyWriter().U8(static_cast<uint8_t>(table)).Fixed(bytes).key(), "");
  }
  storage::StoreTables store(&transaction);
  store.Partitions();
  store.Studies();
  store.Definitions("trial");
  storage::PartitionTables tables(&transaction, kPartition);
  tables.ForEachLog(0, ~uint64_t{0} - 1, [](uint64_t, const v1::LogRow&) { return true; });
  tables.ForEachRecord("", "", [](std::string_view, const v1::RecordState&) { return true; });
  tables.ForEachDiscrepancy(true, std::nullopt, [](const auto&, const auto&) { return true; });
  tables.ForEachOwn(0, 0, [](uint64_t, const v1::OwnRow&) { return true; });
  tables.Births(v1::BIRTH_KIND_SUBJECT, {});
  tables.OpenOfRecord("");
  tables.OutboxOfBirths();
  tables.OutboxOfRecord("");
  tables.AnyHeld();
  tables.LastOwn(0);
  tables.AppendPrivate({});
}

void ReadDefinition(std::string_view bytes) {
  const auto definition = study::Definition::FromBytes(std::string(bytes));
  if (definition.ok()) TS_CHECK((*definition)->bytes() == bytes);
}

void Run(std::string_view bytes) {
  Input input(bytes);
  switch (input.Choose(5)) {
    case 0:
      return ReadReceipt(input.Rest());
    case 1:
      return ReadKey(input.Rest());
    case 2:
      return ReadRow(input.Rest());
    case 3:
      return ReadKeysOf(input.Rest());
    default:
      return ReadDefinition(input.Rest());
  }
}

const RegisteredTarget kTarget("decoders", Run);

}  // namespace
}  // namespace trialsync::fuzz
