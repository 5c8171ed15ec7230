// SPDX-License-Identifier: Apache-2.0
#include "sync/query_rules.h"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "study/checks.h"
#include "study/versions.h"
#include "sync/record.h"
#include "sync/worklist.h"

namespace trialsync::sync {
namespace {

void AddTurn(const Arriving& arriving, const std::string& text, v1::DiscrepancyRow& query) {
  v1::QueryTurn* turn = query.add_turns();
  turn->set_change(arriving.id.str());
  turn->set_text(text);
  turn->set_author(arriving.change->author());
  turn->set_time_us(arriving.received_time_us);
}

// A record's values as one definition reads them.
class RecordValues {
 public:
  RecordValues(const v1::RecordState& record, const study::Definition& definition,
               const study::DefinitionSet& definitions) {
    values_.reserve(static_cast<size_t>(record.cells_size()));
    for (const v1::CellRow& cell : record.cells()) {
      const bool as_written =
          cell.values_size() == 1 && cell.values(0).version() == definition.number();
      if (as_written) {
        values_.emplace_back(cell.values(0).item(), &cell.values(0).value());
        continue;
      }
      for (study::Reading& reading :
           study::ReadCell(StoredValues(cell), definition, definitions)) {
        if (!reading.value) continue;
        converted_.push_back(*std::move(reading.value));
        values_.emplace_back(reading.item, &converted_.back());
      }
    }
    std::sort(values_.begin(), values_.end());
  }

  // Null where there is none. Of the record, or of this.
  const v1::Value* Find(uint32_t item) const {
    const auto it = std::lower_bound(values_.begin(), values_.end(), item,
                                     [](const auto& value, uint32_t i) { return value.first < i; });
    return it != values_.end() && it->first == item ? it->second : nullptr;
  }

 private:
  std::vector<std::pair<uint32_t, const v1::Value*>> values_;
  std::deque<v1::Value> converted_;
};

// Whether the change writes the item whose range the check is.
bool WritesCheckedItem(const Arriving& arriving, uint32_t check) {
  const v1::Change& change = *arriving.change;
  const auto& writes = change.has_edit() ? change.edit().writes() : change.decision().writes();
  return std::any_of(writes.begin(), writes.end(), [check](const v1::ItemWrite& write) {
    return study::HardRangeCheckId(write.item()) == check;
  });
}

void OpenCheckQuery(PartitionState& state, const Arriving& arriving,
                    const study::CheckFinding& finding, v1::RecordState& record) {
  v1::DiscrepancyRow query = NewDiscrepancy(v1::DISCREPANCY_KIND_QUERY, arriving);
  *query.mutable_record() = record.key();
  query.set_lineage(finding.item);
  query.set_check(finding.check);
  v1::QueryTurn* turn = query.add_turns();
  turn->set_text(finding.message);
  turn->set_time_us(arriving.received_time_us);
  state.tables().PutDiscrepancy({arriving.id, v1::DISCREPANCY_KIND_QUERY, finding.check}, query);
  v1::OpenCheck* open = record.add_open_checks();
  open->set_check(finding.check);
  open->set_change(arriving.id.str());
}

}  // namespace

Judgement MergeQueryOpening(PartitionState& state, const Arriving& arriving,
                            const study::Definition& definition) {
  const v1::QueryOpening& opening = arriving.change->query_opening();
  if (opening.text().empty()) return Judgement::Refused(v1::REASON_CHANGE_INVALID);
  const v1::FormDefinition* form =
      opening.item() == 0 ? nullptr : definition.FormOfItem(opening.item());
  if (opening.item() != 0 &&
      (form == nullptr || form->id() != arriving.change->record().form())) {
    return Judgement::Refused(v1::REASON_RECORD_INVALID);
  }
  v1::DiscrepancyRow query = NewDiscrepancy(v1::DISCREPANCY_KIND_QUERY, arriving);
  query.set_lineage(opening.item());
  AddTurn(arriving, opening.text(), query);
  state.tables().PutDiscrepancy({arriving.id, v1::DISCREPANCY_KIND_QUERY, 0}, query);
  return Judgement::Of(v1::OUTCOME_APPLIED);
}

Judgement MergeQueryTurn(PartitionState& state, const Arriving& arriving) {
  const v1::Change& change = *arriving.change;
  const bool closing = change.has_query_closing();
  const v1::QueryReference& reference =
      closing ? change.query_closing().query() : change.query_answer().query();
  const std::string& text = closing ? change.query_closing().text() : change.query_answer().text();
  const std::optional<ChangeId> opener = ChangeId::From(reference.change());
  if (!opener) return Judgement::Refused(v1::REASON_CHANGE_INVALID);

  const storage::DiscrepancyId id{*opener, v1::DISCREPANCY_KIND_QUERY, reference.check()};
  std::optional<v1::DiscrepancyRow> query = state.tables().Discrepancy(id);
  if (!query) {
    const std::optional<v1::ChangeRow> row = state.tables().Change(*opener);
    if (!row || row->outcome() == v1::OUTCOME_HELD) return Judgement::AwaitsChange(*opener);
    return Judgement::Refused(v1::REASON_CHANGE_REFUSED);
  }
  AddTurn(arriving, text, *query);
  if (!IsOpen(*query)) {
    state.tables().PutDiscrepancy(id, *query);
    return Judgement::Of(v1::OUTCOME_AGREED, v1::REASON_NOTHING_TO_DO);
  }
  query->set_state(closing ? v1::DISCREPANCY_STATE_CLOSED : v1::DISCREPANCY_STATE_ANSWERED);
  if (closing) {
    query->set_closed_number(arriving.effect_number);
    query->set_closed_by(arriving.id.str());
    for (v1::OpenCheck& open : *state.MutableRecord(query->record()).mutable_open_checks()) {
      if (open.check() == reference.check() && open.change() == opener->view()) {
        open.set_acknowledged(true);
      }
    }
  }
  state.tables().PutDiscrepancy(id, *query);
  return Judgement::Of(v1::OUTCOME_APPLIED);
}

void UpdateCheckQueries(PartitionState& state, const Arriving& arriving,
                        const study::Definition& definition, v1::RecordState& record) {
  if (IsLabelRecord(record.key())) return;
  const RecordValues values(record, definition, state.definitions());
  const std::vector<study::CheckFinding> findings = study::RunChecks(
      definition, record.key().form(), [&](uint32_t item) { return values.Find(item); });
  const auto fails = [&](uint32_t check) {
    return std::any_of(findings.begin(), findings.end(),
                       [check](const auto& finding) { return finding.check == check; });
  };

  auto* open_checks = record.mutable_open_checks();
  for (int i = open_checks->size() - 1; i >= 0; --i) {
    const v1::OpenCheck& open = open_checks->Get(i);
    const bool asked_again = open.acknowledged() && WritesCheckedItem(arriving, open.check());
    if (fails(open.check()) && !asked_again) continue;
    CloseDiscrepancy(state,
                     {*ChangeId::From(open.change()), v1::DISCREPANCY_KIND_QUERY, open.check()},
                     arriving);
    open_checks->DeleteSubrange(i, 1);
  }
  for (const study::CheckFinding& finding : findings) {
    const bool fresh = std::none_of(
        open_checks->begin(), open_checks->end(),
        [&](const v1::OpenCheck& open) { return open.check() == finding.check; });
    if (finding.hard && finding.truth == study::Truth::kFalse && fresh) {
      OpenCheckQuery(state, arriving, finding, record);
    }
  }
}

}  // namespace trialsync::sync
