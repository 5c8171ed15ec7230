// SPDX-License-Identifier: Apache-2.0
#include "sync/version_rules.h"

#include "proto/check.h"
#include "sync/stored_change.h"
#include "sync/told.h"

namespace trialsync::sync {
namespace {

bool NumberTaken(PartitionState& state, const v1::VersionReference& version) {
  for (const v1::VersionRow& row : state.Versions()) {
    if (row.published_here() && row.version().number() == version.number() &&
        row.version().sha256() != version.sha256()) {
      return true;
    }
  }
  return false;
}

Judgement Enrol(PartitionState& state, const Arriving& arriving) {
  const auto replica = ReplicaId::From(arriving.change->replica_enrolment().replica());
  if (!replica) return Judgement::Refused(v1::REASON_CHANGE_INVALID);
  if (state.tables().Enrolled(*replica)) {
    return Judgement::Of(v1::OUTCOME_AGREED, v1::REASON_NOTHING_TO_DO);
  }
  state.tables().PutEnrolled(*replica, arriving.effect_number);
  state.ForgetEnrolments();
  return Judgement::Of(v1::OUTCOME_APPLIED);
}

// What a branch that was taken off knew of positions, and what it had told of changes that are here.
Judgement NoteTakenOff(PartitionState& state, const Arriving& arriving) {
  const v1::EpochRecord& record = arriving.change->epoch_record();
  for (const v1::EpochBeginning& beginning : record.epochs()) state.branches().Note(beginning);
  for (const v1::TakenOff& commit : record.commits()) {
    state.tables().PutTakenOff(commit);
    state.NoteTakenOff();
  }
  for (const v1::TakenOff& commit : record.commits()) {
    const std::optional<ChangeId> id = ChangeId::From(commit.change());
    const auto here = id ? FindChange(state.tables(), *id) : std::nullopt;
    if (!here) continue;
    ListContradicted(state, *id, here->change, arriving.effect_number, arriving.received_time_us);
  }
  return Judgement::Of(v1::OUTCOME_APPLIED);
}

}  // namespace

Judgement MergeCentreAct(PartitionState& state, const Arriving& arriving) {
  const v1::Change& change = *arriving.change;
  if (change.has_replica_enrolment()) return Enrol(state, arriving);
  if (change.has_epoch_record()) return NoteTakenOff(state, arriving);
  const v1::VersionReference& version =
      change.has_version_publication() ? change.version_publication().version()
      : change.has_version_activation() ? change.version_activation().version()
                                        : change.version_retirement().version();
  if (version.number() == 0 || version.sha256().size() != Sha256::kBytes) {
    return Judgement::Refused(v1::REASON_CHANGE_INVALID);
  }
  const v1::VersionRow* const known = state.Version(version);
  v1::VersionRow row = known == nullptr ? v1::VersionRow() : *known;
  *row.mutable_version() = version;
  if (change.has_version_publication()) {
    if (NumberTaken(state, version)) return Judgement::Held(v1::REASON_CONTENT_DIFFERS);
    row.set_published_here(true);
  } else if (change.has_version_activation()) {
    row.add_activated(arriving.effect_number);
  } else {
    TS_CHECK(change.has_version_retirement());
    row.add_retired(arriving.effect_number);
  }
  state.PutVersion(row);
  return Judgement::Of(v1::OUTCOME_APPLIED);
}

}  // namespace trialsync::sync
