// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_MODEL_RECOVERY_SCHEDULE_H_
#define TRIALSYNC_TESTS_MODEL_RECOVERY_SCHEDULE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/model/recovery/rules.h"

// Random schedules of people who work, of links that come and go, and of stores that are copied
// and put back. After every commit, and when all is quiet, the ground truth is asked: sets of
// changes that each store was given, kept beside it. One seed gives one schedule, for ever.
namespace trialsync::model::recovery {

enum class Step {
  kWrite,  // somebody at a site writes
  kWriteAtCentre,
  kConnect,      // Hello
  kSend,         // a batch arrives
  kReceive,      // a frame arrives
  kCut,          // a session ends
  kKeepSite,     // an image of a site's store is taken
  kRestoreSite,  // a site's store is put back, and nobody notices
  kRestoreSiteMarked,
  kCopySite,    // a site's store is copied to another machine, which goes to work
  kBecome,      // the command for a copy
  kKeepCentre,  // an image of the coordinator's store is taken
  kRestoreCentre,
  kWipeCentre,
  kRestoreCentreUnmarked,  // nobody notices: against the rules of operation
  kLie,                    // a site claims a log that nobody signed
};

// What a kind of schedule is made of.
struct Setting {
  const char* name;
  std::vector<std::pair<Step, int>> weights;
  int sites = 2;
  int centre_rollbacks_max = 0;
  int waiting_percent = 5;  // how often a change names another that is not there yet
  int steps_min = 20;
  int steps_max = 60;
};

const std::vector<Setting>& Settings();

struct ScheduleReport {
  std::string failure;     // empty: everything held
  std::string transcript;  // readable lines, where a trace was asked for
  int commits = 0;
  int stamped_again = 0;  // outboxes that got new stamps
  int refills = 0;
  int rewinds = 0;
  int committed_again = 0;
  int contradicted = 0;  // changes whose outcome became another one
  bool stopped = false;  // two checkpoints of one epoch contradicted each other
};

// Runs the schedule `seed` of `setting` under `rules`.
ScheduleReport RunSchedule(const Setting& setting, std::uint64_t seed, const Rules& rules,
                           bool trace);

}  // namespace trialsync::model::recovery

#endif  // TRIALSYNC_TESTS_MODEL_RECOVERY_SCHEDULE_H_
