// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/check.h"
#include "study/value.h"
#include "sync/namer.h"
#include "sync/receipt.h"
#include "sync/record.h"
#include "sync/stored_change.h"
#include "sync/worklist.h"
#include "sync/words.h"
#include "tests/transcripts/describe.h"

namespace trialsync::transcripts {
namespace {

const char* SettlementWord(v1::SettlementKind kind) {
  switch (kind) {
    case v1::SETTLEMENT_KIND_ADMIT:
      return "admission";
    case v1::SETTLEMENT_KIND_NOTE:
      return "note";
    default:
      return "dismissal";
  }
}

// The coordinator's log as it is now, and names for what stands in it.
class LogReader {
 public:
  explicit LogReader(Stage& stage)
      : stage_(stage),
        view_(stage.world().coordinator(), Stage::partition()),
        namer_(view_.view(), Stage::partition()) {}

  uint64_t size() { return tables().Head().size(); }

  std::vector<uint64_t> Epochs() {
    std::vector<uint64_t> epochs;
    for (uint64_t number = 1; number <= size(); ++number) epochs.push_back(Receipt(number).epoch);
    return epochs;
  }

  std::string Line(uint64_t number) {
    const sync::Receipt receipt = Receipt(number);
    const sync::StoredChange stored = *sync::ReadChange(tables(), number);
    std::string line = absl::StrCat("commit ", number, " ", stage_.NameOf(stored.id), " ",
                                    Act(stored.change), ": ",
                                    Verdict(stored, receipt.verdict));
    if (receipt.origin) {
      absl::StrAppend(&line, "\n  of a new chain, behind change ", receipt.origin->seq);
    }
    for (const v1::TakenOff& commit : stored.change.epoch_record().commits()) {
      absl::StrAppend(&line, "\n  takes off ", TakenOff(commit));
    }
    for (const sync::Admission& admission : receipt.admissions) {
      const sync::StoredChange freed = *sync::ReadChange(tables(), admission.number);
      absl::StrAppend(&line, "\n  and ", stage_.NameOf(freed.id), ": ",
                      Verdict(freed, admission.verdict));
    }
    return line + Effects(number);
  }

  // What a record says of a commit: its number then, and its outcome; a record has none.
  std::string TakenOff(const v1::TakenOff& commit) {
    std::string text =
        absl::StrCat(commit.position().number(), " ", stage_.NameOf(commit.change()));
    if (commit.outcome() == v1::OUTCOME_UNSPECIFIED) return text;
    absl::StrAppend(&text, ": ", OutcomeWord(commit.outcome()));
    for (const v1::CellOutcome& cell : commit.cells()) {
      absl::StrAppend(&text, ", ", namer_.vocabulary().ItemName(cell.lineage()), " ",
                      OutcomeWord(cell.outcome()));
    }
    if (!commit.has_effect() || commit.effect().number() == commit.position().number()) return text;
    return absl::StrCat(text, " by ", commit.effect().number());
  }

  std::string Brief(uint64_t number) {
    const sync::StoredChange stored = *sync::ReadChange(tables(), number);
    std::string text = absl::StrCat(stage_.NameOf(stored.id), " ",
                                    OutcomeWord(Receipt(number).verdict.outcome));
    for (const sync::Admission& admission : Receipt(number).admissions) {
      const sync::StoredChange freed = *sync::ReadChange(tables(), admission.number);
      absl::StrAppend(&text, " (then ", stage_.NameOf(freed.id), " ",
                      OutcomeWord(admission.verdict.outcome), ")");
    }
    return text;
  }

 private:
  storage::PartitionTables& tables() { return view_.view().state().tables(); }

  sync::Receipt Receipt(uint64_t number) {
    const absl::StatusOr<sync::Receipt> receipt =
        sync::DecodeReceipt(tables().Log(number)->receipt());
    TS_CHECK(receipt.ok());
    return *receipt;
  }

  std::string Act(const v1::Change& change);
  std::string Writes(const google::protobuf::RepeatedPtrField<v1::ItemWrite>& writes);
  std::string Birth(const v1::Birth& birth);
  std::string Verdict(const sync::StoredChange& stored, const sync::Verdict& verdict);
  std::string Cell(const ChangeId& id, uint32_t lineage, v1::Outcome outcome);
  std::string Effects(uint64_t number);

  Stage& stage_;
  world::NodeView view_;
  sync::Namer namer_;
};

std::string LogReader::Writes(const google::protobuf::RepeatedPtrField<v1::ItemWrite>& writes) {
  std::string text;
  for (const v1::ItemWrite& write : writes) {
    absl::StrAppend(&text, " ", namer_.vocabulary().ItemName(write.item()), "=",
                    study::FormatValue(write.value()));
  }
  return text;
}

std::string LogReader::Birth(const v1::Birth& birth) {
  if (birth.kind() == v1::BIRTH_KIND_SUBJECT) return birth.label();
  const std::string parent = namer_.ShortBirth(*ChangeId::From(birth.parent().subject()));
  const auto* event = namer_.vocabulary().FindEvent(birth.parent().event());
  const auto* form = namer_.vocabulary().FindForm(birth.parent().form());
  return absl::StrCat(parent, "/", event->name(), form == nullptr ? "" : "/" + form->name(), "~",
                      birth.label());
}

std::string LogReader::Act(const v1::Change& change) {
  const std::string word = sync::ActWord(change);
  const std::string record = change.has_record() ? " " + namer_.ShortRecord(change.record()) : "";
  switch (change.body_case()) {
    case v1::Change::kEdit:
      return absl::StrCat(word, record, Writes(change.edit().writes()));
    case v1::Change::kDecision: {
      std::string closes;
      for (const v1::DisputeReference& closed : change.decision().closes()) {
        absl::StrAppend(&closes, closes.empty() ? " on " : ", ",
                        stage_.NameOf(closed.challenger()));
      }
      return absl::StrCat(word, record, Writes(change.decision().writes()), closes);
    }
    case v1::Change::kBirth:
      return absl::StrCat(word, " of ", Birth(change.birth()));
    case v1::Change::kRename:
      return absl::StrCat(word, " of ", stage_.NameOf(change.rename().birth()), " to ",
                          change.rename().label());
    case v1::Change::kSameThing:
      return absl::StrCat(word, " of ", stage_.NameOf(change.same_thing().other()), " into ",
                          stage_.NameOf(change.same_thing().birth()));
    case v1::Change::kSettlement:
      return absl::StrCat(
          SettlementWord(change.settlement().kind()),
          " of ", stage_.NameOf(change.settlement().change()));
    case v1::Change::kQueryOpening:
      return absl::StrCat(word, record, " ",
                          namer_.vocabulary().ItemName(change.query_opening().item()));
    case v1::Change::kQueryAnswer:
      return absl::StrCat(word, " to ", stage_.NameOf(change.query_answer().query().change()));
    case v1::Change::kQueryClosing:
      return absl::StrCat(word, " of ", stage_.NameOf(change.query_closing().query().change()));
    case v1::Change::kVersionPublication:
      return absl::StrCat(word, " of v", change.version_publication().version().number());
    case v1::Change::kVersionActivation:
      return absl::StrCat(word, " of v", change.version_activation().version().number());
    case v1::Change::kVersionRetirement:
      return absl::StrCat(word, " of v", change.version_retirement().version().number());
    default:
      return absl::StrCat(word, record);
  }
}

// What became of one lineage, with the value against which a dispute or proposal stands.
std::string LogReader::Cell(const ChangeId& id, uint32_t lineage, v1::Outcome outcome) {
  std::string text = OutcomeWord(outcome);
  for (const auto kind : {v1::DISCREPANCY_KIND_DISPUTE, v1::DISCREPANCY_KIND_PROPOSAL}) {
    const auto row = tables().Discrepancy({id, kind, lineage});
    if (!row || row->standing().empty()) continue;
    std::vector<std::string> values;
    for (const v1::StandingValue& value : row->standing()) {
      values.push_back(study::FormatValue(value.value()));
    }
    std::vector<std::string> writers;
    for (const std::string& writer : row->standing_writers()) {
      writers.push_back(stage_.NameOf(writer));
    }
    const bool by_rule = row->state() == v1::DISCREPANCY_STATE_SETTLED_BY_RULE;
    absl::StrAppend(&text, by_rule ? " by rule over " : " against ", absl::StrJoin(values, "/"),
                    " of ", absl::StrJoin(writers, " and "));
  }
  return text;
}

std::string LogReader::Verdict(const sync::StoredChange& stored, const sync::Verdict& verdict) {
  const v1::Change& change = stored.change;
  std::vector<std::string> parts;
  std::vector<uint32_t> lineages;
  const auto& writes = change.has_edit() ? change.edit().writes() : change.decision().writes();
  for (const v1::ItemWrite& write : writes) {
    const uint32_t lineage = namer_.vocabulary().Lineage(write.item());
    v1::Outcome outcome = verdict.outcome;
    for (const sync::CellVerdict& cell : verdict.cells) {
      if (cell.lineage == lineage) outcome = cell.outcome;
    }
    const std::string cell = Cell(stored.id, lineage, outcome);
    parts.push_back(writes.size() == 1 || verdict.cells.empty()
                        ? cell
                        : absl::StrCat(namer_.vocabulary().ItemName(write.item()), " ", cell));
    if (verdict.cells.empty()) break;
  }
  if (parts.empty() && change.has_rename()) {
    parts.push_back(Cell(stored.id, sync::kLabelItem, verdict.outcome));
  }
  if (parts.empty()) parts.push_back(OutcomeWord(verdict.outcome));
  std::string text = absl::StrJoin(parts, ", ");
  if (verdict.reason != v1::REASON_UNSPECIFIED) {
    absl::StrAppend(&text, " (", ReasonWord(verdict.reason), ")");
  }
  return text;
}

// Queries of checks and label clashes that the commit opened, and whatever it closed.
std::string LogReader::Effects(uint64_t number) {
  std::string text;
  tables().ForEachDiscrepancy(
      /*open_only=*/false, std::nullopt,
      [&](const storage::DiscrepancyId& id, const v1::DiscrepancyRow& row) {
        const bool opens = row.opened_number() == number &&
                           (row.check() != 0 || id.kind == v1::DISCREPANCY_KIND_LABEL ||
                            id.kind == v1::DISCREPANCY_KIND_CONTRADICTED);
        const bool closes = row.closed_number() == number &&
                            row.state() == v1::DISCREPANCY_STATE_CLOSED;
        const std::string what =
            absl::StrCat(DiscrepancyWord(id.kind), " of ", stage_.NameOf(id.change),
                         row.check() == 0 ? "" : ": " + row.turns(0).text());
        if (opens) absl::StrAppend(&text, "\n  opens ", what);
        if (closes) absl::StrAppend(&text, "\n  closes ", what);
        return true;
      });
  return text;
}

}  // namespace

std::string DescribeCommits(Stage& stage, uint64_t first) {
  LogReader reader(stage);
  std::vector<std::string> lines;
  for (uint64_t number = first; number <= reader.size(); ++number) {
    lines.push_back(reader.Line(number));
  }
  return absl::StrJoin(lines, "\n");
}

std::vector<uint64_t> EpochsOfCommits(Stage& stage) { return LogReader(stage).Epochs(); }

std::string DescribeCommitBriefly(Stage& stage, uint64_t number) {
  return LogReader(stage).Brief(number);
}

}  // namespace trialsync::transcripts
