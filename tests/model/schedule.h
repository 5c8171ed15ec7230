// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_MODEL_SCHEDULE_H_
#define TRIALSYNC_TESTS_MODEL_SCHEDULE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/model/rules.h"

// Random schedules: two replicas of one site and one of the centre, whose people look at what their
// replica shows and act, while changes and commits travel. After every commit the ground truth
// (truth.h) is asked; at the end all is delivered, and every replica must show what the centre has.
// One seed gives one schedule, for ever.
namespace trialsync::model {

// What a schedule is mostly about; each kind has its own weights (schedule_kinds.cc).
enum class ScheduleKind {
  kPlain,       // edits by people who have just looked
  kStaleForms,  // forms opened earlier and saved later, two replicas
  kHeld,        // versions that are not known yet, signatures, settlements, acts that come too late
  kDecisions,   // disputes and proposals decided at two places
  kBirths,      // births under one label, renames, edits of what is born
  kMarks,       // locks, freezes, signatures, voids
  kVersions,    // three definitions, one item split, activation and retirement
};

// All kinds, in the order above.
const std::vector<ScheduleKind>& ScheduleKinds();

// "plain", "stale_forms", "held", "decisions", "births", "marks", "versions".
std::string Name(ScheduleKind kind);

// The kind of that name; nothing if there is none.
std::optional<ScheduleKind> KindNamed(const std::string& name);

struct ScheduleReport {
  std::string failure;     // empty: everything held
  std::string transcript;  // readable lines, where a trace was asked for
  int commits = 0;
  int disputes = 0;
  int predicted_disputes = 0;  // see Truth::predicted_disputes
};

// Runs the schedule `seed` of `kind` under `rules`.
ScheduleReport RunSchedule(ScheduleKind kind, std::uint64_t seed, const Rules& rules, bool trace);

}  // namespace trialsync::model

#endif  // TRIALSYNC_TESTS_MODEL_SCHEDULE_H_
