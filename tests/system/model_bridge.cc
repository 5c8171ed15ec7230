// SPDX-License-Identifier: Apache-2.0
#include "tests/system/model_bridge.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "study/value.h"
#include "sync/identity_rules.h"
#include "sync/record.h"
#include "tests/model/describe.h"
#include "tests/system/study_under_test.h"

namespace trialsync::system_test {
namespace {

constexpr uint32_t kSplitItem = 10;

model::Item ItemOf(uint32_t item) {
  return item == sync::kLabelItem ? model::kLabelItem : static_cast<model::Item>(item);
}

// A reason why the whole is missing is one why each part is.
std::string ValueText(uint32_t item, const v1::Value& value) {
  const std::string text = study::FormatValue(value);
  return item == kSplitItem && value.has_missing() ? text + "/" + text : text;
}

model::Version VersionOf(const v1::VersionReference& version) {
  return {version.number(), ToHex(version.sha256())};
}

model::Outcome OutcomeOf(v1::Outcome outcome) {
  return static_cast<model::Outcome>(static_cast<int>(outcome) - 1);
}

std::map<model::Item, model::Value> WritesOf(
    const google::protobuf::RepeatedPtrField<v1::ItemWrite>& writes) {
  std::map<model::Item, model::Value> items;
  for (const v1::ItemWrite& write : writes) {
    items[ItemOf(write.item())] = ValueText(write.item(), write.value());
  }
  return items;
}

// Of a record's key, or a birth's parent: what was born, outermost first.
std::vector<model::ChangeId> NamesOf(const v1::RecordKey& key) {
  std::vector<model::ChangeId> names;
  for (const std::string* birth : {&key.subject(), &key.event_birth(), &key.form_birth()}) {
    if (!birth->empty()) names.push_back(ToHex(*birth));
  }
  return names;
}

// Whether two changes of one request say the same, whenever they were made.
bool SameRequest(v1::Change a, v1::Change b) {
  for (v1::Change* change : {&a, &b}) {
    change->clear_base();
    change->clear_version();
    change->clear_authored_time();
    change->clear_authored_utc_offset_minutes();
    change->clear_nonce();
  }
  return a.SerializeAsString() == b.SerializeAsString();
}

model::ActKind ActOf(v1::RecordActKind kind) {
  return static_cast<model::ActKind>(static_cast<int>(kind) - 1);
}

std::vector<std::string> Sorted(std::vector<std::string> list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  return list;
}

ChangeId IdOf(const model::ChangeId& hex) { return *ChangeId::From(*FromHex(hex)); }

std::string Short(const std::string& id) { return id.substr(0, 8); }

std::string ListText(const std::vector<std::string>& list) {
  return absl::StrJoin(
      list, ",", [](std::string* out, const std::string& id) { absl::StrAppend(out, Short(id)); });
}

Difference Differ(const std::string& what, const std::string& product, const std::string& model) {
  if (product == model) return "";
  return absl::StrCat(what, ": the product says [", product, "], the model [", model, "]");
}

std::string CellText(const std::map<model::Item, model::Cell::Standing>& content,
                     std::vector<std::string> writers, bool decided) {
  std::string text;
  for (const auto& [item, standing] : content) {
    absl::StrAppend(&text, item, "=", standing.value, "@", standing.number, " ");
  }
  if (content.empty()) return "empty";
  absl::StrAppend(&text, "by ", ListText(Sorted(std::move(writers))), decided ? " decided" : "");
  return text;
}

std::string CellText(const v1::RecordState& record, const v1::CellRow& cell) {
  std::map<model::Item, model::Cell::Standing> content;
  for (const v1::StandingValue& value : cell.values()) {
    content[ItemOf(value.item())] = {ValueText(value.item(), value.value()),
                                     value.version()};
  }
  std::vector<std::string> writers;
  for (const uint32_t writer : cell.writers()) {
    writers.push_back(ToHex(record.writers(static_cast<int>(writer)).change()));
  }
  return CellText(content, std::move(writers), cell.decided());
}

std::string JudgementText(const model::Judgement& judgement) {
  return absl::StrCat(Short(judgement.id), model::Describe(judgement).substr(judgement.id.size()));
}

}  // namespace

std::string ModelRecord(const v1::RecordKey& key) {
  if (sync::IsLabelRecord(key)) return model::Partition::LabelRecord(ToHex(key.subject()));
  return ToHex(storage::RecordKeyBytes(key));
}

void DigestBook::Learn(const v1::RecordState& record) {
  std::string text;
  for (const v1::CellRow& cell : record.cells()) {
    std::map<model::Item, std::string> items;
    for (const v1::StandingValue& value : cell.values()) {
      items[ItemOf(value.item())] =
          absl::StrCat(ItemOf(value.item()), "=", ValueText(value.item(), value.value()), "@",
                       value.version(), ";");
    }
    for (const auto& [item, one] : items) text += one;
  }
  texts_[sync::ContentDigest(record).str()] = text;
}

std::string DigestBook::TextOf(const std::string& covers) const {
  const auto found = texts_.find(covers);
  return found == texts_.end() ? "never seen: " + ToHex(covers) : found->second;
}

ModelBridge::ModelBridge(const DigestBook* digests) : digests_(digests), partition_(ModelStudy()) {}

model::Body ModelBridge::BodyOf(const v1::Change& change) const {
  switch (change.body_case()) {
    case v1::Change::kEdit:
      return model::Edit{WritesOf(change.edit().writes())};
    case v1::Change::kAct:
      return model::Act{ActOf(change.act().kind()), digests_->TextOf(change.act().covers())};
    case v1::Change::kDecision: {
      model::Decision decision{WritesOf(change.decision().writes()), {}};
      for (const v1::DisputeReference& closed : change.decision().closes()) {
        decision.closes.push_back({ToHex(closed.challenger()), ItemOf(closed.lineage())});
      }
      return decision;
    }
    case v1::Change::kSettlement:
      return model::Settlement{ToHex(change.settlement().change()),
                               change.settlement().kind() == v1::SETTLEMENT_KIND_ADMIT};
    case v1::Change::kBirth: {
      const v1::Birth& birth = change.birth();
      const std::vector<model::ChangeId> above = NamesOf(birth.parent());
      return model::Birth{
          static_cast<model::ThingKind>(static_cast<int>(birth.kind()) - 1),
          above.empty() ? "" : above.back(),
          absl::StrCat(birth.parent().event(), "/", birth.parent().form(), ":", birth.label())};
    }
    case v1::Change::kRename: {
      const auto prefix = label_prefixes_.find(ToHex(change.rename().birth()));
      return model::Rename{
          ToHex(change.rename().birth()),
          (prefix == label_prefixes_.end() ? "" : prefix->second) + change.rename().label()};
    }
    case v1::Change::kSameThing:
      return model::Same{ToHex(change.same_thing().birth()), ToHex(change.same_thing().other())};
    case v1::Change::kVersionPublication:
      return model::Publish{VersionOf(change.version_publication().version())};
    case v1::Change::kVersionActivation:
      return model::Activate{VersionOf(change.version_activation().version())};
    case v1::Change::kVersionRetirement:
      return model::Retire{VersionOf(change.version_retirement().version())};
    default:
      return model::Activate{{0, "filler"}};
  }
}

model::Change ModelBridge::Translate(const sync::StoredChange& stored) const {
  const v1::Change& change = stored.change;
  model::Change translated;
  translated.id = stored.id.hex();
  translated.chain = {stored.stamp.chain.replica.hex(),
                      static_cast<int64_t>(stored.stamp.chain.incarnation)};
  translated.seq = static_cast<int64_t>(stored.stamp.seq);
  translated.base.number = static_cast<int64_t>(change.base().number());
  translated.side = stored.from_centre ? model::Side::kCentre : model::Side::kSite;
  translated.version = VersionOf(change.version());
  if (change.has_record()) {
    translated.record = ModelRecord(change.record());
    translated.names = NamesOf(change.record());
  } else if (change.has_birth()) {
    translated.names = NamesOf(change.birth().parent());
  }
  translated.body = BodyOf(change);
  // The label of a decision on a label record is prefixed as those of births are.
  if (auto* decision = std::get_if<model::Decision>(&translated.body)) {
    const auto label = decision->writes.find(model::kLabelItem);
    const auto prefix = label_prefixes_.find(ToHex(change.record().subject()));
    if (label != decision->writes.end() && prefix != label_prefixes_.end()) {
      label->second = prefix->second + label->second;
    }
  }
  return translated;
}

// Whether the change only takes its place in the model's log; for a repeated request the outcome
// is compared here.
bool ModelBridge::IsFiller(const sync::StoredChange& stored, Difference& difference,
                           const sync::Verdict& verdict) {
  const v1::Change& change = stored.change;
  if (!change.request_id().empty()) {
    const auto [first, inserted] = requests_.try_emplace({change.author(), change.request_id()},
                                                         std::make_pair(stored.id, change));
    if (!inserted) {
      const bool same = SameRequest(first->second.second, change);
      const sync::Verdict expected{same ? v1::OUTCOME_AGREED : v1::OUTCOME_REFUSED,
                                   same ? v1::REASON_REQUEST_REPEATED : v1::REASON_REQUEST_REUSED,
                                   {}};
      if (verdict != expected) {
        difference =
            absl::StrCat("change ", Short(stored.id.hex()), " repeats a request, and has outcome ",
                         v1::Outcome_Name(verdict.outcome), " ", v1::Reason_Name(verdict.reason));
      }
      return true;
    }
  }
  if (change.has_query_opening() || change.has_query_answer() || change.has_query_closing() ||
      change.has_replica_enrolment()) {
    return true;
  }
  if (!change.has_settlement()) return false;
  const model::ChangeId settled = ToHex(change.settlement().change());
  const model::LogEntry* target = partition_.Find(settled);
  const bool dismisses_refused = target != nullptr && target->judgement.Refused() &&
                                 change.settlement().kind() == v1::SETTLEMENT_KIND_DISMISS;
  return dismisses_refused || fillers_.contains(settled);
}

Difference ModelBridge::Commit(const sync::StoredChange& stored, const sync::Verdict& verdict,
                               const std::vector<sync::Admission>* admissions) {
  Difference difference;
  const model::ChangeId id = stored.id.hex();
  ids_[stored.number] = stored.id;
  if (stored.change.has_birth()) {
    label_prefixes_[id] = absl::StrCat(stored.change.birth().parent().event(), "/",
                                       stored.change.birth().parent().form(), ":");
  }
  model::Change change = Translate(stored);
  if (IsFiller(stored, difference, verdict)) {
    fillers_.insert(id);
    change.names.clear();
    change.record.clear();
    change.body = model::Activate{{0, "filler"}};
  }
  if (stored.change.has_record()) records_[id] = stored.change.record();
  if (stored.change.has_birth()) records_[id] = sync::LabelRecord(stored.id);
  if (stored.change.has_rename()) records_[id].set_subject(stored.change.rename().birth());
  const model::CommitResult result = partition_.Commit(change);
  NoteRefusals(stored, verdict, result);
  for (const sync::Admission& admission :
       admissions == nullptr ? std::vector<sync::Admission>() : *admissions) {
    const model::ChangeId admitted = ids_[admission.number].hex();
    const bool refused = admission.verdict.outcome == v1::OUTCOME_REFUSED &&
                         admission.verdict.reason != v1::REASON_DISMISSED;
    if (refused && fillers_.contains(admitted)) refused_open_.insert(admitted);
  }
  if (!difference.empty()) return difference;

  size_t next_admission = 0;
  bool first = true;
  for (const model::Judgement& judgement : result.judged) {
    if (const auto record = records_.find(judgement.id); record != records_.end()) {
      touched_[ModelRecord(record->second)] = record->second;
    }
    if (std::exchange(first, false)) {
      if (fillers_.contains(judgement.id)) continue;
      difference = CompareJudgement(judgement, verdict);
      if (!difference.empty()) return difference;
      continue;
    }
    if (judgement.Held() || admissions == nullptr) continue;
    while (next_admission < admissions->size() &&
           fillers_.contains(ids_[(*admissions)[next_admission].number].hex())) {
      ++next_admission;
    }
    if (next_admission == admissions->size()) {
      return absl::StrCat("commit ", stored.number, " admits, says the model, also ",
                          JudgementText(judgement));
    }
    const sync::Admission& admission = (*admissions)[next_admission++];
    if (ids_[admission.number].hex() != judgement.id) {
      return absl::StrCat("commit ", stored.number, " admits commit ", admission.number,
                          " where the model says ", JudgementText(judgement));
    }
    difference = CompareJudgement(judgement, admission.verdict);
    if (!difference.empty()) return difference;
  }
  if (admissions == nullptr) return "";
  for (; next_admission < admissions->size(); ++next_admission) {
    const ChangeId admitted = ids_[(*admissions)[next_admission].number];
    if (fillers_.contains(admitted.hex())) continue;
    return absl::StrCat("commit ", stored.number, " admits commit ",
                        (*admissions)[next_admission].number, ", which the model does not");
  }
  return "";
}

void ModelBridge::NoteRefusals(const sync::StoredChange& stored, const sync::Verdict& verdict,
                               const model::CommitResult& result) {
  const v1::Change& change = stored.change;
  if (!change.offers_again().empty()) refused_open_.erase(ToHex(change.offers_again()));
  const bool filler = fillers_.contains(stored.id.hex());
  if (filler && verdict.outcome == v1::OUTCOME_REFUSED) refused_open_.insert(stored.id.hex());
  if (filler && change.has_settlement() && verdict.outcome == v1::OUTCOME_APPLIED) {
    refused_open_.erase(ToHex(change.settlement().change()));
  }
  if (change.has_same_thing()) {
    said_same_.insert(ToHex(change.same_thing().birth()));
    said_same_.insert(ToHex(change.same_thing().other()));
  }
  for (const model::Judgement& judgement : result.judged) {
    const bool dismissed = judgement.reason.rfind("dismissed by ", 0) == 0;
    if (judgement.Refused() && !dismissed) refused_open_.insert(judgement.id);
  }
}

Difference ModelBridge::CompareJudgement(const model::Judgement& judgement,
                                         const sync::Verdict& verdict) const {
  for (const auto& [item, outcome] : judgement.outcomes) {
    v1::Outcome said = verdict.outcome;
    for (const sync::CellVerdict& cell : verdict.cells) {
      if (ItemOf(cell.lineage) == ModelStudy().Root(item)) said = cell.outcome;
    }
    if (OutcomeOf(said) == outcome) continue;
    return absl::StrCat("outcome of item ", item, " of ", Describe(IdOf(judgement.id)),
                        ": the product says ", v1::Outcome_Name(said), " (",
                        v1::Reason_Name(verdict.reason), "), the model ", JudgementText(judgement));
  }
  return "";
}

Difference ModelBridge::CompareRecord(const v1::RecordState& record) const {
  const std::string name = ModelRecord(record.key());
  std::set<model::Item> roots{model::kLabelItem};
  for (const auto& [root, rule] : ModelStudy().items) roots.insert(root);
  std::map<model::Item, std::string> stored;
  const std::string label_prefix = [&] {
    const auto prefix = label_prefixes_.find(ToHex(record.key().subject()));
    return sync::IsLabelRecord(record.key()) && prefix != label_prefixes_.end() ? prefix->second
                                                                                : std::string();
  }();
  for (const v1::CellRow& cell : record.cells()) {
    roots.insert(ItemOf(cell.lineage()));
    stored[ItemOf(cell.lineage())] = CellText(record, cell);
  }
  for (const model::Item root : roots) {
    model::Cell cell = partition_.CellOf(name, root);
    for (auto& [item, standing] : cell.content) {
      if (item == model::kLabelItem) standing.value = standing.value.substr(label_prefix.size());
    }
    const std::string product = stored.contains(root) ? stored[root] : "empty";
    Difference difference = Differ(absl::StrCat("what stands in lineage ", root, " of ", name),
                                   product, CellText(cell.content, cell.writers, cell.decided));
    if (!difference.empty()) return difference;
  }
  for (const auto kind :
       {v1::RECORD_ACT_KIND_COMPLETE, v1::RECORD_ACT_KIND_VERIFY, v1::RECORD_ACT_KIND_SIGN,
        v1::RECORD_ACT_KIND_FREEZE, v1::RECORD_ACT_KIND_LOCK, v1::RECORD_ACT_KIND_VOID}) {
    std::vector<std::string> acts;
    for (const v1::ActRow& act : record.acts()) {
      if (act.kind() == kind) acts.push_back(ToHex(act.by().change()));
    }
    Difference difference =
        Differ(absl::StrCat("marks ", v1::RecordActKind_Name(kind), " of ", name), ListText(acts),
               ListText(partition_.InForce(name, {ActOf(kind)})));
    if (!difference.empty()) return difference;
  }
  return "";
}

Difference ModelBridge::CompareDiscrepancies(sync::PartitionState& state) const {
  std::vector<std::string> product;
  std::vector<std::string> held;
  std::vector<std::string> refused;
  state.tables().ForEachDiscrepancy(
      /*open_only=*/false, std::nullopt,
      [&](const storage::DiscrepancyId& id, const v1::DiscrepancyRow& row) {
        const bool open = row.state() == v1::DISCREPANCY_STATE_OPEN;
        const std::string change = id.change.hex();
        if (id.kind == v1::DISCREPANCY_KIND_HELD && open && !fillers_.contains(change)) {
          held.push_back(change);
        }
        if (id.kind == v1::DISCREPANCY_KIND_REFUSED && open) refused.push_back(change);
        const bool conflict =
            id.kind == v1::DISCREPANCY_KIND_DISPUTE || id.kind == v1::DISCREPANCY_KIND_PROPOSAL;
        if (!conflict) return true;
        const bool by_rule = row.state() == v1::DISCREPANCY_STATE_SETTLED_BY_RULE;
        std::vector<std::string> against;
        for (const std::string& writer : row.standing_writers()) against.push_back(ToHex(writer));
        product.push_back(absl::StrCat(by_rule                                   ? "rule"
                                       : id.kind == v1::DISCREPANCY_KIND_DISPUTE ? "dispute"
                                                                                 : "proposal",
                                       " ", Short(change), "-", ItemOf(row.lineage()), " on ",
                                       ModelRecord(row.record()), " against ",
                                       ListText(Sorted(std::move(against))), open ? " open" : ""));
        return true;
      });
  std::vector<std::string> expected;
  for (const model::Discrepancy& discrepancy : partition_.Discrepancies()) {
    const bool by_rule = discrepancy.kind == model::DiscrepancyKind::kSettledByRule;
    expected.push_back(
        absl::StrCat(by_rule                                                ? "rule"
                     : discrepancy.kind == model::DiscrepancyKind::kDispute ? "dispute"
                                                                            : "proposal",
                     " ", Short(discrepancy.id.challenger), "-", discrepancy.id.item, " on ",
                     discrepancy.record, " against ", ListText(Sorted(discrepancy.against)),
                     discrepancy.open && !by_rule ? " open" : ""));
  }
  std::sort(product.begin(), product.end());
  std::sort(expected.begin(), expected.end());
  Difference difference =
      Differ("discrepancies", absl::StrJoin(product, "; "), absl::StrJoin(expected, "; "));
  if (!difference.empty()) return difference;
  difference = Differ("held", ListText(Sorted(held)), ListText(Sorted(partition_.Held())));
  if (!difference.empty()) return difference;
  return Differ("refused", ListText(Sorted(refused)),
                ListText({refused_open_.begin(), refused_open_.end()}));
}

Difference ModelBridge::CompareBirths(sync::PartitionState& state) const {
  std::set<model::ChangeId> clashing;
  for (const model::LabelClash& clash : partition_.LabelClashes()) clashing.insert(clash.later);
  for (const auto& [id, prefix] : label_prefixes_) {
    const ChangeId birth = IdOf(id);
    const std::optional<v1::BirthRow> row = state.tables().Birth(birth);
    const std::optional<std::string> label =
        fillers_.contains(id) ? std::nullopt : partition_.ShownLabel(id);
    if (!row || !label) {
      if (row.has_value() == label.has_value()) continue;
      return absl::StrCat("birth ", Short(id), row ? " is there, but not" : " is not there, but",
                          " in the model");
    }
    const std::vector<sync::BirthEntry> births =
        sync::BirthsInOrder(state, row->kind(), row->parent(), row->label());
    size_t rank = 0;
    bool merged = false;
    for (size_t i = 0; i < births.size(); ++i) {
      if (births[i].first == birth) rank = i + 1;
      merged |= said_same_.contains(births[i].first.hex());
    }
    Difference difference = Differ(
        absl::StrCat("label of birth ", Short(id)),
        absl::StrCat(prefix, row->label(), rank == 1 ? "" : absl::StrCat("?", rank)), *label);
    if (!difference.empty()) return difference;
    if (merged) continue;
    const auto clash = state.tables().Discrepancy({birth, v1::DISCREPANCY_KIND_LABEL, 0});
    const bool open = clash && clash->state() == v1::DISCREPANCY_STATE_OPEN;
    if (open != clashing.contains(id)) {
      return absl::StrCat("birth ", Short(id), open ? " is listed" : " is not listed",
                          " as clashing in its label, unlike in the model");
    }
  }
  return "";
}

std::vector<v1::RecordKey> ModelBridge::TakeTouched() {
  std::vector<v1::RecordKey> keys;
  for (auto& [name, key] : touched_) keys.push_back(std::move(key));
  touched_.clear();
  return keys;
}

std::string ModelBridge::Describe(const ChangeId& id) const {
  const model::LogEntry* entry = partition_.Find(id.hex());
  return entry == nullptr ? Short(id.hex()) : model::Describe(entry->change);
}

}  // namespace trialsync::system_test
