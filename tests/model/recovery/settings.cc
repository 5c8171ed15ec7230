// SPDX-License-Identifier: Apache-2.0
#include "tests/model/recovery/schedule.h"

namespace trialsync::model::recovery {
namespace {

using Weights = std::vector<std::pair<Step, int>>;

// Everybody works, and changes and commits travel.
Weights Working(Weights more) {
  Weights weights{{Step::kWrite, 26}, {Step::kWriteAtCentre, 2}, {Step::kConnect, 14},
                  {Step::kSend, 16},  {Step::kReceive, 16},      {Step::kCut, 3}};
  weights.insert(weights.end(), more.begin(), more.end());
  return weights;
}

const Weights kSiteBack{
    {Step::kKeepSite, 5}, {Step::kRestoreSite, 4}, {Step::kRestoreSiteMarked, 1}};
const Weights kCentreBack{{Step::kKeepCentre, 5}, {Step::kRestoreCentre, 4}};

Weights With(Weights weights, const Weights& more) {
  weights.insert(weights.end(), more.begin(), more.end());
  return weights;
}

}  // namespace

const std::vector<Setting>& Settings() {
  static const auto& settings = *new std::vector<Setting>{
      {"nothing_fails", Working({}), 3, 0, 10},
      // Part 2.
      {"site_restored", Working(kSiteBack), 2},
      {"site_restored_knowing", Working({{Step::kKeepSite, 5}, {Step::kRestoreSiteMarked, 5}}), 2},
      {"site_reset_every_night", Working({{Step::kKeepSite, 1}, {Step::kRestoreSite, 8}}), 2},
      {"site_restored_waiting", Working(kSiteBack), 3, 0, 30},
      {"site_copied", Working({{Step::kCopySite, 4}, {Step::kBecome, 3}}), 2},
      {"site_copied_and_restored",
       Working(With(kSiteBack, {{Step::kCopySite, 3}, {Step::kBecome, 3}})), 2},
      // Part 3.
      {"centre_restored_once", Working(kCentreBack), 3, 1},
      {"centre_restored_twice", Working(kCentreBack), 3, 2},
      {"centre_restored_thrice", Working(kCentreBack), 3, 3},
      {"centre_restored_waiting", Working(kCentreBack), 3, 2, 30},
      {"centre_restored_acting", Working(With(kCentreBack, {{Step::kWriteAtCentre, 12}})), 2, 3},
      {"centre_wiped", Working({{Step::kWipeCentre, 3}}), 3, 2},
      {"centre_wiped_and_restored", Working(With(kCentreBack, {{Step::kWipeCentre, 2}})), 3, 3},
      {"both_restored", Working(With(kSiteBack, kCentreBack)), 3, 2},
      {"both_restored_thrice", Working(With(kSiteBack, kCentreBack)), 3, 3},
      {"both_restored_waiting", Working(With(kSiteBack, kCentreBack)), 3, 3, 30},
      {"both_restored_site_copied",
       Working(With(With(kSiteBack, kCentreBack), {{Step::kCopySite, 3}, {Step::kBecome, 3}})), 2,
       3},
      {"all_at_once",
       Working(With(With(kSiteBack, kCentreBack), {{Step::kCopySite, 2},
                                                   {Step::kBecome, 2},
                                                   {Step::kWipeCentre, 1},
                                                   {Step::kWriteAtCentre, 4},
                                                   {Step::kLie, 1}})),
       3, 3, 15, 40, 90},
      {"liar", Working({{Step::kLie, 6}}), 2},
      {"centre_restored_unmarked",
       Working({{Step::kKeepCentre, 5}, {Step::kRestoreCentreUnmarked, 4}}), 3, 1},
      {"centre_restored_unmarked_and_marked",
       Working(With(kCentreBack, {{Step::kRestoreCentreUnmarked, 4}})), 3, 3},
  };
  return settings;
}

}  // namespace trialsync::model::recovery
