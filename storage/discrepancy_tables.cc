// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "storage/key.h"
#include "storage/tables.h"

namespace trialsync::storage {
namespace {

struct KindWord {
  v1::DiscrepancyKind kind;
  const char* word;
};
constexpr std::array<KindWord, 8> kKindWords = {
    {{v1::DISCREPANCY_KIND_DISPUTE, "dispute"},
     {v1::DISCREPANCY_KIND_PROPOSAL, "proposal"},
     {v1::DISCREPANCY_KIND_QUERY, "query"},
     {v1::DISCREPANCY_KIND_HELD, "held"},
     {v1::DISCREPANCY_KIND_REFUSED, "refused"},
     {v1::DISCREPANCY_KIND_LABEL, "label"},
     {v1::DISCREPANCY_KIND_PREDICTION, "prediction"},
     {v1::DISCREPANCY_KIND_CONTRADICTED, "contradicted"}}};

KeyWriter Key(Table table, PartitionNumber partition) {
  KeyWriter key;
  key.U8(static_cast<uint8_t>(table)).U32(partition.value);
  return key;
}

void AppendId(KeyWriter& key, const DiscrepancyId& id) {
  key.Fixed(id.change.view()).U8(static_cast<uint8_t>(id.kind)).U32(id.part);
}

// Reads the id that ends a key.
std::optional<DiscrepancyId> IdAtEnd(std::string_view key) {
  constexpr size_t kIdBytes = ChangeId::kBytes + 1 + 4;
  if (key.size() < kIdBytes) return std::nullopt;
  KeyReader reader(key.substr(key.size() - kIdBytes));
  DiscrepancyId id;
  id.change = *ChangeId::From(reader.Fixed(ChangeId::kBytes));
  id.kind = static_cast<v1::DiscrepancyKind>(reader.U8());
  id.part = reader.U32();
  const bool known = std::any_of(kKindWords.begin(), kKindWords.end(),
                                 [&](const KindWord& word) { return word.kind == id.kind; });
  return known ? std::optional(id) : std::nullopt;
}

bool IsOpen(const v1::DiscrepancyRow& row) {
  return row.state() == v1::DISCREPANCY_STATE_OPEN || row.state() == v1::DISCREPANCY_STATE_ANSWERED;
}

}  // namespace

std::string DiscrepancyId::ToString() const {
  for (const KindWord& word : kKindWords) {
    if (word.kind == kind) return absl::StrCat(word.word, "-", change.hex(), "-", part);
  }
  return absl::StrCat("unknown-", change.hex(), "-", part);
}

std::optional<DiscrepancyId> DiscrepancyId::FromString(std::string_view text) {
  const std::vector<std::string> parts =
      absl::StrSplit(absl::string_view(text.data(), text.size()), '-');
  if (parts.size() != 3) return std::nullopt;
  DiscrepancyId id;
  for (const KindWord& word : kKindWords) {
    if (parts[0] == word.word) id.kind = word.kind;
  }
  const absl::StatusOr<std::string> raw = FromHex(parts[1]);
  if (id.kind == v1::DISCREPANCY_KIND_UNSPECIFIED || !raw.ok()) return std::nullopt;
  const std::optional<ChangeId> change = ChangeId::From(*raw);
  if (!change || !absl::SimpleAtoi(parts[2], &id.part)) return std::nullopt;
  id.change = *change;
  return id;
}

std::optional<v1::DiscrepancyRow> PartitionTables::Discrepancy(const DiscrepancyId& id) {
  KeyWriter key = Key(Table::kDiscrepancy, partition_);
  AppendId(key, id);
  return GetMessage<v1::DiscrepancyRow>(key.key());
}

void PartitionTables::PutDiscrepancy(const DiscrepancyId& id, const v1::DiscrepancyRow& row) {
  KeyWriter key = Key(Table::kDiscrepancy, partition_);
  AppendId(key, id);
  PutMessage(key.key(), row);

  KeyWriter open = Key(Table::kOpenDiscrepancy, partition_);
  AppendId(open, id);
  KeyWriter of_record = Key(Table::kRecordDiscrepancy, partition_);
  of_record.Fixed(RecordKeyBytes(row.record()));
  AppendId(of_record, id);
  if (IsOpen(row)) {
    PutBytes(open.key(), "");
    PutBytes(of_record.key(), "");
  } else {
    Delete(open.key());
    Delete(of_record.key());
  }
}

void PartitionTables::ForEachDiscrepancy(
    bool open_only, const std::optional<DiscrepancyId>& after,
    const std::function<bool(const DiscrepancyId&, const v1::DiscrepancyRow&)>& visit) {
  const Table table = open_only ? Table::kOpenDiscrepancy : Table::kDiscrepancy;
  const std::string prefix = Key(table, partition_).Take();
  std::string first = prefix;
  if (after) {
    KeyWriter key = Key(table, partition_);
    AppendId(key, *after);
    first = PrefixEnd(key.key());
  }
  ForEach(first, PrefixEnd(prefix), [&](std::string_view key, std::string_view) {
    const std::optional<DiscrepancyId> id = IdAtEnd(key);
    if (!id) {
      Damaged(key);
      return false;
    }
    const std::optional<v1::DiscrepancyRow> row = Discrepancy(*id);
    return !row || visit(*id, *row);
  });
}

std::vector<DiscrepancyId> PartitionTables::OpenOfRecord(std::string_view record_key) {
  std::vector<DiscrepancyId> ids;
  const std::string first = Key(Table::kRecordDiscrepancy, partition_).Fixed(record_key).Take();
  ForEach(first, PrefixEnd(first), [&](std::string_view key, std::string_view) {
    if (const std::optional<DiscrepancyId> id = IdAtEnd(key)) ids.push_back(*id);
    return true;
  });
  return ids;
}

}  // namespace trialsync::storage
