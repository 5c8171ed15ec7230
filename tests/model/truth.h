// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_MODEL_TRUTH_H_
#define TRIALSYNC_TESTS_MODEL_TRUTH_H_

#include <bitset>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/model/partition.h"

// The ground truth of a schedule: who had what in front of him, kept as explicit sets of changes.
// It asks neither a base nor a chain, and judges what the model says by what a person would call a
// missed or a false conflict.
namespace trialsync::model {

inline constexpr std::size_t kChangesMax = 64;
using Changes = std::bitset<kChangesMax>;

// The place of a change in the order of authoring: the number in its id, "A7" -> 7.
std::size_t IndexOf(const ChangeId& id);

// What somebody has in front of him.
struct Knowledge {
  Changes seen;  // changes whose effect had reached his replica, and all that was made there before
  std::set<Version> activated;
  std::set<Version> retired;

  // A commit reaches the replica.
  void Learn(const Change& committed, const CommitResult& result);
};

// Judges every commit of one schedule. Follows the model's outcomes, not its state: what stands,
// who said it, what is in force and what is open is kept here apart, and compared.
class Truth {
 public:
  explicit Truth(const Study& study) : study_(study) {}

  // Somebody made `change` with `knowledge` in front of him. `shown_writers` are the writers that
  // his view named for what he writes; they serve statistics only.
  void Authored(const Change& change, const Knowledge& knowledge,
                const std::vector<ChangeId>& shown_writers);

  // The centre committed a new change. Returns false when something is wrong: see failure().
  bool Committed(const Partition& centre, const CommitResult& result);

  // Everything is delivered.
  bool Quiet(const Partition& centre);

  const std::string& failure() const { return failure_; }

  // Disputes whose author had the disputed value in front of him only because his own outbox
  // admitted it in his view.
  int predicted_disputes() const { return predicted_disputes_; }

 private:
  enum class Status { kUncommitted, kHeld, kRefused, kSettled };
  struct Authorship {
    Change change;
    Knowledge knowledge;
    Changes shown;
    std::string replica;
    Status status = Status::kUncommitted;
    Wait wait;
    std::int64_t number = 0;
  };
  struct ShadowCell {
    std::map<Item, std::pair<Value, std::int64_t>> content;  // with the version's number
    std::map<Item, Changes> leaf_sayers;                     // by newest item
    Changes sayers;
    Changes effects;
    bool decided = false;
  };
  struct ShadowRecord {
    std::map<Item, ShadowCell> cells;
    Changes locks, freezes, voids, signatures, reviews;
  };
  struct ShadowDiscrepancy {
    DiscrepancyKind kind;
    Changes against;
    bool open;
  };
  struct ShadowThing {
    std::size_t index;
    std::string key;
    std::string label;
  };
  using Leaves = std::map<Item, std::optional<Value>>;

  void Require(bool holds, const char* sentence, const ChangeId& id);

  // truth.cc: one commit.
  void Check(const Judgement& judgement);
  bool CheckGate(Authorship& author, const Judgement& judgement);
  void CheckHeldReason(const Authorship& author, const Judgement& judgement);
  bool Released(const Authorship& author) const;
  std::optional<std::size_t> NextReleased() const;
  void CheckState(const Partition& centre);
  void CheckDiscrepancies(const Partition& centre);
  void CheckLabels(const Partition& centre);

  // truth_merge.cc: edits and decisions.
  void CheckWrites(Authorship& author, const Judgement& judgement, const std::string& record,
                   const std::map<Item, Value>& writes);
  void CheckEditCell(const Authorship& author, const std::string& record, Item root,
                     const std::map<Item, Value>& values, Outcome outcome);
  void CheckDecision(const Authorship& author, const Decision& decision,
                     const Judgement& judgement);
  Outcome ExpectedDecision(const Authorship& author, const Decision& decision, Item root);
  void Applied(const Authorship& author, const std::string& record, Item root,
               const std::map<Item, Value>& values, bool decision);
  void Agreed(const Authorship& author, const std::string& record, Item root,
              const std::map<Item, Value>& values, bool decision);
  void List(const Authorship& author, Item root, DiscrepancyKind kind, const ShadowCell& cell);
  bool OwnLater(const Authorship& author, const ShadowCell& cell) const;
  bool Equal(const ShadowCell& cell, Item root, const std::map<Item, Value>& values,
             std::int64_t number) const;
  Leaves LeavesOf(Item root, const std::map<Item, Value>& content) const;
  Side OwnerOf(Item item) const;

  // truth_acts.cc: acts, settlements, births and versions.
  void CheckAct(const Authorship& author, const Act& act, const Judgement& judgement);
  void CheckSettlement(const Authorship& author, const Settlement& settlement,
                       const Judgement& judgement);
  void CheckBirth(const Authorship& author, const Birth& birth, const Judgement& judgement);
  void CheckSame(const Authorship& author, const Same& same, const Judgement& judgement);
  void CheckPublish(const Authorship& author, const Publish& publish, const Judgement& judgement);
  std::string DigestOf(const ShadowRecord& record) const;

  Study study_;
  std::string failure_;
  std::vector<Authorship> authored_;
  std::map<std::string, ShadowRecord> records_;
  std::map<DiscrepancyId, ShadowDiscrepancy> discrepancies_;
  std::vector<ShadowThing> things_;
  std::set<std::pair<ChangeId, ChangeId>> same_;
  // What the other side proposes to be the same, by either order of the two.
  std::map<std::pair<ChangeId, ChangeId>, std::vector<DiscrepancyId>> same_proposed_;
  std::set<Version> published_;
  std::optional<std::pair<std::size_t, bool>>
      settled_next_;  // target of an applied settlement, admit
  std::int64_t commits_ = 0;
  int predicted_disputes_ = 0;
};

}  // namespace trialsync::model

#endif  // TRIALSYNC_TESTS_MODEL_TRUTH_H_
