// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_DECISION_PLAN_H_
#define TRIALSYNC_SYNC_DECISION_PLAN_H_

#include <optional>

#include "study/definition.h"
#include "sync/author_common.h"

namespace trialsync::sync {

// What a person's settlement of a dispute or proposal comes to.
struct DecisionPlan {
  v1::Decision decision;
  // Of the values decided, those that stay at the hospital.
  KeptValues kept;
  // For a proposal that two births are the same: this side's own word, which closes it. There is no
  // decision then.
  std::optional<v1::SameThing> same_thing;
};

// Plans the decision on the open dispute or proposal `id`. It lists every dispute and proposal open
// on the lineage, for the person was shown all their values; only declining lists the one declined.
// INVALID_ARGUMENT for a value that is none or an alternative that is not there;
// FAILED_PRECONDITION for values that cannot be written under `definition`.
absl::StatusOr<DecisionPlan> PlanDecision(Desk& desk, const v1::SettleDiscrepancyRequest& request,
                                          const storage::DiscrepancyId& id,
                                          const v1::DiscrepancyRow& row,
                                          const study::Definition& definition);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_DECISION_PLAN_H_
