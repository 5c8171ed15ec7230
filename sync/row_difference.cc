// SPDX-License-Identifier: Apache-2.0
#include "sync/row_difference.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <array>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/key.h"
#include "trialsync/v1/state.pb.h"

namespace trialsync::sync {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using storage::Table;

constexpr size_t kHeadBytes = 5;

struct DerivedTable {
  Table table;
  const char* name;
  // The message in its rows; null where they hold plain bytes.
  const Message* prototype;
};

const std::array<DerivedTable, 16>& DerivedTables() {
  static const std::array<DerivedTable, 16> tables = {{
      {Table::kLogHead, "log head", &v1::LogHead::default_instance()},
      {Table::kTile, "tree of the log", nullptr},
      {Table::kChange, "changes", &v1::ChangeRow::default_instance()},
      {Table::kRecord, "records", &v1::RecordState::default_instance()},
      {Table::kBirth, "births", &v1::BirthRow::default_instance()},
      {Table::kLabel, "labels", nullptr},
      {Table::kVersion, "versions", &v1::VersionRow::default_instance()},
      {Table::kDiscrepancy, "discrepancies", &v1::DiscrepancyRow::default_instance()},
      {Table::kOpenDiscrepancy, "open discrepancies", nullptr},
      {Table::kRecordDiscrepancy, "open discrepancies of records", nullptr},
      {Table::kHeld, "held changes", nullptr},
      {Table::kRequest, "requests", nullptr},
      {Table::kChain, "chains", &v1::ChainHead::default_instance()},
      {Table::kEnrolled, "enrolled replicas", nullptr},
      {Table::kTakenOff, "commits taken off", &v1::TakenOff::default_instance()},
      {Table::kTakenOffPosition, "positions taken off", nullptr},
  }};
  return tables;
}

bool IsDiscrepancyTable(Table table) {
  return table == Table::kDiscrepancy || table == Table::kOpenDiscrepancy ||
         table == Table::kRecordDiscrepancy;
}

// A discrepancy's id, kind before part, ends the key of all three tables.
bool IsPrediction(Table table, std::string_view key) {
  constexpr size_t kKindFromEnd = 5;
  return IsDiscrepancyTable(table) && key.size() > kKindFromEnd &&
         key[key.size() - kKindFromEnd] == static_cast<char>(v1::DISCREPANCY_KIND_PREDICTION);
}

std::string FieldDifference(const Message& a, const Message& b);

// The first element of a repeated field, or its number of elements, that differs.
std::string RepeatedDifference(const Message& a, const Message& b, const FieldDescriptor& field) {
  const Reflection& reflection = *a.GetReflection();
  const int size = reflection.FieldSize(a, &field);
  if (size != reflection.FieldSize(b, &field)) return absl::StrCat("number of ", field.name());
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return field.name();
  for (int i = 0; i < size; ++i) {
    const std::string inner = FieldDifference(reflection.GetRepeatedMessage(a, &field, i),
                                              reflection.GetRepeatedMessage(b, &field, i));
    if (!inner.empty()) return absl::StrCat(field.name(), "[", i, "].", inner);
  }
  return "";
}

// Whether the two differ in this field alone, told by their bytes without the others.
bool DiffersIn(const Message& a, const Message& b, const FieldDescriptor& field) {
  const std::unique_ptr<Message> only_a(a.New());
  const std::unique_ptr<Message> only_b(b.New());
  only_a->CopyFrom(a);
  only_b->CopyFrom(b);
  for (Message* message : {only_a.get(), only_b.get()}) {
    for (int i = 0; i < field.containing_type()->field_count(); ++i) {
      const FieldDescriptor* other = field.containing_type()->field(i);
      if (other != &field) message->GetReflection()->ClearField(message, other);
    }
    message->DiscardUnknownFields();
  }
  return only_a->SerializeAsString() != only_b->SerializeAsString();
}

// The path to the first field in which two messages of one type differ, without its value.
std::string FieldDifference(const Message& a, const Message& b) {
  const google::protobuf::Descriptor& type = *a.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (!DiffersIn(a, b, field)) continue;
    if (field.is_repeated()) return RepeatedDifference(a, b, field);
    const Reflection& reflection = *a.GetReflection();
    const bool descend = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
                         reflection.HasField(a, &field) && reflection.HasField(b, &field);
    if (!descend) return field.name();
    const std::string inner =
        FieldDifference(reflection.GetMessage(a, &field), reflection.GetMessage(b, &field));
    return inner.empty() ? field.name() : absl::StrCat(field.name(), ".", inner);
  }
  return "";
}

std::string ValueSentence(const DerivedTable& table, std::string_view stored,
                          std::string_view replayed) {
  if (table.prototype == nullptr) return "is not what the log makes of it";
  const std::unique_ptr<Message> a(table.prototype->New());
  const std::unique_ptr<Message> b(table.prototype->New());
  if (!a->ParseFromString(std::string(stored))) return "is damaged";
  b->ParseFromString(std::string(replayed));
  const std::string field = FieldDifference(*a, *b);
  if (field.empty()) return "says the same in other bytes than the log makes of it";
  return absl::StrCat("differs from what the log makes of it in: ", field);
}

std::optional<RowDifference> Compare(const DerivedTable& table, const storage::Reader& stored,
                                     const storage::Reader& replayed, PartitionNumber partition) {
  storage::KeyWriter prefix;
  prefix.U8(static_cast<uint8_t>(table.table)).U32(partition.value);
  const std::string end = storage::PrefixEnd(prefix.key());
  const auto have = stored.Scan(prefix.key(), end);
  const auto want = replayed.Scan(prefix.key(), end);
  const auto difference = [&table](std::string_view key, std::string sentence) {
    return RowDifference{table.table, std::string(key.substr(kHeadBytes)), std::move(sentence)};
  };
  while (have->Valid() || want->Valid()) {
    if (have->Valid() && IsPrediction(table.table, have->key())) {
      have->Next();
      continue;
    }
    if (!have->status().ok()) break;
    if (!have->Valid() || (want->Valid() && want->key() < have->key())) {
      return difference(want->key(), "is missing, and the log makes it");
    }
    if (!want->Valid() || have->key() < want->key()) {
      return difference(have->key(), "is there, and nothing in the log makes it");
    }
    if (have->value() != want->value()) {
      return difference(have->key(), ValueSentence(table, have->value(), want->value()));
    }
    have->Next();
    want->Next();
  }
  if (have->status().ok()) return std::nullopt;
  return RowDifference{table.table, "", absl::StrCat("cannot be read: ", have->status().message())};
}

// What `stored` is to have instead of what it has: nothing where there is no value.
using Changed = std::vector<std::pair<std::string, std::optional<std::string>>>;

absl::Status Collect(const DerivedTable& table, const storage::Reader& stored,
                     const storage::Reader& replayed, PartitionNumber partition,
                     Changed& changed) {
  storage::KeyWriter prefix;
  prefix.U8(static_cast<uint8_t>(table.table)).U32(partition.value);
  const std::string end = storage::PrefixEnd(prefix.key());
  const auto have = stored.Scan(prefix.key(), end);
  const auto want = replayed.Scan(prefix.key(), end);
  while (have->Valid() || want->Valid()) {
    const bool had = have->Valid() && (!want->Valid() || have->key() <= want->key());
    const bool wanted = want->Valid() && (!have->Valid() || want->key() <= have->key());
    if (wanted && !(had && have->value() == want->value())) {
      changed.emplace_back(want->key(), std::string(want->value()));
    } else if (!wanted && !IsPrediction(table.table, have->key())) {
      changed.emplace_back(have->key(), std::nullopt);
    }
    if (wanted) want->Next();
    if (had) have->Next();
  }
  return have->status();
}

}  // namespace

absl::Status TakeRows(storage::Transaction& stored, const storage::Reader& replayed,
                      PartitionNumber partition) {
  Changed changed;
  for (const DerivedTable& table : DerivedTables()) {
    const absl::Status read = Collect(table, stored, replayed, partition, changed);
    if (!read.ok()) return read;
  }
  for (auto& [key, value] : changed) {
    if (value) {
      stored.Put(key, *std::move(value));
    } else {
      stored.Delete(key);
    }
  }
  return absl::OkStatus();
}

std::string_view TableName(Table table) {
  for (const DerivedTable& derived : DerivedTables()) {
    if (derived.table == table) return derived.name;
  }
  return "log";
}

std::optional<RowDifference> FirstRowDifference(const storage::Reader& stored,
                                                const storage::Reader& replayed,
                                                PartitionNumber partition) {
  for (const DerivedTable& table : DerivedTables()) {
    auto difference = Compare(table, stored, replayed, partition);
    if (difference) return difference;
  }
  return std::nullopt;
}

}  // namespace trialsync::sync
