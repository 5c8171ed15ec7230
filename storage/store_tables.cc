// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/numbers.h"
#include "storage/key.h"
#include "storage/tables.h"

namespace trialsync::storage {
namespace {

KeyWriter Key(Table table) {
  KeyWriter key;
  key.U8(static_cast<uint8_t>(table));
  return key;
}

}  // namespace

std::optional<v1::StoreIdentity> StoreTables::Identity() {
  return GetMessage<v1::StoreIdentity>(Key(Table::kIdentity).key());
}

void StoreTables::PutIdentity(const v1::StoreIdentity& identity) {
  PutMessage(Key(Table::kIdentity).key(), identity);
}

std::optional<StoredGroup> StoreTables::LastGroup() {
  const KeyWriter key = Key(Table::kGroup);
  const std::optional<std::string> bytes = GetBytes(key.key());
  if (!bytes) return std::nullopt;
  KeyReader reader(*bytes);
  const StoredGroup group{.mark = {reader.U64(), reader.U64()}, .previous_token = reader.U64()};
  if (!reader.Finish().ok()) Damaged(key.key());
  return group;
}

void StoreTables::PutGroup(const StoredGroup& group) {
  KeyWriter value;
  value.U64(group.mark.counter).U64(group.mark.token).U64(group.previous_token);
  PutBytes(Key(Table::kGroup).key(), value.Take());
}

GroupMark StoreTables::PutNextGroup(uint64_t token) {
  const StoredGroup last = LastGroup().value_or(StoredGroup());
  const GroupMark mark{last.mark.counter + 1, token};
  PutGroup({.mark = mark, .previous_token = last.mark.token});
  return mark;
}

std::string StoreTables::VerifierKey() {
  return GetBytes(Key(Table::kVerifierKey).key()).value_or("");
}

void StoreTables::PutVerifierKey(std::string_view text) {
  PutBytes(Key(Table::kVerifierKey).key(), std::string(text));
}

std::vector<v1::RecoveryRow> StoreTables::Recoveries() {
  std::vector<v1::RecoveryRow> recoveries;
  const std::string first = Key(Table::kRecovery).Take();
  ForEach(first, PrefixEnd(first), [&](std::string_view key, std::string_view value) {
    if (auto row = Parse<v1::RecoveryRow>(key, value)) recoveries.push_back(*std::move(row));
    return true;
  });
  return recoveries;
}

void StoreTables::PutRecovery(uint64_t index, const v1::RecoveryRow& row) {
  PutMessage(Key(Table::kRecovery).U64(index).key(), row);
}

std::optional<PartitionNumber> StoreTables::FindPartition(const SiteName& name) {
  const std::string key = Key(Table::kPartition).Text(name.study).Text(name.site).Take();
  const std::optional<std::string> bytes = GetBytes(key);
  if (!bytes) return std::nullopt;
  KeyReader reader(*bytes);
  const PartitionNumber number{reader.U32()};
  if (!reader.Finish().ok()) Damaged(key);
  return number;
}

PartitionNumber StoreTables::AddPartition(const SiteName& name) {
  const PartitionNumber number{static_cast<uint32_t>(Partitions().size() + 1)};
  PutBytes(Key(Table::kPartition).Text(name.study).Text(name.site).key(),
           KeyWriter().U32(number.value).Take());
  return number;
}

std::vector<StoreTables::Partition> StoreTables::Partitions() {
  std::vector<Partition> partitions;
  const std::string first = Key(Table::kPartition).Take();
  ForEach(first, PrefixEnd(first), [&](std::string_view key, std::string_view value) {
    KeyReader name(key);
    name.U8();
    Partition partition;
    partition.name.study = name.Text();
    partition.name.site = name.Text();
    KeyReader number(value);
    partition.number.value = number.U32();
    if (!name.Finish().ok() || !number.Finish().ok()) Damaged(key);
    partitions.push_back(std::move(partition));
    return true;
  });
  return partitions;
}

void StoreTables::PutDefinition(const std::string& study, uint32_t number, std::string_view sha256,
                                std::string bytes) {
  PutBytes(Key(Table::kDefinition).Text(study).U32(number).Fixed(sha256).key(), std::move(bytes));
}

std::vector<std::string> StoreTables::Definitions(const std::string& study) {
  std::vector<std::string> definitions;
  const std::string first = Key(Table::kDefinition).Text(study).Take();
  ForEach(first, PrefixEnd(first), [&](std::string_view, std::string_view value) {
    definitions.emplace_back(value);
    return true;
  });
  return definitions;
}

std::vector<std::string> StoreTables::Studies() {
  std::vector<std::string> studies;
  const std::string first = Key(Table::kDefinition).Take();
  ForEach(first, PrefixEnd(first), [&](std::string_view key, std::string_view) {
    KeyReader reader(key);
    reader.U8();
    std::string study = reader.Text();
    if (studies.empty() || studies.back() != study) studies.push_back(std::move(study));
    return true;
  });
  return studies;
}

}  // namespace trialsync::storage
