// SPDX-License-Identifier: Apache-2.0
#include "sync/act_rules.h"

#include <algorithm>

#include "sync/record.h"

namespace trialsync::sync {
namespace {

bool Ends(v1::RecordActKind ending, v1::RecordActKind kind) {
  if (ending == v1::RECORD_ACT_KIND_REINSTATE) return kind == v1::RECORD_ACT_KIND_VOID;
  return ending == v1::RECORD_ACT_KIND_UNLOCK &&
         (kind == v1::RECORD_ACT_KIND_LOCK || kind == v1::RECORD_ACT_KIND_FREEZE);
}

Judgement EndActs(PartitionState& state, const Arriving& arriving, v1::RecordActKind ending) {
  const v1::RecordState& record = state.Record(arriving.change->record());
  bool any = false;
  for (const v1::ActRow& act : record.acts()) {
    if (!Ends(ending, act.kind())) continue;
    any = true;
    if (!HasSeen(arriving, act.by(), ChainOf(record, act.by()))) {
      return Judgement::Held(v1::REASON_NOT_SEEN);
    }
  }
  if (!any) return Judgement::Of(v1::OUTCOME_AGREED, v1::REASON_NOTHING_TO_DO);
  auto* acts = state.MutableRecord(arriving.change->record()).mutable_acts();
  acts->erase(std::remove_if(acts->begin(), acts->end(),
                             [&](const v1::ActRow& act) { return Ends(ending, act.kind()); }),
              acts->end());
  return Judgement::Of(v1::OUTCOME_APPLIED);
}

}  // namespace

Judgement MergeAct(PartitionState& state, const Arriving& arriving) {
  const v1::RecordAct& act = arriving.change->act();
  const v1::RecordState& record = state.Record(arriving.change->record());
  const bool voided = FindAct(record, v1::RECORD_ACT_KIND_VOID) != nullptr;
  if (voided && act.kind() != v1::RECORD_ACT_KIND_REINSTATE) {
    return Judgement::Held(v1::REASON_RECORD_VOIDED);
  }
  if (IsLocked(record) && act.kind() == v1::RECORD_ACT_KIND_VOID) {
    return Judgement::Held(v1::REASON_RECORD_LOCKED,
                           {.change = std::nullopt,
                            .version = std::nullopt,
                            .record_key = storage::RecordKeyBytes(record.key())});
  }
  if (act.covers() != ContentDigest(record).view()) {
    return Judgement::Held(v1::REASON_CONTENT_DIFFERS);
  }
  switch (act.kind()) {
    case v1::RECORD_ACT_KIND_UNLOCK:
    case v1::RECORD_ACT_KIND_REINSTATE:
      return EndActs(state, arriving, act.kind());
    case v1::RECORD_ACT_KIND_COMPLETE:
    case v1::RECORD_ACT_KIND_VERIFY:
    case v1::RECORD_ACT_KIND_SIGN:
    case v1::RECORD_ACT_KIND_FREEZE:
    case v1::RECORD_ACT_KIND_LOCK:
    case v1::RECORD_ACT_KIND_VOID: {
      v1::RecordState& changed = state.MutableRecord(arriving.change->record());
      v1::ActRow row;
      row.set_kind(act.kind());
      *row.mutable_by() = WriterOf(arriving, changed);
      *changed.add_acts() = row;
      return Judgement::Of(v1::OUTCOME_APPLIED);
    }
    default:
      return Judgement::Refused(v1::REASON_CHANGE_INVALID);
  }
}

}  // namespace trialsync::sync
