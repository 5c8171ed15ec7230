// SPDX-License-Identifier: Apache-2.0
#include "sync/identity_rules.h"

#include <algorithm>

#include "proto/names.h"
#include "sync/record.h"
#include "sync/stored_change.h"
#include "sync/worklist.h"
#include "sync/write_rules.h"

namespace trialsync::sync {
namespace {

v1::ItemWrite LabelWrite(const std::string& label) {
  v1::ItemWrite write;
  write.set_item(kLabelItem);
  write.mutable_value()->set_text(label);
  return write;
}

// Opens a label discrepancy for each birth behind the first of its label, and closes those of
// births that stand alone now.
void ListClashes(PartitionState& state, const Arriving& arriving, v1::BirthKind kind,
                 const v1::RecordKey& parent, const std::string& label) {
  std::vector<BirthEntry> births = BirthsInOrder(state, kind, parent, label);
  births.erase(std::remove_if(births.begin(), births.end(),
                              [](const BirthEntry& b) { return !b.second.same_as().empty(); }),
               births.end());
  for (size_t i = 0; i < births.size(); ++i) {
    const storage::DiscrepancyId id{births[i].first, v1::DISCREPANCY_KIND_LABEL, 0};
    if (i == 0) {
      CloseDiscrepancy(state, id, arriving);
      continue;
    }
    const std::optional<v1::DiscrepancyRow> listed = state.tables().Discrepancy(id);
    if (listed && IsOpen(*listed) && listed->other_birth() == births[0].first.view()) continue;
    v1::DiscrepancyRow row = NewDiscrepancy(v1::DISCREPANCY_KIND_LABEL, arriving);
    row.set_change(births[i].first.str());
    row.set_other_birth(births[0].first.str());
    *row.mutable_record() = LabelRecord(births[i].first);
    state.tables().PutDiscrepancy(id, row);
  }
}

bool SayTheSame(const v1::SameThing& a, const v1::SameThing& b) {
  return (a.birth() == b.birth() && a.other() == b.other()) ||
         (a.birth() == b.other() && a.other() == b.birth());
}

// Closes what proposes that the two births that `arriving` makes one are the same.
void CloseProposals(PartitionState& state, const Arriving& arriving) {
  const v1::SameThing& same = arriving.change->same_thing();
  for (const std::string* birth : {&same.birth(), &same.other()}) {
    const v1::RecordKey label = LabelRecord(*ChangeId::From(*birth));
    for (const storage::DiscrepancyId& id :
         state.tables().OpenOfRecord(storage::RecordKeyBytes(label))) {
      if (id.kind != v1::DISCREPANCY_KIND_PROPOSAL) continue;
      const std::optional<StoredChange> proposal = FindChange(state.tables(), id.change);
      const bool come_true = proposal && proposal->change.has_same_thing() &&
                             SayTheSame(proposal->change.same_thing(), same);
      if (come_true) CloseDiscrepancy(state, id, arriving);
    }
  }
}

}  // namespace

std::vector<BirthEntry> BirthsInOrder(PartitionState& state, v1::BirthKind kind,
                                      const v1::RecordKey& parent, const std::string& label) {
  std::vector<BirthEntry> births = state.tables().BirthsByLabel(kind, parent, label);
  const auto order = [](const BirthEntry& entry) {
    return std::make_pair(entry.second.effect_number(), entry.second.number());
  };
  std::sort(births.begin(), births.end(), [&](const BirthEntry& a, const BirthEntry& b) {
    return order(a) < order(b);
  });
  return births;
}

Judgement MergeBirth(PartitionState& state, const Arriving& arriving,
                     const study::Definition& definition) {
  const v1::Birth& birth = arriving.change->birth();
  v1::BirthRow row;
  row.set_kind(birth.kind());
  row.set_label(birth.label());
  *row.mutable_parent() = birth.parent();
  row.set_effect_number(arriving.effect_number);
  row.set_number(arriving.number);
  state.PutBirth(arriving.id, row);

  const v1::ItemWrite label = LabelWrite(birth.label());
  v1::RecordState& record = state.MutableRecord(LabelRecord(arriving.id));
  ApplyWrite(arriving, {kLabelItem, {&label}}, definition, /*decided=*/false,
             /*keep_other_parts=*/false, record, MutableCell(record, kLabelItem));
  ListClashes(state, arriving, birth.kind(), birth.parent(), birth.label());
  return Judgement::Of(v1::OUTCOME_APPLIED);
}

Judgement MergeRename(PartitionState& state, const Arriving& arriving,
                      const study::Definition& definition) {
  const v1::Rename& rename = arriving.change->rename();
  if (!CheckLabel(rename.label()).ok()) return Judgement::Refused(v1::REASON_VALUE_INVALID);
  const ChangeId birth = *ChangeId::From(rename.birth());
  const v1::ItemWrite label = LabelWrite(rename.label());
  Judgement judgement = MergeLabel(state, arriving, definition, LabelRecord(birth), label);
  FollowLabel(state, arriving, birth);
  return judgement;
}

void FollowLabel(PartitionState& state, const Arriving& arriving, const ChangeId& birth) {
  std::optional<v1::BirthRow> row = state.tables().Birth(birth);
  const v1::CellRow* cell = FindCell(state.Record(LabelRecord(birth)), kLabelItem);
  if (!row || cell == nullptr || cell->values().empty()) return;
  const std::string before = row->label();
  const std::string& after = cell->values(0).value().text();
  if (before == after) return;
  row->set_label(after);
  state.PutBirth(birth, *row);
  ListClashes(state, arriving, row->kind(), row->parent(), before);
  ListClashes(state, arriving, row->kind(), row->parent(), after);
}

Judgement MergeSameThing(PartitionState& state, const Arriving& arriving,
                         const study::Definition& definition) {
  const v1::SameThing& same = arriving.change->same_thing();
  const ChangeId birth = *ChangeId::From(same.birth());
  const ChangeId other = *ChangeId::From(same.other());
  std::optional<v1::BirthRow> row = state.tables().Birth(other);
  const std::optional<v1::BirthRow> first = state.tables().Birth(birth);
  if (!row || !first || birth == other || first->kind() != row->kind()) {
    return Judgement::Refused(v1::REASON_CHANGE_INVALID);
  }
  if (row->same_as() == same.birth() || first->same_as() == same.other()) {
    return Judgement::Of(v1::OUTCOME_AGREED, v1::REASON_NOTHING_TO_DO);
  }
  if (arriving.from_centre) {
    ListWrite(state, arriving, state.Record(LabelRecord(other)), {kLabelItem, {}}, definition,
              v1::DISCREPANCY_KIND_PROPOSAL, v1::DISCREPANCY_STATE_OPEN);
    return Judgement::Of(v1::OUTCOME_PROPOSED);
  }
  row->set_same_as(same.birth());
  state.PutBirth(other, *row);
  CloseDiscrepancy(state, {other, v1::DISCREPANCY_KIND_LABEL, 0}, arriving);
  CloseProposals(state, arriving);
  ListClashes(state, arriving, row->kind(), row->parent(), row->label());
  return Judgement::Of(v1::OUTCOME_APPLIED);
}

}  // namespace trialsync::sync
