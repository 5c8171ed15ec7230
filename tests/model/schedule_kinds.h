// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_MODEL_SCHEDULE_KINDS_H_
#define TRIALSYNC_TESTS_MODEL_SCHEDULE_KINDS_H_

#include <utility>
#include <vector>

#include "tests/model/schedule.h"
#include "tests/model/study.h"

namespace trialsync::model {

enum class Step {
  kEdit,      // look and save
  kOpenForm,  // look
  kSaveForm,  // save what was looked at before
  kDeliver,   // the centre commits one change
  kReceive,   // a replica receives commits
  kResend,    // a change arrives a second time
  kComplete,
  kVerify,
  kSign,
  kFreeze,
  kLock,
  kUnlock,
  kVoid,
  kReinstate,
  kDecide,
  kSettle,
  kBirth,
  kRename,
  kSame,
  kEditBorn,  // edit a form that was born
  kPublish,
  kActivate,
  kRetire,
};

// The weights and the material of one kind.
struct ScheduleSetting {
  std::vector<std::pair<Step, int>> weights;
  std::vector<Item> items;  // lineage roots; one listed twice is chosen twice as often
  int steps_min = 8;
  int steps_max = 18;
  int odd_version_percent = 0;  // how often somebody works under a version that he should not
  int hearsay_percent = 0;      // how often somebody names what his replica does not hold
  int early_percent = 0;  // how often version 2 is active everywhere before the centre knows it
};

const ScheduleSetting& SettingOf(ScheduleKind kind);

// Items 1 (site), 2 (site, latest), 3 (centre) and 10 (site; split into 11 and 12 by version 2).
const Study& ScheduleStudy();

}  // namespace trialsync::model

#endif  // TRIALSYNC_TESTS_MODEL_SCHEDULE_KINDS_H_
