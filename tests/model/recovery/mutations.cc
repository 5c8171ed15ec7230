// SPDX-License-Identifier: Apache-2.0
#include "tests/model/recovery/mutations.h"

namespace trialsync::model::recovery {

const std::vector<Mutation>& Mutations() {
  static const auto& mutations = *new std::vector<Mutation>{
      {"base_is_a_number", &Rules::base_is_a_number, "centre_wiped_and_restored"},
      {"chain_ends_at_incarnation", &Rules::chain_ends_at_incarnation, "site_copied_and_restored"},
      {"welcome_compares_length_only", &Rules::welcome_compares_length_only,
       "site_restored_waiting"},
      {"batch_ignores_predecessor", &Rules::batch_ignores_predecessor, "all_at_once"},
      {"batch_ignores_known_ids", &Rules::batch_ignores_known_ids, "site_copied_and_restored"},
      {"doubt_pulls_nothing", &Rules::doubt_pulls_nothing, "site_restored_knowing"},
      {"doubt_stamps_nothing_again", &Rules::doubt_stamps_nothing_again, "site_restored_waiting"},
      {"again_loses_outbox", &Rules::again_loses_outbox, "site_restored_waiting"},
      {"again_keeps_incarnation", &Rules::again_keeps_incarnation, "site_restored_waiting"},
      {"again_behind_centres_end", &Rules::again_behind_centres_end, "site_restored_waiting"},
      {"again_behind_nothing", &Rules::again_behind_nothing, "site_copied_and_restored"},
      {"again_raises_base", &Rules::again_raises_base, "site_restored_waiting"},
      {"copy_keeps_its_name", &Rules::copy_keeps_its_name, nullptr},
      {"restart_keeps_epoch", &Rules::restart_keeps_epoch, "centre_restored_twice"},
      {"restart_keeps_incarnation", &Rules::restart_keeps_incarnation, nullptr},
      {"refill_keeps_epoch", &Rules::refill_keeps_epoch, "centre_restored_twice"},
      {"refill_keeps_incarnation", &Rules::refill_keeps_incarnation, "centre_restored_waiting"},
      {"claim_needs_no_signature", &Rules::claim_needs_no_signature, "liar"},
      {"contradiction_is_a_fork", &Rules::contradiction_is_a_fork,
       "centre_restored_unmarked_and_marked"},
      {"records_may_contradict", &Rules::records_may_contradict,
       "centre_restored_unmarked_and_marked"},
      {"own_branch_is_kept", &Rules::own_branch_is_kept, "centre_restored_twice"},
      {"sites_branch_is_kept", &Rules::sites_branch_is_kept, "centre_wiped_and_restored"},
      {"newer_epoch_is_kept", &Rules::newer_epoch_is_kept, "both_restored_site_copied"},
      {"tie_keeps_own", &Rules::tie_keeps_own, "centre_restored_twice"},
      {"own_commits_not_again", &Rules::own_commits_not_again, "centre_restored_twice"},
      {"sites_commits_not_again", &Rules::sites_commits_not_again, "centre_wiped_and_restored"},
      {"again_in_reverse", &Rules::again_in_reverse, "all_at_once"},
      {"again_under_same_stamp", &Rules::again_under_same_stamp, "all_at_once"},
      {"again_behind_declared_place", &Rules::again_behind_declared_place, "centre_restored_twice"},
      {"record_forgets_epochs", &Rules::record_forgets_epochs, "centre_restored_waiting"},
      {"record_forgets_what_came_back", &Rules::record_forgets_what_came_back,
       "centre_restored_waiting"},
      {"record_forgets_admissions", &Rules::record_forgets_admissions, "centre_restored_waiting"},
      {"record_forgets_older_records", &Rules::record_forgets_older_records,
       "centre_restored_thrice"},
      {"record_forgets_outcomes", &Rules::record_forgets_outcomes, "centre_wiped_and_restored"},
      {"record_names_commit_not_effect", &Rules::record_names_commit_not_effect,
       "centre_wiped_and_restored"},
      {"sessions_outlive_refill", &Rules::sessions_outlive_refill, "centre_restored_acting"},
      {"rewind_then_pull", &Rules::rewind_then_pull, "all_at_once"},
      {"rewind_of_unknown", &Rules::rewind_of_unknown, "centre_restored_acting"},
      {"rewind_before_all_is_back", &Rules::rewind_before_all_is_back, "all_at_once"},
      {"rewind_unchecked", &Rules::rewind_unchecked, "centre_restored_unmarked_and_marked"},
  };
  return mutations;
}

Rules Broken(const std::string& name) {
  Rules rules;
  for (const Mutation& mutation : Mutations()) {
    if (name == mutation.name) rules.*mutation.broken = true;
  }
  return rules;
}

const Setting& SettingNamed(const std::string& name) {
  for (const Setting& setting : Settings()) {
    if (name == setting.name) return setting;
  }
  return Settings().front();
}

}  // namespace trialsync::model::recovery
