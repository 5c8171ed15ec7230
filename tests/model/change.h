// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_MODEL_CHANGE_H_
#define TRIALSYNC_TESTS_MODEL_CHANGE_H_

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

// The vocabulary of the reference model: what a change is (protocol.md §1), as plain values.
// Nothing here depends on the product; a test that feeds both translates its own changes into
// these. Values are compared as text, so a caller whose values have several spellings ("1.50",
// "1.5") normalises them first; a comparison that cannot be decided ("<0.05" against "0.03") is
// then "not equal" by itself.
namespace trialsync::model {

using ChangeId = std::string;  // any unique text: 32 hex digits, or "A3" in a schedule
using Item = std::int64_t;     // permanent item id; positive
using Value = std::string;     // never empty: an item without a value is absent

// What a change says of a value that stays at the hospital (§5): equal to nothing, itself included.
inline constexpr char kWithheld[] = "(withheld)";

// Which end an author belongs to, and which end owns an item (§2 row 3).
enum class Side { kSite, kCentre };

// One incarnation of one replica (§1). Ancestors of an incarnation (§9) are not modelled yet.
struct Chain {
  std::string replica;
  std::int64_t incarnation = 1;
  bool operator==(const Chain&) const = default;
};

// A place in the partition's log (§10). `number` 0 is before the first commit. The model has one
// branch, where numbers alone decide; it carries the epoch and does not ask it.
struct Position {
  std::int64_t epoch = 1;
  std::int64_t number = 0;
  bool operator==(const Position&) const = default;
};

// A study version (§6). One number with two hashes is an alarm.
struct Version {
  std::int64_t number = 1;
  std::string hash = "h";
  auto operator<=>(const Version&) const = default;
};

// A dispute or a proposal: the challenger's change id and the item's lineage root (§2).
struct DiscrepancyId {
  ChangeId challenger;
  Item item = 0;
  auto operator<=>(const DiscrepancyId&) const = default;
};

// Writes items of one record. Items of one lineage are judged together, all others one by one.
struct Edit {
  std::map<Item, Value> writes;
  bool operator==(const Edit&) const = default;
};

// Settles what `closes` lists (§2). All of it, and all that it writes, is of one lineage. Without
// `writes` it declines: it only closes.
struct Decision {
  std::map<Item, Value> writes;
  std::vector<DiscrepancyId> closes;
  bool operator==(const Decision&) const = default;
};

enum class ActKind { kComplete, kVerify, kSign, kFreeze, kLock, kUnlock, kVoid, kReinstate };

// An act on the whole record (§4). `digest` is Partition::Digest() of the values that it covers.
struct Act {
  ActKind kind = ActKind::kComplete;
  std::string digest;
  bool operator==(const Act&) const = default;
};

// A person admits or dismisses a held change (§2 "under a void a person settles it").
struct Settlement {
  ChangeId held;
  bool admit = true;
  bool operator==(const Settlement&) const = default;
};

enum class ThingKind { kSubject, kEvent, kForm };

// Creates a subject, or a repeat of an event or form (§3). The thing's identity is the change's id.
// `parent` is the birth of the thing above it, empty where that has none.
struct Birth {
  ThingKind kind = ThingKind::kSubject;
  ChangeId parent;
  std::string label;
  bool operator==(const Birth&) const = default;
};

struct Rename {
  ChangeId birth;
  std::string label;
  bool operator==(const Rename&) const = default;
};

// A person says that two births are the same thing.
struct Same {
  ChangeId first;
  ChangeId second;
  bool operator==(const Same&) const = default;
};

// The study's own acts in this partition (§5, §6). They may come in any order.
struct Publish {
  Version version;
  bool operator==(const Publish&) const = default;
};
struct Activate {
  Version version;
  bool operator==(const Activate&) const = default;
};
struct Retire {
  Version version;
  bool operator==(const Retire&) const = default;
};

using Body =
    std::variant<Edit, Decision, Act, Settlement, Birth, Rename, Same, Publish, Activate, Retire>;

// One change as it arrives at the coordinator.
struct Change {
  ChangeId id;
  Chain chain;
  std::int64_t seq = 0;  // place on the chain, from 1, without a gap
  Position base;         // what the author's replica had confirmed
  Side side = Side::kSite;
  Version version;
  std::string record;           // the form that an edit, decision or act is about
  std::vector<ChangeId> names;  // births of what it is about, where there are any (§3)
  Body body;
  bool operator==(const Change&) const = default;
};

// One line for a person, such as "A4 (A:2, base 3) edits F: 1=2".
std::string Describe(const Change& change);

}  // namespace trialsync::model

#endif  // TRIALSYNC_TESTS_MODEL_CHANGE_H_
