// SPDX-License-Identifier: Apache-2.0
#include "sync/replay.h"

#include <algorithm>
#include <set>

#include "proto/check.h"
#include "sync/act_rules.h"
#include "sync/admission.h"
#include "sync/first_entry.h"
#include "sync/identity_rules.h"
#include "sync/query_rules.h"
#include "sync/record.h"
#include "sync/stored_change.h"
#include "sync/told.h"
#include "sync/version_rules.h"
#include "sync/worklist.h"
#include "sync/write_rules.h"

namespace trialsync::sync {
namespace {

int CountSignatures(const v1::RecordState& record) {
  return static_cast<int>(
      std::count_if(record.acts().begin(), record.acts().end(), [](const v1::ActRow& act) {
        return act.kind() == v1::RECORD_ACT_KIND_SIGN;
      }));
}

// Whether two changes of one request say the same, whenever and on whatever base they were made.
bool SameContent(v1::Change a, v1::Change b) {
  for (v1::Change* change : {&a, &b}) {
    change->clear_base();
    change->clear_authored_time();
    change->clear_authored_utc_offset_minutes();
    change->clear_nonce();
    change->clear_version();
  }
  return a.SerializeAsString() == b.SerializeAsString();
}

// One commit while it is being replayed.
class Commit {
 public:
  Commit(PartitionState& state, uint64_t effect_number, int64_t received_time_us, uint64_t epoch)
      : state_(state),
        effect_number_(effect_number),
        received_time_us_(received_time_us),
        epoch_(epoch) {}

  Verdict Begin(const Arriving& arriving) {
    begun_ = &arriving;
    const Judgement judgement = Judge(arriving);
    if (!arriving.change->offers_again().empty()) CloseOffered(arriving);
    Record(arriving, judgement);
    if (judgement.verdict.outcome == v1::OUTCOME_APPLIED) Settle(arriving);
    return judgement.verdict;
  }

  // Judges what was set free, in commit order, until nothing more is.
  std::vector<Admission> AdmitFreed() {
    while (!freed_.empty()) {
      const uint64_t number = *freed_.begin();
      freed_.erase(freed_.begin());
      JudgeAgain(number);
    }
    return std::move(admissions_);
  }

 private:
  Judgement Judge(const Arriving& arriving);
  Judgement Dispatch(const Arriving& arriving, const study::Definition& definition);
  Judgement JudgeSettlement(const Arriving& arriving);
  Judgement JudgeNote(const Arriving& arriving, const StoredChange& target);
  bool MaySettle(const Arriving& settler, const StoredChange& target);
  std::optional<Judgement> JudgeRequest(const Arriving& arriving);
  void Record(const Arriving& arriving, const Judgement& judgement);
  void ListWaiting(const Arriving& arriving, const Judgement& judgement);
  void Free(const storage::Awaited& awaited);
  void Settle(const Arriving& arriving);
  void CloseOffered(const Arriving& arriving);
  void JudgeAgain(uint64_t number);
  void Dismiss(const StoredChange& target, const Arriving& settler);
  Arriving ArrivingOf(const StoredChange& stored) const;
  static StoredChange StoredOf(const Arriving& arriving);
  // Changes of the log, and the one whose commit this is, which is not in it yet: a settlement may
  // have been waiting for it.
  std::optional<StoredChange> Find(const ChangeId& id);
  std::optional<StoredChange> Read(uint64_t number);
  void StopWaiting(const ChangeId& id, const Arriving& closer, bool close);

  PartitionState& state_;
  const uint64_t effect_number_;
  const int64_t received_time_us_;
  const uint64_t epoch_;
  // Set by Begin(); its caller keeps it.
  const Arriving* begun_ = nullptr;
  std::set<uint64_t> freed_;
  std::vector<Admission> admissions_;
};

Judgement Commit::Judge(const Arriving& arriving) {
  if (std::optional<Judgement> judgement = JudgeRequest(arriving)) return *judgement;
  std::shared_ptr<const study::Definition> definition;
  if (std::optional<Judgement> judgement = Admit(state_, arriving, definition)) return *judgement;
  if (definition == nullptr) {
    const Judgement judgement = MergeCentreAct(state_, arriving);
    if (judgement.took_effect() && arriving.change->has_version_publication()) {
      Free({.change = std::nullopt,
            .version = arriving.change->version_publication().version(),
            .record_key = std::nullopt});
    }
    return judgement;
  }
  if (!arriving.change->has_record()) return Dispatch(arriving, *definition);

  const v1::RecordKey& key = arriving.change->record();
  if (!state_.HasRecord(key) && IsFirstEntry(arriving, *definition)) {
    state_.PutFirstEntry(key, arriving.number);
    return Judgement::Of(v1::OUTCOME_APPLIED);
  }
  const v1::RecordState& record = state_.Record(key);
  const int signatures_before = CountSignatures(record);
  const bool locked_before = IsLocked(record);
  Judgement judgement = Dispatch(arriving, *definition);
  const bool hold_ended = CountSignatures(record) < signatures_before ||
                          (locked_before && !IsLocked(record));
  if (hold_ended) {
    Free({.change = std::nullopt,
          .version = std::nullopt,
          .record_key = storage::RecordKeyBytes(key)});
  }
  return judgement;
}

Judgement Commit::Dispatch(const Arriving& arriving, const study::Definition& definition) {
  const v1::Change& change = *arriving.change;
  switch (change.body_case()) {
    case v1::Change::kEdit:
      return MergeEdit(state_, arriving, definition);
    case v1::Change::kAct:
      return MergeAct(state_, arriving);
    case v1::Change::kDecision: {
      Judgement judgement = MergeDecision(state_, arriving, definition);
      if (IsLabelRecord(change.record())) {
        FollowLabel(state_, arriving, *ChangeId::From(change.record().subject()));
      }
      return judgement;
    }
    case v1::Change::kSettlement:
      return JudgeSettlement(arriving);
    case v1::Change::kBirth:
      return MergeBirth(state_, arriving, definition);
    case v1::Change::kRename:
      return MergeRename(state_, arriving, definition);
    case v1::Change::kSameThing:
      return MergeSameThing(state_, arriving, definition);
    case v1::Change::kQueryOpening:
      return MergeQueryOpening(state_, arriving, definition);
    case v1::Change::kQueryAnswer:
    case v1::Change::kQueryClosing:
      return MergeQueryTurn(state_, arriving);
    default:
      return Judgement::Refused(v1::REASON_CHANGE_INVALID);
  }
}

// A request that took effect already: the same content is answered so, other content is refused.
std::optional<Judgement> Commit::JudgeRequest(const Arriving& arriving) {
  const v1::Change& change = *arriving.change;
  if (change.request_id().empty()) return std::nullopt;
  const std::optional<ChangeId> first =
      state_.tables().Request(change.author(), change.request_id());
  if (!first) {
    state_.tables().PutRequest(change.author(), change.request_id(), arriving.id);
    return std::nullopt;
  }
  if (*first == arriving.id) return std::nullopt;
  const std::optional<StoredChange> other = FindChange(state_.tables(), *first);
  if (other && SameContent(other->change, change)) {
    return Judgement::Of(v1::OUTCOME_AGREED, v1::REASON_REQUEST_REPEATED);
  }
  return Judgement::Refused(v1::REASON_REQUEST_REUSED);
}

// Keeps what became of the change, lists it if it waits for a person, and frees what waited for it.
void Commit::Record(const Arriving& arriving, const Judgement& judgement) {
  v1::ChangeRow row;
  row.set_number(arriving.number);
  row.set_epoch(epoch_);
  row.set_outcome(judgement.verdict.outcome);
  row.set_reason(judgement.verdict.reason);
  row.set_effect_number(effect_number_);
  for (const CellVerdict& cell : judgement.verdict.cells) {
    v1::CellOutcome* outcome = row.add_cells();
    outcome->set_lineage(cell.lineage);
    outcome->set_outcome(cell.outcome);
  }
  state_.tables().PutChange(arriving.id, row);
  ListContradicted(state_, arriving.id, *arriving.change, effect_number_, received_time_us_);
  ListWaiting(arriving, judgement);
  Free({.change = arriving.id, .version = std::nullopt, .record_key = std::nullopt});
}

void Commit::ListWaiting(const Arriving& arriving, const Judgement& judgement) {
  const bool held = judgement.verdict.outcome == v1::OUTCOME_HELD;
  if (!held && judgement.verdict.outcome != v1::OUTCOME_REFUSED) return;
  const v1::DiscrepancyKind kind =
      held ? v1::DISCREPANCY_KIND_HELD : v1::DISCREPANCY_KIND_REFUSED;
  v1::DiscrepancyRow row = NewDiscrepancy(kind, arriving);
  row.set_reason(judgement.verdict.reason);
  if (judgement.awaits.change) row.set_awaits_change(judgement.awaits.change->str());
  if (judgement.awaits.version) *row.mutable_awaits_version() = *judgement.awaits.version;
  if (judgement.awaits.record_key) row.set_awaits_record(*judgement.awaits.record_key);
  state_.tables().PutDiscrepancy({arriving.id, kind, 0}, row);
  if (!held) return;
  state_.tables().AddHeld(judgement.awaits, arriving.number);
  state_.NoteHeld();
  if (arriving.change->has_record()) {
    state_.MutableRecord(arriving.change->record()).add_held_changes(arriving.id.str());
  }
}

void Commit::Free(const storage::Awaited& awaited) {
  if (!state_.AnyHeld()) return;
  for (const uint64_t number : state_.tables().Held(awaited)) freed_.insert(number);
}

void Commit::StopWaiting(const ChangeId& id, const Arriving& closer, bool close) {
  const storage::DiscrepancyId held{id, v1::DISCREPANCY_KIND_HELD, 0};
  const std::optional<v1::DiscrepancyRow> row = state_.tables().Discrepancy(held);
  if (!row) return;
  storage::Awaited awaited;
  if (!row->awaits_change().empty()) awaited.change = ChangeId::From(row->awaits_change());
  if (row->has_awaits_version()) awaited.version = row->awaits_version();
  if (!row->awaits_record().empty()) awaited.record_key = row->awaits_record();
  const std::optional<v1::ChangeRow> change = state_.tables().Change(id);
  if (change) state_.tables().RemoveHeld(awaited, change->number());
  if (row->has_record()) {
    auto* held_changes = state_.MutableRecord(row->record()).mutable_held_changes();
    held_changes->erase(std::remove(held_changes->begin(), held_changes->end(), id.view()),
                        held_changes->end());
  }
  if (close) CloseDiscrepancy(state_, held, closer);
}

Arriving Commit::ArrivingOf(const StoredChange& stored) const {
  return {.change = &stored.change,
          .id = stored.id,
          .stamp = stored.stamp,
          .from_centre = stored.from_centre,
          .number = stored.number,
          .effect_number = effect_number_,
          .epoch = epoch_,
          .received_time_us = received_time_us_,
          .ancestry = &state_.ancestry(),
          .branches = &state_.branches()};
}

StoredChange Commit::StoredOf(const Arriving& arriving) {
  return {.id = arriving.id,
          .stamp = arriving.stamp,
          .from_centre = arriving.from_centre,
          .number = arriving.number,
          .epoch = arriving.epoch,
          .received_time_us = arriving.received_time_us,
          .authored = "",
          .change = *arriving.change,
          .previous_of_record = 0};
}

std::optional<StoredChange> Commit::Find(const ChangeId& id) {
  return id == begun_->id ? StoredOf(*begun_) : FindChange(state_.tables(), id);
}

std::optional<StoredChange> Commit::Read(uint64_t number) {
  return number == begun_->number ? StoredOf(*begun_) : ReadChange(state_.tables(), number);
}

void Commit::JudgeAgain(uint64_t number) {
  const std::optional<StoredChange> stored = Read(number);
  if (!stored) return;
  const std::optional<v1::ChangeRow> before = state_.tables().Change(stored->id);
  if (!before || before->outcome() != v1::OUTCOME_HELD) return;
  const Arriving arriving = ArrivingOf(*stored);
  const Judgement judgement = Judge(arriving);
  const bool still_held = judgement.verdict.outcome == v1::OUTCOME_HELD;
  StopWaiting(stored->id, arriving, /*close=*/!still_held);
  if (still_held) {
    ListWaiting(arriving, judgement);
    return;
  }
  Record(arriving, judgement);
  admissions_.push_back({number, judgement.verdict});
  if (judgement.verdict.outcome == v1::OUTCOME_APPLIED) Settle(arriving);
}

// The side that owns one of the items written; for what writes none, the author's own side.
bool Commit::MaySettle(const Arriving& settler, const StoredChange& target) {
  const v1::Change& change = target.change;
  const std::shared_ptr<const study::Definition> definition =
      state_.definitions().Find(change.version());
  std::vector<uint32_t> items;
  const auto& writes = change.has_edit() ? change.edit().writes() : change.decision().writes();
  for (const v1::ItemWrite& write : writes) items.push_back(write.item());
  for (const v1::DisputeReference& closed : change.decision().closes()) {
    items.push_back(closed.lineage());
  }
  if (items.empty() || definition == nullptr) return settler.from_centre == target.from_centre;
  return std::any_of(items.begin(), items.end(), [&](uint32_t item) {
    return (PolicyOf(*definition, item).owner == v1::OWNER_CENTRE) == settler.from_centre;
  });
}

// Somebody takes note of a contradicted receipt.
Judgement Commit::JudgeNote(const Arriving& arriving, const StoredChange& target) {
  const std::optional<v1::DiscrepancyRow> listed =
      state_.tables().Discrepancy({target.id, v1::DISCREPANCY_KIND_CONTRADICTED, 0});
  if (!listed || !IsOpen(*listed)) {
    return Judgement::Of(v1::OUTCOME_AGREED, v1::REASON_NOTHING_TO_DO);
  }
  if (!MaySettle(arriving, target)) return Judgement::Refused(v1::REASON_NOT_PERMITTED);
  return Judgement::Of(v1::OUTCOME_APPLIED);
}

Judgement Commit::JudgeSettlement(const Arriving& arriving) {
  const v1::Settlement& settlement = arriving.change->settlement();
  const std::optional<ChangeId> id = ChangeId::From(settlement.change());
  if (!id || settlement.kind() == v1::SETTLEMENT_KIND_UNSPECIFIED) {
    return Judgement::Refused(v1::REASON_CHANGE_INVALID);
  }
  const std::optional<StoredChange> target = Find(*id);
  if (!target) return Judgement::AwaitsChange(*id);
  if (settlement.kind() == v1::SETTLEMENT_KIND_NOTE) return JudgeNote(arriving, *target);
  const v1::Outcome outcome = state_.tables().Change(*id)->outcome();
  const bool dismisses_refused = outcome == v1::OUTCOME_REFUSED &&
                                 settlement.kind() == v1::SETTLEMENT_KIND_DISMISS;
  if (outcome != v1::OUTCOME_HELD && !dismisses_refused) {
    return Judgement::Of(v1::OUTCOME_AGREED, v1::REASON_NOTHING_TO_DO);
  }
  if (!MaySettle(arriving, *target)) return Judgement::Refused(v1::REASON_NOT_PERMITTED);
  return Judgement::Of(v1::OUTCOME_APPLIED);
}

// What a settlement that was applied does to the change that it is about.
void Commit::Settle(const Arriving& arriving) {
  if (!arriving.change->has_settlement()) return;
  const v1::Settlement& settlement = arriving.change->settlement();
  const std::optional<StoredChange> target = Find(*ChangeId::From(settlement.change()));
  if (!target) return;
  if (settlement.kind() == v1::SETTLEMENT_KIND_NOTE) {
    CloseDiscrepancy(state_, {target->id, v1::DISCREPANCY_KIND_CONTRADICTED, 0}, arriving);
    return;
  }
  CloseDiscrepancy(state_, {target->id, v1::DISCREPANCY_KIND_REFUSED, 0}, arriving);
  if (settlement.kind() == v1::SETTLEMENT_KIND_ADMIT) {
    JudgeAgain(target->number);
  } else {
    Dismiss(*target, arriving);
  }
}

void Commit::Dismiss(const StoredChange& target, const Arriving& settler) {
  std::optional<v1::ChangeRow> row = state_.tables().Change(target.id);
  if (!row || row->outcome() != v1::OUTCOME_HELD) return;
  StopWaiting(target.id, settler, /*close=*/true);
  row->set_outcome(v1::OUTCOME_REFUSED);
  row->set_reason(v1::REASON_DISMISSED);
  row->set_effect_number(effect_number_);
  state_.tables().PutChange(target.id, *row);
  ListContradicted(state_, target.id, target.change, effect_number_, received_time_us_);
  admissions_.push_back(
      {target.number, {v1::OUTCOME_REFUSED, v1::REASON_DISMISSED, {}}});
  Free({.change = target.id, .version = std::nullopt, .record_key = std::nullopt});
}

void Commit::CloseOffered(const Arriving& arriving) {
  if (const auto refused = ChangeId::From(arriving.change->offers_again())) {
    CloseDiscrepancy(state_, {*refused, v1::DISCREPANCY_KIND_REFUSED, 0}, arriving);
  }
}

}  // namespace

CommitEffects Replay(PartitionState& state, const Arriving& arriving) {
  TS_CHECK(arriving.change != nullptr && arriving.number != 0);
  Arriving judged = arriving;
  judged.ancestry = &state.ancestry();
  judged.branches = &state.branches();
  Commit commit(state, arriving.effect_number, arriving.received_time_us, arriving.epoch);
  CommitEffects effects;
  effects.verdict = commit.Begin(judged);
  effects.admissions = commit.AdmitFreed();
  return effects;
}

}  // namespace trialsync::sync
