// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "storage/key.h"
#include "storage/tables.h"

namespace trialsync::storage {
namespace {

KeyWriter Key(Table table, PartitionNumber partition) {
  KeyWriter key;
  key.U8(static_cast<uint8_t>(table)).U32(partition.value);
  return key;
}

// What stands behind the table and partition in a key: 5 bytes.
constexpr size_t kHeadBytes = 5;

std::string U64Bytes(uint64_t number) { return KeyWriter().U64(number).Take(); }

// A number that stands at the end of a key.
uint64_t LastU64(std::string_view key) {
  KeyReader reader(key.substr(key.size() < 8 ? 0 : key.size() - 8));
  return reader.U64();
}

// An id that stands there.
ChangeId LastId(std::string_view key) {
  if (key.size() < ChangeId::kBytes) return ChangeId();
  return *ChangeId::From(key.substr(key.size() - ChangeId::kBytes));
}

std::string_view View(const ChangeId& id) { return id.view(); }
std::string_view View(const std::string& bytes) { return bytes; }

// Each of `parts` once.
template <typename Part>
std::vector<std::string_view> Ascending(std::span<const Part> parts) {
  std::vector<std::string_view> views;
  views.reserve(parts.size());
  for (const Part& part : parts) views.push_back(View(part));
  std::sort(views.begin(), views.end());
  views.erase(std::unique(views.begin(), views.end()), views.end());
  return views;
}

// Kinds of waiting, as they stand in keys of the held table. On disk: must not change.
enum AwaitedKind : uint8_t { kAwaitsChange = 1, kAwaitsVersion = 2, kAwaitsRecord = 3 };

std::optional<KeyWriter> HeldKey(PartitionNumber partition, const Awaited& what) {
  KeyWriter key = Key(Table::kHeld, partition);
  if (what.change) {
    key.U8(kAwaitsChange).Fixed(what.change->view());
  } else if (what.version) {
    key.U8(kAwaitsVersion).U32(what.version->number()).Text(what.version->sha256());
  } else if (what.record_key) {
    key.U8(kAwaitsRecord).Fixed(*what.record_key);
  } else {
    return std::nullopt;
  }
  return key;
}

KeyWriter LabelPrefix(PartitionNumber partition, v1::BirthKind kind, const v1::RecordKey& parent,
                      Table table = Table::kLabel) {
  KeyWriter key = Key(table, partition);
  key.U8(static_cast<uint8_t>(kind)).Fixed(RecordKeyBytes(parent));
  return key;
}

}  // namespace

std::string RecordKeyBytes(const v1::RecordKey& key) {
  return KeyWriter()
      .Padded(key.subject(), ChangeId::kBytes)
      .U32(key.event())
      .Padded(key.event_birth(), ChangeId::kBytes)
      .U32(key.form())
      .Padded(key.form_birth(), ChangeId::kBytes)
      .Take();
}

std::vector<uint64_t> PartitionTables::NumbersUnder(std::string_view prefix) {
  std::vector<uint64_t> numbers;
  ForEach(prefix, PrefixEnd(prefix), [&](std::string_view key, std::string_view) {
    numbers.push_back(LastU64(key));
    return true;
  });
  return numbers;
}

std::vector<ChangeId> PartitionTables::IdsUnder(std::string_view prefix) {
  std::vector<ChangeId> ids;
  ForEach(prefix, PrefixEnd(prefix), [&](std::string_view key, std::string_view) {
    ids.push_back(LastId(key));
    return true;
  });
  return ids;
}

std::vector<std::pair<ChangeId, v1::BirthRow>> PartitionTables::BirthsUnder(
    std::string_view prefix) {
  std::vector<std::pair<ChangeId, v1::BirthRow>> births;
  for (const ChangeId& id : IdsUnder(prefix)) {
    if (std::optional<v1::BirthRow> row = Birth(id)) births.emplace_back(id, *std::move(row));
  }
  return births;
}

std::optional<v1::ChangeRow> PartitionTables::Change(const ChangeId& id) {
  return GetMessage<v1::ChangeRow>(Key(Table::kChange, partition_).Fixed(id.view()).key());
}

void PartitionTables::PutChange(const ChangeId& id, const v1::ChangeRow& row) {
  PutMessage(Key(Table::kChange, partition_).Fixed(id.view()).key(), row);
}

void PartitionTables::ReadAhead(std::span<const ChangeId> changes,
                                std::span<const std::string> record_keys) {
  std::vector<std::string> keys;
  keys.reserve(changes.size() + record_keys.size());
  for (const std::string_view id : Ascending(changes)) {
    keys.push_back(Key(Table::kChange, partition_).Fixed(id).Take());
  }
  for (const std::string_view record_key : Ascending(record_keys)) {
    keys.push_back(Key(Table::kRecord, partition_).Fixed(record_key).Take());
  }
  const absl::Status read = transaction().ReadAhead(keys);
  if (!read.ok()) Fail(read);
}

std::optional<v1::RecordState> PartitionTables::Record(std::string_view record_key) {
  return GetMessage<v1::RecordState>(Key(Table::kRecord, partition_).Fixed(record_key).key());
}

bool PartitionTables::ReadRecord(std::string_view record_key, v1::RecordState* state) {
  return ReadMessage(Key(Table::kRecord, partition_).Fixed(record_key).key(), state);
}

void PartitionTables::PutRecord(std::string_view record_key, const v1::RecordState& state) {
  PutMessage(Key(Table::kRecord, partition_).Fixed(record_key).key(), state);
}

void PartitionTables::ForEachRecord(
    std::string_view key_prefix, std::string_view after,
    const std::function<bool(std::string_view, const v1::RecordState&)>& visit) {
  const std::string prefix = Key(Table::kRecord, partition_).Fixed(key_prefix).Take();
  const std::string first =
      after.empty() ? prefix : PrefixEnd(Key(Table::kRecord, partition_).Fixed(after).key());
  ForEach(first, PrefixEnd(prefix), [&](std::string_view key, std::string_view value) {
    const std::optional<v1::RecordState> state = Parse<v1::RecordState>(key, value);
    return state && visit(key.substr(kHeadBytes), *state);
  });
}

std::optional<v1::BirthRow> PartitionTables::Birth(const ChangeId& id) {
  return GetMessage<v1::BirthRow>(Key(Table::kBirth, partition_).Fixed(id.view()).key());
}

void PartitionTables::PutBirth(const ChangeId& id, const v1::BirthRow& row) {
  const std::optional<v1::BirthRow> before = Birth(id);
  if (before && before->label() != row.label()) {
    Delete(LabelPrefix(partition_, before->kind(), before->parent())
               .Text(before->label())
               .Fixed(id.view())
               .key());
  }
  PutMessage(Key(Table::kBirth, partition_).Fixed(id.view()).key(), row);
  PutBytes(
      LabelPrefix(partition_, row.kind(), row.parent()).Text(row.label()).Fixed(id.view()).key(),
      "");
}

std::vector<std::pair<ChangeId, v1::BirthRow>> PartitionTables::BirthsByLabel(
    v1::BirthKind kind, const v1::RecordKey& parent, std::string_view label) {
  return BirthsUnder(LabelPrefix(partition_, kind, parent).Text(label).key());
}

std::vector<std::pair<ChangeId, v1::BirthRow>> PartitionTables::Births(
    v1::BirthKind kind, const v1::RecordKey& parent) {
  return BirthsUnder(LabelPrefix(partition_, kind, parent).key());
}

std::optional<v1::VersionRow> PartitionTables::Version(const v1::VersionReference& version) {
  return GetMessage<v1::VersionRow>(
      Key(Table::kVersion, partition_).U32(version.number()).Text(version.sha256()).key());
}

void PartitionTables::PutVersion(const v1::VersionRow& row) {
  PutMessage(Key(Table::kVersion, partition_)
                 .U32(row.version().number())
                 .Text(row.version().sha256())
                 .key(),
             row);
}

std::vector<v1::VersionRow> PartitionTables::Versions() {
  std::vector<v1::VersionRow> versions;
  const std::string first = Key(Table::kVersion, partition_).Take();
  ForEach(first, PrefixEnd(first), [&](std::string_view key, std::string_view value) {
    if (auto row = Parse<v1::VersionRow>(key, value)) versions.push_back(*std::move(row));
    return true;
  });
  return versions;
}

void PartitionTables::AddHeld(const Awaited& what, uint64_t number) {
  if (auto key = HeldKey(partition_, what)) PutBytes(key->U64(number).key(), "");
}

void PartitionTables::RemoveHeld(const Awaited& what, uint64_t number) {
  if (auto key = HeldKey(partition_, what)) Delete(key->U64(number).key());
}

std::vector<uint64_t> PartitionTables::Held(const Awaited& what) {
  const std::optional<KeyWriter> prefix = HeldKey(partition_, what);
  return prefix ? NumbersUnder(prefix->key()) : std::vector<uint64_t>();
}

bool PartitionTables::AnyHeld() {
  bool any = false;
  const std::string first = Key(Table::kHeld, partition_).Take();
  ForEach(first, PrefixEnd(first), [&](std::string_view, std::string_view) {
    any = true;
    return false;
  });
  return any;
}

std::optional<ChangeId> PartitionTables::Request(std::string_view account,
                                                 std::string_view request_id) {
  const std::optional<std::string> bytes =
      GetBytes(Key(Table::kRequest, partition_).Text(account).Text(request_id).key());
  return bytes ? ChangeId::From(*bytes) : std::nullopt;
}

void PartitionTables::PutRequest(std::string_view account, std::string_view request_id,
                                 const ChangeId& change) {
  PutBytes(Key(Table::kRequest, partition_).Text(account).Text(request_id).key(), change.str());
}

std::optional<ChangeId> PartitionTables::OwnRequest(std::string_view account,
                                                    std::string_view request_id) {
  const std::optional<std::string> bytes =
      GetBytes(Key(Table::kOwnRequest, partition_).Text(account).Text(request_id).key());
  return bytes ? ChangeId::From(*bytes) : std::nullopt;
}

void PartitionTables::PutOwnRequest(std::string_view account, std::string_view request_id,
                                    const ChangeId& change) {
  PutBytes(Key(Table::kOwnRequest, partition_).Text(account).Text(request_id).key(), change.str());
}

std::optional<v1::ChainHead> PartitionTables::Chain(const ChainId& chain) {
  return GetMessage<v1::ChainHead>(
      Key(Table::kChain, partition_).Fixed(chain.replica.view()).U64(chain.incarnation).key());
}

void PartitionTables::PutChain(const v1::ChainHead& head) {
  PutMessage(Key(Table::kChain, partition_)
                 .Padded(head.replica(), ReplicaId::kBytes)
                 .U64(head.incarnation())
                 .key(),
             head);
}

std::vector<v1::ChainHead> PartitionTables::Chains() {
  std::vector<v1::ChainHead> chains;
  const std::string first = Key(Table::kChain, partition_).Take();
  ForEach(first, PrefixEnd(first), [&](std::string_view key, std::string_view value) {
    if (auto row = Parse<v1::ChainHead>(key, value)) chains.push_back(*std::move(row));
    return true;
  });
  return chains;
}

std::optional<uint64_t> PartitionTables::Enrolled(const ReplicaId& replica) {
  const std::optional<std::string> bytes =
      GetBytes(Key(Table::kEnrolled, partition_).Fixed(replica.view()).key());
  if (!bytes) return std::nullopt;
  return LastU64(*bytes);
}

void PartitionTables::PutEnrolled(const ReplicaId& replica, uint64_t number) {
  PutBytes(Key(Table::kEnrolled, partition_).Fixed(replica.view()).key(), U64Bytes(number));
}

std::string PartitionTables::Checkpoint(uint64_t epoch) {
  return GetBytes(Key(Table::kCheckpoint, partition_).U64(epoch).key()).value_or("");
}

void PartitionTables::PutCheckpoint(uint64_t epoch, std::string_view note) {
  PutBytes(Key(Table::kCheckpoint, partition_).U64(epoch).key(), std::string(note));
}

std::vector<v1::TakenOff> PartitionTables::TakenOff(const ChangeId& change) {
  std::vector<v1::TakenOff> commits;
  const std::string first = Key(Table::kTakenOff, partition_).Fixed(change.view()).Take();
  ForEach(first, PrefixEnd(first), [&](std::string_view key, std::string_view value) {
    if (auto commit = Parse<v1::TakenOff>(key, value)) commits.push_back(*std::move(commit));
    return true;
  });
  return commits;
}

std::optional<ChangeId> PartitionTables::TakenOffAt(const v1::Position& position) {
  const std::optional<std::string> bytes =
      GetBytes(Key(Table::kTakenOffPosition, partition_)
                   .U64(position.epoch())
                   .U64(position.number())
                   .key());
  return bytes ? ChangeId::From(*bytes) : std::nullopt;
}

void PartitionTables::PutTakenOff(const v1::TakenOff& commit) {
  const v1::Position& at = commit.position();
  PutMessage(Key(Table::kTakenOff, partition_)
                 .Padded(commit.change(), ChangeId::kBytes)
                 .U64(at.epoch())
                 .U64(at.number())
                 .U64(commit.effect().epoch())
                 .U64(commit.effect().number())
                 .key(),
             commit);
  PutBytes(Key(Table::kTakenOffPosition, partition_).U64(at.epoch()).U64(at.number()).key(),
           commit.change());
}

void PartitionTables::ForEachTakenOff(
    const std::function<bool(const v1::TakenOff& commit)>& visit) {
  const std::string first = Key(Table::kTakenOff, partition_).Take();
  ForEach(first, PrefixEnd(first), [&](std::string_view key, std::string_view value) {
    const auto commit = Parse<v1::TakenOff>(key, value);
    return commit && visit(*commit);
  });
}

std::optional<v1::LogRow> PartitionTables::TakenOffLog(const v1::Position& position) {
  return GetMessage<v1::LogRow>(Key(Table::kTakenOffLog, partition_)
                                    .U64(position.epoch())
                                    .U64(position.number())
                                    .key());
}

void PartitionTables::PutTakenOffLog(const v1::Position& position, const v1::LogRow& row) {
  PutMessage(
      Key(Table::kTakenOffLog, partition_).U64(position.epoch()).U64(position.number()).key(), row);
}

v1::PartitionRow PartitionTables::Row() {
  return GetMessage<v1::PartitionRow>(Key(Table::kPartitionRow, partition_).key())
      .value_or(v1::PartitionRow());
}

void PartitionTables::PutRow(const v1::PartitionRow& row) {
  PutMessage(Key(Table::kPartitionRow, partition_).key(), row);
}

std::optional<v1::ReplicaRow> PartitionTables::Replica(const ReplicaId& replica) {
  return GetMessage<v1::ReplicaRow>(Key(Table::kReplica, partition_).Fixed(replica.view()).key());
}

void PartitionTables::PutReplica(const ReplicaId& replica, const v1::ReplicaRow& row) {
  PutMessage(Key(Table::kReplica, partition_).Fixed(replica.view()).key(), row);
}

std::vector<std::pair<ReplicaId, v1::ReplicaRow>> PartitionTables::Replicas() {
  std::vector<std::pair<ReplicaId, v1::ReplicaRow>> replicas;
  const std::string first = Key(Table::kReplica, partition_).Take();
  ForEach(first, PrefixEnd(first), [&](std::string_view key, std::string_view value) {
    const std::optional<ReplicaId> id = ReplicaId::From(key.substr(first.size()));
    auto row = Parse<v1::ReplicaRow>(key, value);
    if (id && row) replicas.push_back({*id, *std::move(row)});
    return true;
  });
  return replicas;
}

std::optional<v1::OwnBeginning> PartitionTables::Beginning(uint64_t incarnation) {
  return GetMessage<v1::OwnBeginning>(
      Key(Table::kOwnBeginning, partition_).U64(incarnation).key());
}

void PartitionTables::PutBeginning(uint64_t incarnation, const v1::OwnBeginning& beginning) {
  PutMessage(Key(Table::kOwnBeginning, partition_).U64(incarnation).key(), beginning);
}

void PartitionTables::RemoveOwn(uint64_t incarnation, uint64_t seq) {
  Delete(Key(Table::kOwn, partition_).U64(incarnation).U64(seq).key());
}

std::optional<ChainId> PartitionTables::OwnChain() {
  const std::optional<v1::StoreIdentity> identity = StoreTables(&transaction()).Identity();
  const auto replica = identity ? ReplicaId::From(identity->replica()) : std::nullopt;
  if (!replica) return std::nullopt;
  return ChainId{*replica, identity->incarnation()};
}

std::optional<v1::OwnRow> PartitionTables::Own(uint64_t incarnation, uint64_t seq) {
  return GetMessage<v1::OwnRow>(Key(Table::kOwn, partition_).U64(incarnation).U64(seq).key());
}

void PartitionTables::PutOwn(uint64_t incarnation, uint64_t seq, const v1::OwnRow& row) {
  PutMessage(Key(Table::kOwn, partition_).U64(incarnation).U64(seq).key(), row);
}

void PartitionTables::ForEachOwn(uint64_t incarnation, uint64_t first_seq,
                                 const std::function<bool(uint64_t, v1::OwnRow)>& visit) {
  const std::string end = PrefixEnd(Key(Table::kOwn, partition_).U64(incarnation).key());
  ForEach(Key(Table::kOwn, partition_).U64(incarnation).U64(first_seq).key(), end,
          [&](std::string_view key, std::string_view value) {
            std::optional<v1::OwnRow> row = Parse<v1::OwnRow>(key, value);
            return row && visit(LastU64(key), *std::move(row));
          });
}

uint64_t PartitionTables::LastOwn(uint64_t incarnation) {
  const std::string first = Key(Table::kOwn, partition_).U64(incarnation).Take();
  const std::unique_ptr<Iterator> row = transaction().ScanReverse(first, PrefixEnd(first));
  if (!row->Valid()) {
    if (!row->status().ok()) Fail(row->status());
    return 0;
  }
  return LastU64(row->key());
}

uint64_t PartitionTables::ReceiptedSeq() {
  const std::optional<ChainId> own = OwnChain();
  const std::optional<v1::ChainHead> head = own ? Chain(*own) : std::nullopt;
  return head ? head->seq() : 0;
}

void PartitionTables::AddOutboxRecord(std::string_view record_key, uint64_t seq) {
  PutBytes(Key(Table::kOutboxRecord, partition_).Fixed(record_key).U64(seq).key(), "");
}

void PartitionTables::RemoveOutboxRecord(std::string_view record_key, uint64_t seq) {
  Delete(Key(Table::kOutboxRecord, partition_).Fixed(record_key).U64(seq).key());
}

std::vector<uint64_t> PartitionTables::OutboxOfRecord(std::string_view record_key) {
  std::vector<uint64_t> seqs =
      NumbersUnder(Key(Table::kOutboxRecord, partition_).Fixed(record_key).key());
  if (!seqs.empty()) {
    seqs.erase(seqs.begin(), std::upper_bound(seqs.begin(), seqs.end(), ReceiptedSeq()));
  }
  return seqs;
}

void PartitionTables::ClearOutboxRecords() {
  const std::string first = Key(Table::kOutboxRecord, partition_).Take();
  transaction().DeleteBelow(first, PrefixEnd(first));
}

void PartitionTables::AddOutboxBirth(const ChangeId& birth, uint64_t seq) {
  PutBytes(Key(Table::kOutboxBirth, partition_).Fixed(birth.view()).U64(seq).key(), "");
}

void PartitionTables::RemoveOutboxBirth(const ChangeId& birth, uint64_t seq) {
  Delete(Key(Table::kOutboxBirth, partition_).Fixed(birth.view()).U64(seq).key());
}

std::vector<uint64_t> PartitionTables::OutboxOfBirth(const ChangeId& birth) {
  return NumbersUnder(Key(Table::kOutboxBirth, partition_).Fixed(birth.view()).key());
}

std::vector<uint64_t> PartitionTables::OutboxOfBirths() {
  std::vector<uint64_t> seqs = NumbersUnder(Key(Table::kOutboxBirth, partition_).key());
  std::sort(seqs.begin(), seqs.end());
  seqs.erase(std::unique(seqs.begin(), seqs.end()), seqs.end());
  return seqs;
}

void PartitionTables::AddOutboxLabel(v1::BirthKind kind, const v1::RecordKey& parent,
                                     std::string_view label, const ChangeId& birth) {
  PutBytes(LabelPrefix(partition_, kind, parent, Table::kOutboxLabel)
               .Text(label)
               .Fixed(birth.view())
               .key(),
           "");
}

void PartitionTables::RemoveOutboxLabel(v1::BirthKind kind, const v1::RecordKey& parent,
                                        std::string_view label, const ChangeId& birth) {
  Delete(LabelPrefix(partition_, kind, parent, Table::kOutboxLabel)
             .Text(label)
             .Fixed(birth.view())
             .key());
}

std::vector<ChangeId> PartitionTables::OutboxOfLabel(v1::BirthKind kind,
                                                     const v1::RecordKey& parent,
                                                     std::string_view label) {
  return IdsUnder(LabelPrefix(partition_, kind, parent, Table::kOutboxLabel).Text(label).key());
}

void PartitionTables::AppendPrivate(const v1::PrivateEdit& edit) {
  const std::string first = Key(Table::kPrivateLog, partition_).Take();
  uint64_t last = 0;
  {
    const std::unique_ptr<Iterator> row = transaction().ScanReverse(first, PrefixEnd(first));
    if (row->Valid()) last = LastU64(row->key());
    if (!row->status().ok()) Fail(row->status());
  }
  PutMessage(Key(Table::kPrivateLog, partition_).U64(last + 1).key(), edit);
}

std::optional<v1::StandingValue> PartitionTables::PrivateValue(const ChangeId& change,
                                                               uint32_t item) {
  return GetMessage<v1::StandingValue>(
      Key(Table::kPrivateValue, partition_).Fixed(change.view()).U32(item).key());
}

void PartitionTables::PutPrivateValue(const ChangeId& change, const v1::StandingValue& value) {
  PutMessage(Key(Table::kPrivateValue, partition_).Fixed(change.view()).U32(value.item()).key(),
             value);
}

}  // namespace trialsync::storage
