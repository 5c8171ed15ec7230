// SPDX-License-Identifier: Apache-2.0
#include "tests/sync/fake_desk.h"

#include <gtest/gtest.h>

#include "proto/check.h"
#include "study/value.h"
#include "study/yaml.h"
#include "sync/admission.h"
#include "sync/identity_rules.h"
#include "sync/present.h"
#include "sync/record.h"
#include "sync/stored_change.h"
#include "sync/time.h"

namespace trialsync::sync {
namespace {

constexpr char kVersion1[] = R"(
study: pbc
version: 1
title: {en: Test}
forms:
  LAB:
    id: 1
    label: {en: Laboratory}
    items:
      bili: {id: 1, type: quantity, unit: mg/dL, label: {en: Bilirubin}}
      chol: {id: 2, type: decimal, label: {en: Cholesterol}}
      remark: {id: 3, type: text, on_conflict: latest, label: {en: Remark}}
      stage: {id: 4, type: integer, owner: centre, label: {en: Stage}}
      name: {id: 5, type: text, site_only: true, label: {en: Name}}
      pressure: {id: 6, type: text, label: {en: Pressure}}
      age: {id: 8, type: integer, hard: [0, 120], label: {en: Age}}
  AE:
    id: 2
    repeating: true
    label: {en: Adverse event}
    items:
      term: {id: 20, type: text, label: {en: Term}}
events:
  BASE: {id: 1, forms: [LAB, AE], label: {en: Baseline}}
  VISIT: {id: 2, repeating: true, forms: [LAB], label: {en: Visit}}
)";

constexpr char kVersion2[] = R"(
study: pbc
version: 2
previous: {version: 1}
title: {en: Test}
forms:
  LAB:
    id: 1
    label: {en: Laboratory}
    items:
      bili: {id: 1, type: quantity, unit: umol/L, label: {en: Bilirubin}}
      chol: {id: 2, type: decimal, label: {en: Cholesterol}}
      remark: {id: 3, type: text, on_conflict: latest, label: {en: Remark}}
      stage: {id: 4, type: integer, owner: centre, label: {en: Stage}}
      name: {id: 5, type: text, site_only: true, label: {en: Name}}
      pressure: {id: 6, type: text, retired: true, label: {en: Pressure}}
      systolic: {id: 9, type: integer, split_from: pressure, label: {en: Systolic}}
      diastolic: {id: 10, type: integer, split_from: pressure, label: {en: Diastolic}}
      age: {id: 8, type: integer, hard: [0, 120], label: {en: Age}}
      fasting: {id: 11, type: boolean, label: {en: Fasting}}
  AE:
    id: 2
    repeating: true
    label: {en: Adverse event}
    items:
      term: {id: 20, type: text, label: {en: Term}}
events:
  BASE: {id: 1, forms: [LAB, AE], label: {en: Baseline}}
  VISIT: {id: 2, repeating: true, forms: [LAB], label: {en: Visit}}
steps:
  - convert: {item: LAB.bili, from: mg/dL, to: umol/L, factor: 17.104}
  - split: {item: LAB.pressure, separator: /, into: [LAB.systolic, LAB.diastolic]}
  - default: {item: LAB.fasting, value: "missing:unknown"}
)";

// The bytes 0, 1, 2 … in eight, so that nothing it gives comes twice.
class CountingEntropy : public Entropy {
 public:
  std::string Bytes(size_t size_bytes) override {
    std::string bytes(size_bytes, '\0');
    ++count_;
    for (size_t i = 0; i < sizeof(count_) && i < size_bytes; ++i) {
      bytes[i] = static_cast<char>(count_ >> (8 * i));
    }
    return bytes;
  }

 private:
  uint64_t count_ = 0;
};

std::shared_ptr<const study::Definition> Compile(const char* yaml,
                                                 const study::Definition* previous) {
  absl::StatusOr<std::string> bytes = study::CompileStudy(yaml, "test.yaml");
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  if (previous != nullptr) bytes = study::CompletePrevious(*bytes, previous->version());
  auto definition = study::Definition::FromBytes(*bytes);
  EXPECT_TRUE(definition.ok()) << definition.status();
  return *definition;
}

ReplicaId ReplicaOf(char letter) { return *ReplicaId::From(std::string(16, letter)); }

}  // namespace

FakeDesk::FakeDesk(Side side)
    : side_(side), entropy_(std::make_unique<CountingEntropy>()), transaction_(kv_.NewSnapshot()) {
  const auto first = Compile(kVersion1, nullptr);
  const auto second = Compile(kVersion2, first.get());
  TS_CHECK(definitions_.Add(first).ok() && definitions_.Add(second).ok());

  const ChainId own = ChainOf(Replica::kOwn);
  v1::StoreIdentity identity;
  identity.set_replica(own.replica.str());
  identity.set_incarnation(own.incarnation);
  storage::StoreTables(&transaction_).PutIdentity(identity);
  tables_ = std::make_unique<storage::PartitionTables>(&transaction_, partition_);
  PartitionState state(&transaction_, partition_, &definitions_);
  absl::StatusOr<LogWriter> log = LogWriter::Open(&state);
  TS_CHECK(log.ok());
  log->BeginEpoch(7);
  log->Flush();

  for (const Replica replica : {Replica::kOwn, Replica::kOther}) {
    if (side == Side::kCentre && replica == Replica::kOwn) continue;
    v1::Change change;
    change.mutable_replica_enrolment()->set_replica(ChainOf(replica).replica.str());
    Commit(Replica::kCentre, change);
  }
  for (const uint32_t version : {1u, 2u}) {
    v1::Change change;
    *change.mutable_version_publication()->mutable_version() =
        definitions_.Find(version)->version();
    Commit(Replica::kCentre, change);
  }
  Activate(1);
}

ChainId FakeDesk::ChainOf(Replica replica) const {
  switch (replica) {
    case Replica::kOwn:
      return {ReplicaOf(side_ == Side::kSite ? 'a' : 'c'), 1};
    case Replica::kOther:
      return {ReplicaOf('b'), 1};
    case Replica::kCentre:
      break;
  }
  return {ReplicaOf('c'), 1};
}

v1::Position FakeDesk::base() const {
  v1::Position base;
  base.set_epoch(7);
  base.set_number(log_size());
  return base;
}

uint64_t FakeDesk::log_size() const { return tables_->Head().size(); }

void FakeDesk::Refresh() {
  view_ = std::make_unique<View>(&transaction_, partition_, &definitions_);
}

absl::StatusOr<Desk::Saved> FakeDesk::Save(const v1::Change& change, const Scope& scope) {
  if (side_ == Side::kCentre) {
    const ChangeId id = Commit(Replica::kOwn, change);
    const std::optional<v1::ChangeRow> row = tables_->Change(id);
    Verdict verdict{.outcome = row->outcome(), .reason = row->reason(), .cells = {}};
    for (const v1::CellOutcome& cell : row->cells()) {
      verdict.cells.push_back({cell.lineage(), cell.outcome()});
    }
    return Saved{id, verdict};
  }
  if (outbox_size() >= room_) return absl::ResourceExhaustedError("the outbox is full");
  const uint64_t seq = ++last_seq_;
  const ChangeId id = ChangeIdOf(Sha256Of(change.SerializeAsString()));
  const Verdict verdict = view_->Add({.change = &change,
                                      .id = id,
                                      .stamp = {ChainOf(Replica::kOwn), seq},
                                      .from_centre = false,
                                      .number = kOutboxNumber + seq,
                                      .effect_number = kOutboxNumber + seq,
                                      .epoch = change.base().epoch(),
                                      .received_time_us = 0});
  PutOutbox(change, scope, seq);
  return Saved{id, verdict};
}

void FakeDesk::PutOutbox(const v1::Change& change, const Scope& scope, uint64_t seq) {
  v1::OwnRow row;
  row.set_authored(change.SerializeAsString());
  row.set_scope_record(scope.record_key);
  if (!scope.record_key.empty()) tables_->AddOutboxRecord(scope.record_key, seq);
  for (const ChangeId& birth : scope.births) {
    row.add_scope_births(birth.str());
    tables_->AddOutboxBirth(birth, seq);
  }
  if (change.has_birth() || change.has_rename()) {
    const std::optional<v1::BirthRow> birth = view_->state().tables().Birth(scope.births.front());
    if (birth) {
      tables_->AddOutboxLabel(birth->kind(), birth->parent(), birth->label(), scope.births.front());
    }
  }
  if (!change.request_id().empty()) {
    tables_->PutOwnRequest(change.author(), change.request_id(),
                           ChangeIdOf(Sha256Of(row.authored())));
  }
  tables_->PutOwn(ChainOf(Replica::kOwn).incarnation, seq, row);
}

absl::Status FakeDesk::SavePrivate(const ChangeId& change, const v1::PrivateEdit& edit) {
  tables_->AppendPrivate(edit);
  for (const v1::ItemWrite& write : edit.writes()) {
    v1::StandingValue value;
    value.set_item(write.item());
    *value.mutable_value() = write.value();
    tables_->PutPrivateValue(change, value);
  }
  return absl::OkStatus();
}

absl::Status FakeDesk::ClosePrediction(const storage::DiscrepancyId& id) {
  v1::DiscrepancyRow row = *tables_->Discrepancy(id);
  row.set_state(v1::DISCREPANCY_STATE_CLOSED);
  tables_->PutDiscrepancy(id, row);
  return absl::OkStatus();
}

ChangeId FakeDesk::Commit(Replica replica, v1::Change change) {
  change.set_study("pbc");
  change.set_site("MAYO1");
  if (change.nonce().empty()) change.set_nonce(entropy_->Bytes(16));
  if (!change.has_base()) *change.mutable_base() = base();
  if (!change.has_authored_time()) *change.mutable_authored_time() = ToTimestamp(now_);
  if (NeedsVersion(change) && !change.has_version()) {
    *change.mutable_version() = definitions_.Find(1)->version();
  }
  PartitionState state(&transaction_, partition_, &definitions_);
  absl::StatusOr<LogWriter> log = LogWriter::Open(&state);
  TS_CHECK(log.ok());
  const std::string authored = change.SerializeAsString();
  const Sha256 digest = Sha256Of(authored);
  const ChainId chain = ChainOf(replica);
  log->Append({.stamp = {chain, log->Chain(chain).seq + 1},
               .authored = authored,
               .authored_digest = digest,
               .change = &change,
               .received_time_us = absl::ToUnixMicros(now_)});
  state.Flush();
  log->Flush();
  EXPECT_TRUE(state.status().ok()) << state.status();
  Refresh();
  return ChangeIdOf(digest);
}

ChangeId FakeDesk::CommitEdit(Replica replica, const std::string& record, const std::string& item,
                              const std::string& text, const std::string& author, uint64_t base) {
  const study::Definition& definition = *definitions_.Find(1);
  v1::Change change;
  change.set_author(author);
  change.set_reason("seen in the source");
  change.mutable_base()->set_epoch(7);
  change.mutable_base()->set_number(base);
  *change.mutable_record() = Key(record);
  const v1::ItemDefinition* found = definition.FindItem(change.record().form(), item);
  v1::ItemWrite* write = change.mutable_edit()->add_writes();
  write->set_item(found->id());
  if (found->site_only()) {
    write->mutable_value()->mutable_withheld();
  } else {
    *write->mutable_value() = *study::ParseValue(definition.proto(), *found, text);
  }
  return Commit(replica, change);
}

void FakeDesk::Activate(uint32_t version) {
  v1::Change change;
  *change.mutable_version_activation()->mutable_version() = definitions_.Find(version)->version();
  Commit(Replica::kCentre, change);
}

void FakeDesk::Retire(uint32_t version) {
  v1::Change change;
  *change.mutable_version_retirement()->mutable_version() = definitions_.Find(version)->version();
  Commit(Replica::kCentre, change);
}

void FakeDesk::Deliver() {
  const uint64_t incarnation = ChainOf(Replica::kOwn).incarnation;
  for (; receipted_seq_ < last_seq_; ++receipted_seq_) {
    const uint64_t seq = receipted_seq_ + 1;
    const v1::OwnRow row = *tables_->Own(incarnation, seq);
    if (!row.scope_record().empty()) tables_->RemoveOutboxRecord(row.scope_record(), seq);
    for (const std::string& birth : row.scope_births()) {
      tables_->RemoveOutboxBirth(*ChangeId::From(birth), seq);
    }
    v1::Change change;
    TS_CHECK(change.ParseFromString(row.authored()));
    Commit(Replica::kOwn, change);
  }
}

std::vector<v1::Change> FakeDesk::Outbox() {
  std::vector<v1::Change> changes;
  for (uint64_t seq = receipted_seq_ + 1; seq <= last_seq_; ++seq) {
    TS_CHECK(changes.emplace_back().ParseFromString(
        tables_->Own(ChainOf(Replica::kOwn).incarnation, seq)->authored()));
  }
  return changes;
}

v1::RecordKey FakeDesk::Key(const std::string& record) {
  const absl::StatusOr<RecordName> name = ParseRecordName(record, name_);
  EXPECT_TRUE(name.ok()) << name.status();
  const absl::StatusOr<v1::RecordKey> key = ResolveRecord(*view_, *name);
  EXPECT_TRUE(key.ok()) << key.status();
  return key.ok() ? *key : v1::RecordKey();
}

v1::WriteRecordRequest WriteRequest(const std::string& record, const std::string& item,
                                    const std::string& text) {
  v1::WriteRecordRequest request;
  request.set_name(record);
  request.set_author("anna");
  request.set_reason("as measured");
  v1::ItemInput* input = request.add_items();
  input->set_item(item);
  input->set_text(text);
  return request;
}

v1::WriteRecordResponse MustWrite(Desk& desk, const v1::WriteRecordRequest& request) {
  std::optional<v1::WriteConflict> conflict;
  absl::StatusOr<v1::WriteRecordResponse> response = WriteRecord(desk, request, conflict);
  EXPECT_TRUE(response.ok()) << response.status();
  return response.ok() ? *response : v1::WriteRecordResponse();
}

v1::WriteRecordResponse MustWrite(Desk& desk, const std::string& record, const std::string& item,
                                  const std::string& text) {
  v1::WriteRecordRequest request = WriteRequest(record, item, text);
  request.set_create_missing(true);
  return MustWrite(desk, request);
}

v1::Record MustGet(Desk& desk, const std::string& record) {
  const absl::StatusOr<RecordName> name = ParseRecordName(record, desk.partition_name());
  EXPECT_TRUE(name.ok()) << name.status();
  const absl::StatusOr<v1::RecordKey> key = ResolveRecord(desk.view(), *name);
  EXPECT_TRUE(key.ok()) << key.status();
  if (!key.ok()) return {};
  const auto shown = PresentRecord(desk.view(), desk.partition_name(), *key, 0, false);
  EXPECT_TRUE(shown.ok()) << shown.status();
  return *shown;
}

v1::Item ItemOf(Desk& desk, const std::string& record, const std::string& item) {
  const v1::Record shown = MustGet(desk, record);
  for (const v1::Item& candidate : shown.items()) {
    if (candidate.item() == item) return candidate;
  }
  ADD_FAILURE() << record << " shows no item " << item;
  return {};
}

std::string ValueOf(Desk& desk, const std::string& record, const std::string& item) {
  return ItemOf(desk, record, item).text();
}

std::vector<v1::Discrepancy> Worklist(Desk& desk, v1::DiscrepancyKind kind) {
  v1::ListDiscrepanciesRequest request;
  request.set_kind(kind);
  const auto list = ListDiscrepancies(desk.view(), desk.partition_name(), request);
  EXPECT_TRUE(list.ok()) << list.status();
  if (!list.ok()) return {};
  return {list->discrepancies().begin(), list->discrepancies().end()};
}

}  // namespace trialsync::sync
