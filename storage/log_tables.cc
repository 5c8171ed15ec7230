// SPDX-License-Identifier: Apache-2.0
#include "proto/check.h"
#include "storage/key.h"
#include "storage/tables.h"

namespace trialsync::storage {
namespace {

constexpr size_t kLengthBytes = 4;

KeyWriter Key(Table table, PartitionNumber partition) {
  KeyWriter key;
  key.U8(static_cast<uint8_t>(table)).U32(partition.value);
  return key;
}

// A number that stands at the end of a key.
uint64_t LastU64(std::string_view key) {
  KeyReader reader(key.substr(key.size() < 8 ? 0 : key.size() - 8));
  return reader.U64();
}

// The first row of a run, taken off its front; nullopt, and the run is empty, where that is none.
std::optional<std::string_view> TakeRow(std::string_view& run) {
  KeyReader length(run.substr(0, kLengthBytes));
  const size_t row_bytes = length.U32();
  if (!length.Finish().ok() || row_bytes > run.size() - kLengthBytes) {
    run = {};
    return std::nullopt;
  }
  const std::string_view row = run.substr(kLengthBytes, row_bytes);
  run.remove_prefix(kLengthBytes + row_bytes);
  return row;
}

// The number of the first commit of a run; 0 if it is damaged.
uint64_t FirstNumber(uint64_t last_number, std::string_view run) {
  uint64_t count = 0;
  for (; !run.empty(); ++count) {
    if (!TakeRow(run)) return 0;
  }
  return count == 0 || count > last_number ? 0 : last_number - count + 1;
}

}  // namespace

std::string PartitionTables::LogKey(uint64_t last_number) const {
  return Key(Table::kLog, partition_).U64(last_number).Take();
}

void PartitionTables::AppendLog(uint64_t number, const v1::LogRow& row) {
  if (appended_.bytes.empty()) appended_.first_number = number;
  TS_CHECK(appended_.bytes.empty() || number == appended_.last_number + 1);
  appended_.last_number = number;
  appended_.bytes.append(KeyWriter().U32(static_cast<uint32_t>(row.ByteSizeLong())).key());
  row.AppendToString(&appended_.bytes);
}

void PartitionTables::FlushLog() {
  if (appended_.bytes.empty()) return;
  PutBytes(LogKey(appended_.last_number), std::move(appended_.bytes));
  appended_ = LogRun();
  read_ = LogRun();
}

bool PartitionTables::ReadLogRun(uint64_t number) {
  if (read_.Has(number)) return true;
  read_ = LogRun();
  const std::unique_ptr<Iterator> row =
      transaction().Scan(LogKey(number), PrefixEnd(Key(Table::kLog, partition_).key()));
  if (!row->status().ok()) Fail(row->status());
  if (!row->Valid()) return false;
  const uint64_t last_number = LastU64(row->key());
  const uint64_t first_number = FirstNumber(last_number, row->value());
  if (first_number == 0) {
    Damaged(row->key());
    return false;
  }
  read_ = {first_number, last_number, std::string(row->value())};
  return read_.Has(number);
}

std::optional<v1::LogRow> PartitionTables::Log(uint64_t number) {
  const bool appended = appended_.Has(number);
  if (!appended && !ReadLogRun(number)) return std::nullopt;
  const LogRun& run = appended ? appended_ : read_;
  std::string_view rest = run.bytes;
  for (uint64_t before = run.first_number; before < number; ++before) TakeRow(rest);
  return Parse<v1::LogRow>(LogKey(run.last_number), *TakeRow(rest));
}

void PartitionTables::ForEachLog(uint64_t first, uint64_t last,
                                 const std::function<bool(uint64_t, v1::LogRow)>& visit) {
  ForEach(LogKey(first), PrefixEnd(Key(Table::kLog, partition_).key()),
          [&](std::string_view key, std::string_view run) {
            uint64_t number = FirstNumber(LastU64(key), run);
            if (number == 0) Damaged(key);
            for (; number != 0 && !run.empty() && number <= last; ++number) {
              const std::string_view bytes = *TakeRow(run);
              if (number < first) continue;
              std::optional<v1::LogRow> row = Parse<v1::LogRow>(key, bytes);
              if (!row || !visit(number, *std::move(row))) return false;
            }
            return number != 0 && number <= last;
          });
}

void PartitionTables::TruncateLog(uint64_t size) {
  TS_CHECK(appended_.bytes.empty());
  std::vector<std::string> keys;
  std::string kept;
  ForEach(LogKey(size + 1), PrefixEnd(Key(Table::kLog, partition_).key()),
          [&](std::string_view key, std::string_view run) {
            keys.emplace_back(key);
            const std::string_view whole = run;
            uint64_t number = FirstNumber(LastU64(key), run);
            if (number == 0) Damaged(key);
            while (number != 0 && number <= size && TakeRow(run)) ++number;
            if (keys.size() == 1) kept = whole.substr(0, whole.size() - run.size());
            return number != 0;
          });
  for (const std::string& key : keys) Delete(key);
  if (!kept.empty()) PutBytes(LogKey(size), std::move(kept));
  read_ = LogRun();
}

v1::LogHead PartitionTables::Head() {
  return GetMessage<v1::LogHead>(Key(Table::kLogHead, partition_).key()).value_or(v1::LogHead());
}

void PartitionTables::PutHead(const v1::LogHead& head) {
  PutMessage(Key(Table::kLogHead, partition_).key(), head);
}

std::optional<std::string> PartitionTables::Tile(uint64_t index) {
  return GetBytes(Key(Table::kTile, partition_).U64(index).key());
}

void PartitionTables::PutTile(uint64_t index, std::string_view root) {
  PutBytes(Key(Table::kTile, partition_).U64(index).key(), std::string(root));
}

}  // namespace trialsync::storage
