// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_MODEL_PARTITION_H_
#define TRIALSYNC_TESTS_MODEL_PARTITION_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/model/change.h"
#include "tests/model/rules.h"
#include "tests/model/study.h"

// The reference model: the rules of protocol.md §1 to §6 for one partition, without any
// optimisation. Hold the protocol beside merge.cc (§2), acts.cc (§4, §5) and identity.cc (§3, §6)
// and tick off sentence by sentence.
//
// To compare the product with it: give Commit() the changes in the order in which the coordinator
// committed them, and compare, after each, CommitResult::judged with the receipts, and the queries
// with the stored record. To predict a site's view: copy the partition that holds what the site has
// confirmed, and Commit() its outbox to the copy.
namespace trialsync::model {

enum class Outcome { kApplied, kAgreed, kProposed, kDisputed, kOvertaken, kHeld, kRefused };

// What a held change waits for.
enum class WaitKind {
  kNobody,     // a person repeats or settles it
  kLock,       // the end of the locks and freezes of its record
  kSignature,  // the end of the signatures of its record that its author had not seen
  kVoid,       // a person: it is never admitted by a commit of another
  kChange,     // `change` to be committed, and not held
  kVersion,    // `version` to be published
};

struct Wait {
  WaitKind kind = WaitKind::kNobody;
  ChangeId change;
  Version version;
};

// The key under which a change that is judged as a whole has its outcome: acts, births, declined
// decisions without an item, and every change that is held or refused.
inline constexpr Item kWhole = 0;

// What the merge says of one change. `outcomes` has one entry for each item written (items of one
// lineage have the same), or the one entry kWhole.
struct Judgement {
  ChangeId id;
  std::map<Item, Outcome> outcomes;
  Wait wait;           // where it is held
  std::string reason;  // where it is held or refused: a sentence

  bool Held() const;
  bool Refused() const;

  // The outcome of `item`, or of the whole; nothing if the change did not write it.
  std::optional<Outcome> Of(Item item) const;
};

// One commit of the log.
struct LogEntry {
  Change change;
  Position position;
  Judgement judgement;  // the newest
  Position effect;      // where it was judged and not held; number 0 while it is held
};

// `judged` begins with the change itself (for a repeated id: what stands, and nothing else), then
// what its commit admitted or dismissed, in the order in which that happened. Whoever is admitted
// takes effect at `position`.
struct CommitResult {
  Position position;
  bool repeated = false;
  std::vector<Judgement> judged;
};

// What stands in the items of one lineage. `writers` are the change that wrote it and those that
// said the same.
struct Cell {
  struct Standing {
    Value value;
    std::int64_t number = 0;  // the study version in which it was written
    bool operator==(const Standing&) const = default;
  };
  std::map<Item, Standing> content;  // empty: nothing stands
  std::vector<ChangeId> writers;
  bool decided = false;  // it is a person's decision
};

// An act that marks a record. `ended_by` is the change that ended it; empty while it is in force.
struct Mark {
  ActKind kind = ActKind::kComplete;
  ChangeId by;
  ChangeId ended_by;
};

struct Record {
  std::map<Item, Cell> cells;  // by lineage root
  std::vector<Mark> marks;     // in the order in which they took effect
};

enum class DiscrepancyKind { kDispute, kProposal, kSettledByRule };

// A conflict between `id.challenger` and the writers of the value that stood then (`against`; none
// for a proposal about an empty item). What was settled by rule is listed and never open.
struct Discrepancy {
  DiscrepancyKind kind = DiscrepancyKind::kDispute;
  DiscrepancyId id;
  std::string record;
  std::vector<ChangeId> against;
  bool open = true;
};

// Two births of one parent and kind whose labels are the same.
struct LabelClash {
  ChangeId earlier;
  ChangeId later;
  auto operator<=>(const LabelClash&) const = default;
};

// One partition's log and all that follows from it. A plain value: copies are independent. Not
// thread-safe.
class Partition {
 public:
  explicit Partition(const Study& study, const Rules& rules = {});

  // Appends `change` and judges it and whatever its commit admits. An id that is in the log already
  // changes nothing. The stream's own checks (gaps, enrolment: §5) are not made here.
  CommitResult Commit(const Change& change);

  Position Head() const;
  const std::vector<LogEntry>& Log() const { return log_; }

  // The entry of change `id`, or null.
  const LogEntry* Find(const ChangeId& id) const;

  // Whether `change` has seen the change `writer`, in the sense of §2. A change that has not taken
  // effect is seen by nobody.
  bool Seen(const Change& change, const ChangeId& writer) const;

  // What an item reads as under version `number`; nothing where it is empty or a step cannot
  // decide.
  std::optional<Value> Read(const std::string& record, Item item, std::int64_t number) const;

  // The cell of the item's lineage; an empty cell where nothing was ever written.
  Cell CellOf(const std::string& record, Item item) const;

  // The values of a record as stored, with their versions, such as "1=7@1;10=12/80@1;": what an act
  // covers.
  std::string Digest(const std::string& record) const;

  // Marks of `kinds` in force on the record: the changes that set them, in the order of their
  // effect.
  std::vector<ChangeId> InForce(const std::string& record, const std::set<ActKind>& kinds) const;

  // Every dispute and proposal, open or closed, and what was settled by rule, in the order of their
  // making.
  const std::vector<Discrepancy>& Discrepancies() const { return discrepancies_; }

  // The changes that are held, in commit order.
  std::vector<ChangeId> Held() const;

  // The thing's label as it is shown: with "?2", "?3" where an earlier one has the same; nothing if
  // there is no such thing. Earlier is the one that took effect earlier.
  std::optional<std::string> ShownLabel(const ChangeId& birth) const;

  // What asks a person to rename one of two things, or to say that they are the same.
  std::vector<LabelClash> LabelClashes() const;

  // The record that holds the label of a birth, as item kLabelItem.
  static std::string LabelRecord(const ChangeId& birth);

  // The record whose items `change` writes.
  static std::string RecordOf(const Change& change);

  // Everything above as text: equal for partitions with equal state.
  std::string StateText() const;

 private:
  // What is to be written into one cell.
  struct Write {
    const Change& change;
    const std::string& record;
    Item root;
    std::map<Item, Value> values;
  };
  enum class Listing { kOpen, kSettled, kNone };

  // The log (partition.cc).
  LogEntry* FindMutable(const ChangeId& id);
  void JudgeAt(std::size_t index, CommitResult& result);
  Judgement Judge(const Change& change);
  std::optional<std::size_t> FirstReleased() const;
  bool Released(const LogEntry& entry) const;
  std::map<Item, Outcome> Whole(Outcome outcome) const;
  Judgement Held(const Change& change, Wait wait, std::string reason) const;
  Judgement Refused(const Change& change, std::string reason) const;

  // Merge (merge.cc).
  Judgement JudgeBody(const Change& change, const Edit& edit);
  Outcome MergeByTable(const Write& write);
  Outcome Apply(const Write& write, bool seen, bool decision);
  Outcome Agree(const Write& write, bool decision);
  Outcome Dispute(const Write& write);
  Outcome Propose(const Write& write);
  std::optional<Judgement> HeldByRecord(const Change& change) const;
  bool SeenValue(const Change& change, const Cell& cell) const;
  bool Overtaken(const Write& write) const;
  bool Owns(Side side, Item root) const;

  // Decisions (decisions.cc).
  Judgement JudgeBody(const Change& change, const Decision& decision);
  std::optional<Judgement> HeldWithChallenger(const Change& change, const Decision& decision) const;
  Outcome JudgeDecision(const Write& write, const Decision& decision);
  Outcome JudgeDecline(const Decision& decision);
  Listing Look(const DiscrepancyId& id) const;
  void Close(const Decision& decision);

  // Values of a lineage (lineage.cc).
  std::map<Item, std::map<Item, Value>> ByCell(const std::map<Item, Value>& writes) const;
  std::optional<Value> ReadCell(const Cell& cell, Item item, std::int64_t number) const;
  bool Equal(const Write& write, const Cell& cell) const;
  bool CoversAll(const Write& write, const Cell& cell) const;
  void Store(const Write& write, Cell& cell, bool keep_others) const;
  Item CellKey(Item item) const;

  // Acts and settlements (acts.cc).
  Judgement JudgeBody(const Change& change, const Act& act);
  Judgement EndMarks(const Change& change, const std::set<ActKind>& kinds);
  void EndMark(Mark& mark, const ChangeId& by);
  void ValueChanged(const Write& write);
  bool UnseenSignature(const Change& change) const;
  Judgement JudgeBody(const Change& change, const Settlement& settlement);
  bool MaySettle(Side side, const Change& held) const;

  // Identity and versions (identity.cc).
  Judgement JudgeBody(const Change& change, const Birth& birth);
  Judgement JudgeBody(const Change& change, const Rename& rename);
  Judgement JudgeBody(const Change& change, const Same& same);
  Judgement JudgeBody(const Change& change, const Publish& publish);
  Judgement JudgeBody(const Change& change, const Activate& activate);
  Judgement JudgeBody(const Change& change, const Retire& retire);
  std::optional<Judgement> JudgeNames(const Change& change) const;
  std::optional<Judgement> JudgeVersion(const Change& change) const;
  bool Known(const Version& version) const;
  bool ActiveAsOfBase(const Change& change) const;
  std::vector<const LogEntry*> Things() const;
  std::string LabelKey(const LogEntry& birth) const;
  bool SaidSame(const ChangeId& first, const ChangeId& second) const;

  std::shared_ptr<const Study> study_;
  Rules rules_;
  std::vector<LogEntry> log_;
  std::map<std::string, Record> records_;
  std::vector<Discrepancy> discrepancies_;
};

}  // namespace trialsync::model

#endif  // TRIALSYNC_TESTS_MODEL_PARTITION_H_
