// SPDX-License-Identifier: Apache-2.0
#include "tests/transcripts/draft.h"

#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "proto/check.h"
#include "study/checks.h"
#include "study/value.h"
#include "sync/log.h"
#include "sync/record.h"
#include "sync/present.h"
#include "sync/resolve.h"
#include "sync/time.h"

namespace trialsync::transcripts {
namespace {

constexpr uint32_t kUnpublishedVersion = 9;

// One draft while its words are read.
class Drafting {
 public:
  Drafting(Stage& stage, Words& words)
      : stage_(stage),
        words_(words),
        view_(stage.world().coordinator(), Stage::partition()),
        definition_(Stage::DefinitionOf(1)) {}

  v1::Change Read(const std::string& author) {
    *change_.mutable_version() = definition_->version();
    change_.set_study(Stage::partition().study);
    change_.set_site(Stage::partition().site);
    change_.set_author(author);
    change_.set_reason("by hand");
    *change_.mutable_authored_time() = sync::ToTimestamp(stage_.world().now());
    change_.set_nonce(stage_.world().entropy().Bytes(16));
    const v1::LogPosition log =
        LogPositionAt(stage_.world().coordinator(), Stage::partition(), std::nullopt);
    change_.mutable_base()->set_epoch(log.epoch());
    change_.mutable_base()->set_number(log.size());
    if (words_.TakeIf("under")) TakeVersion();
    ReadBody(words_.Take());
    while (ReadOption()) {
    }
    return std::move(change_);
  }

 private:
  void ReadBody(const std::string& kind);
  void ReadVersionAct(const std::string& kind);
  void ReadEdit();
  void ReadDecision();
  void ReadAct(v1::RecordActKind kind);
  void ReadBirth();
  void ReadQueryTurn(const std::string& kind);
  // False, and nothing taken, if none is next.
  bool ReadOption();
  void TakeVersion();
  v1::VersionReference ReadVersion();
  void ReadWrites(google::protobuf::RepeatedPtrField<v1::ItemWrite>& writes);
  v1::RecordKey ReadRecord(const std::string& name);
  std::string BirthOf(const std::string& label, v1::BirthKind kind, const v1::RecordKey& key);
  uint32_t ItemOf(const std::string& name);
  v1::DisputeReference ReadDispute(const std::string& text);

  Stage& stage_;
  Words& words_;
  world::NodeView view_;
  std::shared_ptr<const study::Definition> definition_;
  v1::Change change_;
};

const std::map<std::string, v1::RecordActKind>& Acts() {
  static const auto* const acts = new std::map<std::string, v1::RecordActKind>{
      {"complete", v1::RECORD_ACT_KIND_COMPLETE}, {"verify", v1::RECORD_ACT_KIND_VERIFY},
      {"sign", v1::RECORD_ACT_KIND_SIGN},         {"freeze", v1::RECORD_ACT_KIND_FREEZE},
      {"lock", v1::RECORD_ACT_KIND_LOCK},         {"unlock", v1::RECORD_ACT_KIND_UNLOCK},
      {"void", v1::RECORD_ACT_KIND_VOID},         {"reinstate", v1::RECORD_ACT_KIND_REINSTATE},
      // Of a release to come.
      {"shred", static_cast<v1::RecordActKind>(99)}};
  return *acts;
}

void Drafting::ReadBody(const std::string& kind) {
  if (kind == "edit") return ReadEdit();
  if (kind == "decision") return ReadDecision();
  if (const auto act = Acts().find(kind); act != Acts().end()) return ReadAct(act->second);
  if (kind == "birth") return ReadBirth();
  if (kind == "rename") {
    change_.mutable_rename()->set_birth(stage_.ChangeNamed(words_.Take()).str());
    words_.Expect("to");
    return change_.mutable_rename()->set_label(words_.Take());
  }
  if (kind == "same") {
    change_.mutable_same_thing()->set_other(stage_.ChangeNamed(words_.Take()).str());
    words_.Expect("as");
    return change_.mutable_same_thing()->set_birth(stage_.ChangeNamed(words_.Take()).str());
  }
  if (kind == "admit" || kind == "dismiss") {
    change_.mutable_settlement()->set_change(stage_.ChangeNamed(words_.Take()).str());
    return change_.mutable_settlement()->set_kind(
        kind == "admit" ? v1::SETTLEMENT_KIND_ADMIT : v1::SETTLEMENT_KIND_DISMISS);
  }
  if (kind == "query" || kind == "answer" || kind == "closing") return ReadQueryTurn(kind);
  if (kind == "nothing") return;
  ReadVersionAct(kind);
}

void Drafting::ReadVersionAct(const std::string& kind) {
  change_.clear_version();
  if (kind == "enrolment") {
    const ReplicaId replica = stage_.Raw(words_.Take()).chain().replica;
    return change_.mutable_replica_enrolment()->set_replica(replica.str());
  }
  words_.Expect("of");
  const v1::VersionReference version = ReadVersion();
  if (kind == "publication") {
    *change_.mutable_version_publication()->mutable_version() = version;
  } else if (kind == "activation") {
    *change_.mutable_version_activation()->mutable_version() = version;
  } else if (kind == "retirement") {
    *change_.mutable_version_retirement()->mutable_version() = version;
  } else {
    words_.Die("no kind of change");
  }
}

void Drafting::ReadEdit() {
  *change_.mutable_record() = ReadRecord(words_.Take());
  ReadWrites(*change_.mutable_edit()->mutable_writes());
}

void Drafting::ReadDecision() {
  *change_.mutable_record() = ReadRecord(words_.Take());
  v1::Decision& decision = *change_.mutable_decision();
  while (words_.TakeIf("on")) *decision.add_closes() = ReadDispute(words_.Take());
  ReadWrites(*decision.mutable_writes());
}

void Drafting::ReadAct(v1::RecordActKind kind) {
  *change_.mutable_record() = ReadRecord(words_.Take());
  change_.mutable_act()->set_kind(kind);
  v1::RecordState nothing;
  const v1::RecordState& standing = view_.view().state().Record(change_.record());
  const bool covers_nothing = words_.TakeIf("covering nothing");
  change_.mutable_act()->set_covers(
      sync::ContentDigest(covers_nothing ? nothing : standing).str());
}

void Drafting::ReadBirth() {
  const std::string name = words_.Take();
  v1::Birth& birth = *change_.mutable_birth();
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  birth.set_kind(parts.size() == 1   ? v1::BIRTH_KIND_SUBJECT
                 : parts.size() == 2 ? v1::BIRTH_KIND_EVENT
                                     : v1::BIRTH_KIND_FORM);
  if (parts.size() == 1) return birth.set_label(name);
  const std::vector<std::string> last = absl::StrSplit(parts.back(), '~');
  if (last.size() != 2) words_.Die("a repeat is written NAME~LABEL");
  birth.set_label(last[1]);
  v1::RecordKey& parent = *birth.mutable_parent();
  parent.set_subject(BirthOf(parts[0], v1::BIRTH_KIND_SUBJECT, {}));
  const auto* event = definition_->FindEvent(parts.size() == 2 ? last[0] : parts[1]);
  TS_CHECK(event != nullptr);
  parent.set_event(event->id());
  if (parts.size() < 3) return;
  const auto* form = definition_->FindForm(last[0]);
  TS_CHECK(form != nullptr);
  parent.set_form(form->id());
}

void Drafting::ReadQueryTurn(const std::string& kind) {
  if (kind == "query") {
    *change_.mutable_record() = ReadRecord(words_.Take());
    change_.mutable_query_opening()->set_item(ItemOf(words_.Take()));
    return change_.mutable_query_opening()->set_text(words_.Take());
  }
  v1::QueryReference query;
  query.set_change(stage_.ChangeNamed(words_.Take()).str());
  const std::string text = words_.Take();
  if (kind == "answer") {
    *change_.mutable_query_answer()->mutable_query() = query;
    change_.mutable_query_answer()->set_text(text);
  } else {
    *change_.mutable_query_closing()->mutable_query() = query;
    change_.mutable_query_closing()->set_text(text);
  }
}

bool Drafting::ReadOption() {
  if (words_.TakeIf("base")) {
    change_.mutable_base()->set_number(words_.TakeNumber());
  } else if (words_.TakeIf("of another epoch")) {
    change_.mutable_base()->set_epoch(change_.base().epoch() + 1);
  } else if (words_.TakeIf("by")) {
    change_.set_author(words_.Take());
  } else if (words_.TakeIf("reason")) {
    change_.set_reason(words_.Take());
  } else if (words_.TakeIf("request")) {
    change_.set_request_id(words_.Take());
  } else if (words_.TakeIf("offering again")) {
    change_.set_offers_again(stage_.ChangeNamed(words_.Take()).str());
  } else if (words_.TakeIf("of site")) {
    change_.set_site(words_.Take());
  } else if (words_.TakeIf("of study")) {
    change_.set_study(words_.Take());
  } else {
    return false;
  }
  return true;
}

void Drafting::TakeVersion() {
  *change_.mutable_version() = ReadVersion();
  if (change_.version().number() < kUnpublishedVersion) {
    definition_ = Stage::DefinitionOf(change_.version().number());
  }
}

// `v2`, `v2'` for another content under that number, or `v9`, which no file has.
v1::VersionReference Drafting::ReadVersion() {
  std::string word = words_.Take();
  const bool other = !word.empty() && word.back() == '\'';
  if (other) word.pop_back();
  uint32_t number = 0;
  if (word.empty() || word[0] != 'v' || !absl::SimpleAtoi(word.substr(1), &number)) {
    words_.Die("a version is written v1");
  }
  v1::VersionReference version;
  if (other || number >= kUnpublishedVersion) {
    version.set_number(number);
    version.set_sha256(Sha256Of("another definition").str());
  } else {
    version = Stage::DefinitionOf(number)->version();
  }
  return version;
}

void Drafting::ReadWrites(google::protobuf::RepeatedPtrField<v1::ItemWrite>& writes) {
  while (const auto assignment = words_.TakeAssignment()) {
    v1::ItemWrite& write = *writes.Add();
    write.set_item(ItemOf(assignment->first));
    const v1::ItemDefinition* item = definition_->FindItem(write.item());
    if (assignment->second == "(withheld)") {
      write.mutable_value()->mutable_withheld();
      continue;
    }
    absl::StatusOr<v1::Value> value = absl::NotFoundError("");
    if (item != nullptr) {
      value = study::ParseValue(definition_->proto(), *item, assignment->second);
    }
    if (value.ok()) {
      *write.mutable_value() = *std::move(value);
    } else {
      write.mutable_value()->set_text(assignment->second);
    }
  }
}

uint32_t Drafting::ItemOf(const std::string& name) {
  uint32_t id = 0;
  if (absl::SimpleAtoi(name, &id)) return id;
  for (const v1::FormDefinition& form : definition_->proto().forms()) {
    if (const auto* item = definition_->FindItem(form.id(), name)) return item->id();
  }
  words_.Die("no item " + name);
}

// The id that stands for a label: of the birth, or behind @ of any change.
std::string Drafting::BirthOf(const std::string& label, v1::BirthKind kind,
                              const v1::RecordKey& key) {
  if (label[0] == '@') return stage_.ChangeNamed(label.substr(1)).str();
  std::string name = label;
  if (kind != v1::BIRTH_KIND_SUBJECT) {
    for (const auto& [id, row] : view_.view().state().tables().Births(
             kind, sync::ParentOf(kind, key))) {
      if (row.label() == label) return id.str();
    }
    words_.Die("no birth " + label);
  }
  const absl::StatusOr<ChangeId> birth = sync::ResolveBirth(view_.view(), name);
  if (!birth.ok()) words_.Die(std::string(birth.status().message()));
  return birth->str();
}

v1::RecordKey Drafting::ReadRecord(const std::string& name) {
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  if (parts.size() != 3) words_.Die("a record is written SUBJECT/EVENT/FORM");
  v1::RecordKey key;
  if (parts[0] == "label") {
    return sync::LabelRecord(*ChangeId::From(BirthOf(parts[1], v1::BIRTH_KIND_SUBJECT, {})));
  }
  const std::vector<std::string> event = absl::StrSplit(parts[1], '~');
  const std::vector<std::string> form = absl::StrSplit(parts[2], '~');
  key.set_subject(BirthOf(parts[0], v1::BIRTH_KIND_SUBJECT, key));
  const auto* event_definition = definition_->FindEvent(event[0]);
  const auto* form_definition = definition_->FindForm(form[0]);
  key.set_event(event_definition == nullptr ? 99 : event_definition->id());
  if (event.size() > 1) key.set_event_birth(BirthOf(event[1], v1::BIRTH_KIND_EVENT, key));
  key.set_form(form_definition == nullptr ? 99 : form_definition->id());
  if (form.size() > 1) key.set_form_birth(BirthOf(form[1], v1::BIRTH_KIND_FORM, key));
  return key;
}

// `A2:2/alt`.
v1::DisputeReference Drafting::ReadDispute(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, '/');
  if (parts.size() != 2) words_.Die("a dispute is written CHANGE/ITEM");
  v1::DisputeReference reference;
  reference.set_challenger(stage_.ChangeNamed(parts[0]).str());
  reference.set_lineage(definition_->Lineage(ItemOf(parts[1])));
  return reference;
}

}  // namespace

v1::Change ReadDraft(Stage& stage, const std::string& author, Words& words) {
  return Drafting(stage, words).Read(author);
}

void CommitAtCentre(Stage& stage, const v1::Change& change) {
  world::Node& centre = stage.world().coordinator();
  storage::Transaction transaction(centre.store().NewSnapshot());
  storage::StoreTables store(&transaction);
  const v1::StoreIdentity identity = *store.Identity();
  const ChainId chain{*ReplicaId::From(identity.replica()), identity.incarnation()};
  sync::PartitionState state(&transaction, *store.FindPartition(Stage::partition()),
                             centre.coordinator()->definitions().at(change.study()).get());
  absl::StatusOr<sync::LogWriter> log = sync::LogWriter::Open(&state);
  TS_CHECK(log.ok());
  const std::string authored = change.SerializeAsString();
  log->Append({.stamp = {chain, log->Chain(chain).seq + 1},
               .authored = authored,
               .authored_digest = Sha256Of(authored),
               .change = &change,
               .received_time_us = absl::ToUnixMicros(stage.world().now())});
  state.Flush();
  log->Flush();
  TS_CHECK(centre.store().Write(transaction.TakeBatch(), storage::Durability::kSync).ok());
}

}  // namespace trialsync::transcripts
