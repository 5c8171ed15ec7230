// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_MODEL_RECOVERY_RULES_H_
#define TRIALSYNC_TESTS_MODEL_RECOVERY_RULES_H_

namespace trialsync::model::recovery {

// Ways to break one clause of RECOVERY.md on purpose. All false: the rules as they are meant. Each
// switch is tried by mutation_test.cc; Mutations() says where it is found.
struct Rules {
  // Part 1: seen.
  bool base_is_a_number = false;
  bool chain_ends_at_incarnation = false;

  // Part 2: a site went back, or was copied.
  bool welcome_compares_length_only = false;
  bool batch_ignores_predecessor = false;
  bool batch_ignores_known_ids = false;
  bool doubt_pulls_nothing = false;
  bool doubt_stamps_nothing_again = false;
  bool again_loses_outbox = false;
  bool again_keeps_incarnation = false;
  bool again_behind_centres_end = false;
  bool again_behind_nothing = false;
  bool again_raises_base = false;
  bool copy_keeps_its_name = false;

  // Part 3: the coordinator went back.
  bool restart_keeps_epoch = false;
  bool restart_keeps_incarnation = false;
  bool refill_keeps_epoch = false;
  bool refill_keeps_incarnation = false;
  bool claim_needs_no_signature = false;
  bool contradiction_is_a_fork = false;
  bool records_may_contradict = false;
  bool own_branch_is_kept = false;
  bool sites_branch_is_kept = false;
  bool newer_epoch_is_kept = false;
  bool tie_keeps_own = false;
  bool own_commits_not_again = false;
  bool sites_commits_not_again = false;
  bool again_in_reverse = false;
  bool again_under_same_stamp = false;
  bool again_behind_declared_place = false;
  bool record_forgets_epochs = false;
  bool record_forgets_what_came_back = false;
  bool record_forgets_admissions = false;
  bool record_forgets_older_records = false;
  bool record_forgets_outcomes = false;
  bool record_names_commit_not_effect = false;
  bool sessions_outlive_refill = false;
  bool rewind_then_pull = false;
  bool rewind_of_unknown = false;
  bool rewind_before_all_is_back = false;
  bool rewind_unchecked = false;
};

}  // namespace trialsync::model::recovery

#endif  // TRIALSYNC_TESTS_MODEL_RECOVERY_RULES_H_
