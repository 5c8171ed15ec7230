// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_MODEL_RULES_H_
#define TRIALSYNC_TESTS_MODEL_RULES_H_

namespace trialsync::model {

// Ways to break one clause of the rules on purpose. All false: the rules as they are meant. Each
// switch is tried by mutation_test.cc, which fails if the random schedules do not notice it;
// Mutations() in mutations.h says for each which sentence it breaks. Switches marked (refuted) are
// readings that were once meant as the rule.
struct Rules {
  // §1: what the replica checks.
  bool duplicate_is_committed_again = false;
  bool etag_missing = false;
  bool etag_names_values = false;
  bool etag_ignores_marks = false;
  bool etag_ignores_pending = false;  // (refuted)

  // §2: seen.
  bool seen_uses_less_than = false;
  bool seen_ignores_base = false;
  bool seen_all_that_is_committed = false;
  bool seen_ignores_own_chain = false;
  bool seen_later_own_chain = false;
  bool seen_by_commit_not_by_effect = false;
  bool seen_needs_all_writers = false;
  bool seen_needs_first_writer = false;

  // §2: the table, row by row.
  bool row1_ignores_lock = false;
  bool row1_ignores_freeze = false;
  bool row1_ignores_void = false;
  bool row1_ignores_unseen_signature = false;
  bool row1_holds_on_seen_signature = false;
  bool row1_asks_whether_lock_was_seen = false;
  bool row2_missing = false;
  bool row2_adds_no_writer = false;
  bool row2_replaces_writers = false;
  bool row2_unseen_decision_gets_writer = false;
  bool row2_after_row4 = false;
  bool row3_missing = false;
  bool row3_before_row2 = false;
  bool row3_not_for_empty = false;
  bool row4_not_for_empty = false;
  bool row4_keeps_writers = false;
  bool row4_missing = false;
  bool row5_missing = false;
  bool row5_after_row4 = false;  // (refuted)
  bool row6_missing = false;
  bool row6_lists_nothing = false;
  bool row6_over_decision = false;
  bool row6_for_all_items = false;
  bool row7_applies = false;
  bool row7_lists_nothing = false;
  bool row7_replaces_value = false;
  bool record_judged_as_one_item = false;

  // §2: decisions.
  bool edit_closes_disputes = false;
  bool decision_ignores_row1 = false;
  bool decision_of_other_side_applied = false;
  bool decision_of_other_side_agreed = false;
  bool decision_overtakes_uncommitted = false;
  bool decision_overtakes_held = false;
  bool decision_on_settled_applied = false;
  bool decision_on_settled_always_disputed = false;
  bool decision_on_settled_closes_rest = false;
  bool decision_without_dispute_is_settled = false;
  bool decision_without_dispute_seen_always = false;
  bool decision_adds_writer = false;
  bool decision_is_an_edit = false;
  bool decision_applied_unseen = false;
  bool decision_uses_latest = false;
  bool decision_closes_unlisted = false;
  bool decision_closes_nothing = false;
  bool decision_disputed_closes = false;
  bool decision_agreed_only_adds_writer = false;  // (refuted)
  bool decline_writes_nothing_and_closes_nothing = false;
  bool decline_of_other_side_closes = false;

  // §3: births.
  bool births_merge_by_label = false;
  bool later_birth_shows_plain_label = false;
  bool rename_leaves_discrepancy = false;
  bool same_leaves_discrepancy = false;
  bool same_leaves_proposal = false;
  bool label_clash_lists_nothing = false;
  bool names_of_held_ignored = false;
  bool names_of_refused_ignored = false;
  bool names_of_refused_held = false;

  // §4: acts.
  bool act_ignores_digest = false;
  bool unlock_ends_unseen_lock = false;
  bool unlock_ends_nothing = false;
  bool unlock_leaves_freeze = false;
  bool reinstate_ends_unseen_void = false;
  bool act_on_voided_applied = false;
  bool void_of_locked_applied = false;
  bool sign_of_locked_held = false;
  bool edit_keeps_signature = false;
  bool edit_keeps_reviews = false;
  bool agreed_ends_signature = false;

  // §5: admission.
  bool admit_out_of_order = false;
  bool admit_nothing_after_unlock = false;
  bool admit_nothing_after_signature = false;
  bool admit_all_after_void = false;
  bool admit_nothing_after_publish = false;
  bool admitted_sees_everything = false;
  bool settlement_by_anyone = false;
  bool settlement_admits_nothing = false;
  bool settlement_never_dismisses = false;
  bool settlement_of_settled_judges_again = false;

  // §6: versions.
  bool version_unknown_refused = false;
  bool version_unknown_accepted = false;
  bool version_inactive_accepted = false;
  bool version_retired_accepted = false;
  bool version_as_of_merge = false;
  bool version_own_chain_counts = false;
  bool version_by_number = false;
  bool version_two_hashes_accepted = false;
  bool item_of_other_version_accepted = false;
  bool split_judged_per_item = false;
  bool split_compared_as_text = false;
  bool split_undecided_is_equal = false;
  bool split_old_edit_keeps_pieces = false;
  bool split_new_edit_drops_pieces = false;
  bool split_part_agreed_becomes_writer = false;  // (refuted)
};

}  // namespace trialsync::model

#endif  // TRIALSYNC_TESTS_MODEL_RULES_H_
