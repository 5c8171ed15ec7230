// SPDX-License-Identifier: Apache-2.0
#include "sync/counts.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "storage/key.h"
#include "storage/tables.h"
#include "storage/transaction.h"

namespace trialsync::sync {
namespace {

using storage::Table;

// Table and partition.
constexpr size_t kHeadBytes = 5;
// RecordKeyBytes(): the event stands behind the subject, the form behind the event's birth.
constexpr size_t kRecordKeyBytes = 56;
constexpr size_t kEventOffset = 16;
constexpr size_t kFormOffset = 36;

storage::KeyWriter KeyOf(Table table, PartitionNumber partition) {
  storage::KeyWriter key;
  key.U8(static_cast<uint8_t>(table)).U32(partition.value);
  return key;
}

std::unique_ptr<storage::Iterator> Scan(const storage::Reader& reader, storage::KeyWriter prefix) {
  return reader.Scan(prefix.key(), storage::PrefixEnd(prefix.key()));
}

// The record's key, where the row is about a form; empty for the label of a birth.
std::string_view FormRecord(std::string_view key) {
  if (key.size() < kHeadBytes + kRecordKeyBytes) return {};
  const std::string_view record = key.substr(kHeadBytes, kRecordKeyBytes);
  constexpr std::string_view kNone("\0\0\0\0", 4);
  const bool is_form = record.substr(kEventOffset, kNone.size()) != kNone &&
                       record.substr(kFormOffset, kNone.size()) != kNone;
  return is_form ? record : std::string_view();
}

// The seq at the end of a key of the outbox.
uint64_t SeqOf(std::string_view key) {
  storage::KeyReader reader(key.substr(key.size() - std::min(key.size(), sizeof(uint64_t))));
  return reader.U64();
}

// Records in the log or, both being in the same order, in the outbox.
absl::StatusOr<uint64_t> CountRecords(const storage::Reader& reader, PartitionNumber partition) {
  const auto stored = Scan(reader, KeyOf(Table::kRecord, partition));
  const auto unsent = Scan(reader, KeyOf(Table::kOutboxRecord, partition));
  storage::Transaction transaction(&reader);
  storage::PartitionTables tables(&transaction, partition);
  const uint64_t receipted = tables.ReceiptedSeq();
  uint64_t count = 0;
  std::string last;
  while (stored->Valid() || unsent->Valid()) {
    const bool take_stored =
        stored->Valid() &&
        (!unsent->Valid() || stored->key().substr(kHeadBytes) <= unsent->key().substr(kHeadBytes));
    storage::Iterator& row = take_stored ? *stored : *unsent;
    const std::string_view record =
        take_stored || SeqOf(row.key()) > receipted ? FormRecord(row.key()) : std::string_view();
    if (!record.empty() && record != last) {
      ++count;
      last.assign(record);
    }
    row.Next();
  }
  if (!stored->status().ok()) return stored->status();
  if (!unsent->status().ok()) return unsent->status();
  if (!tables.status().ok()) return tables.status();
  return count;
}

absl::StatusOr<uint64_t> CountSubjects(const storage::Reader& reader, PartitionNumber partition) {
  std::set<std::string> births;
  for (const Table table : {Table::kLabel, Table::kOutboxLabel}) {
    storage::KeyWriter prefix = KeyOf(table, partition);
    prefix.U8(static_cast<uint8_t>(v1::BIRTH_KIND_SUBJECT));
    const auto row = Scan(reader, std::move(prefix));
    for (; row->Valid(); row->Next()) {
      const std::string_view key = row->key();
      births.emplace(key.substr(key.size() - std::min(key.size(), ChangeId::kBytes)));
    }
    if (!row->status().ok()) return row->status();
  }
  return births.size();
}

absl::StatusOr<uint64_t> CountRows(const storage::Reader& reader, storage::KeyWriter prefix) {
  uint64_t count = 0;
  const auto row = Scan(reader, std::move(prefix));
  for (; row->Valid(); row->Next()) ++count;
  if (!row->status().ok()) return row->status();
  return count;
}

}  // namespace

absl::StatusOr<PartitionCounts> CountPartition(const storage::Reader& reader,
                                               PartitionNumber partition) {
  const absl::StatusOr<uint64_t> records = CountRecords(reader, partition);
  if (!records.ok()) return records.status();
  const absl::StatusOr<uint64_t> subjects = CountSubjects(reader, partition);
  if (!subjects.ok()) return subjects.status();
  const absl::StatusOr<uint64_t> open =
      CountRows(reader, KeyOf(Table::kOpenDiscrepancy, partition));
  if (!open.ok()) return open.status();
  return PartitionCounts{.records = *records, .subjects = *subjects, .open_discrepancies = *open};
}

}  // namespace trialsync::sync
