// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_STUDY_VERSIONS_H_
#define TRIALSYNC_STUDY_VERSIONS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "study/definition.h"
#include "trialsync/v1/value.pb.h"

namespace trialsync::study {

// How two versions of a study relate: what breaks when one follows the other, and how a value
// entered under one is read under a later one. Pure; safe to call from any thread.

// A value that stands in a record, as it was written.
struct StoredValue {
  uint32_t item = 0;
  // Number of the version under which it was written.
  uint32_t version = 0;
  v1::Value value = {};
};

// What an item says under the version it is read in.
struct Reading {
  uint32_t item = 0;
  // Absent: there is something, but what it says under that version cannot be decided.
  std::optional<v1::Value> value = std::nullopt;
};

// Reads the stored values of one cell (the items of one lineage in one record) under `target`.
// Give them in the order in which they took effect: where two speak of one item, the later wins.
//
// Each value is led from its own version to `target` along the chain of previous versions, and at
// each takes the declared steps: at most one recode, at most one convert, an integer whose item
// became decimal and a code whose item became text are taken over, and a split gives its parts
// beside its source. A missing reason passes to all parts. The result has the items that have
// something, by ascending id; a value is never cleared. It cannot be decided if
// - a version between is unknown, or `target` is older than the value or does not descend from it
// - a product is too long, the parts are not as many as declared, one does not parse, or the
//   source is withheld
// - what comes out is no value of the item under `target`, or `target` lacks the item
// Deterministic: the same arguments give the same result on every replica.
std::vector<Reading> ReadCell(std::span<const StoredValue> cell, const Definition& target,
                              const DefinitionSet& definitions);

// What to show for an empty item that nobody was asked for when the record was last written under
// version `record_version`: the value of the nearest default step since, read under `target`.
// Nothing if there is none, or it cannot be decided. For display only, never for a merge.
std::optional<v1::Value> DefaultFor(uint32_t item, uint32_t record_version,
                                    const Definition& target, const DefinitionSet& definitions);

// A difference between two versions that a person should know of. Each breaks something or not:
// see IsBreaking.
enum class Difference {
  // Breaking, unless a step covers it.
  kItemRemoved,
  kItemMoved,
  kTypeChanged,
  kCodeRemoved,
  kUnitRemoved,
  kSiteOnlySet,
  kLineageChanged,
  kSplitWithoutStep,
  kFormRemoved,
  kFormRepeatChanged,
  kEventRemoved,
  kEventRepeatChanged,
  kEventFormRemoved,
  // Compatible, but worth a look.
  kItemAdded,
  kRequiredAdded,
  kRenamed,
  kTypeWidened,
  kRetired,
  kReinstated,
  kCodeAdded,
  kUnitsChanged,
  kRangeChanged,
  kSiteOnlyCleared,
  kRevealsArmChanged,
  kOwnerChanged,
  kConflictPolicyChanged,
  kFormAdded,
  kEventAdded,
  kEventFormAdded,
  kChecksChanged,
};

// A word for scripts and screens, e.g. `code-removed`. Must not change.
std::string_view DifferenceName(Difference difference);

// Whether stored values may no longer be read as they were meant.
bool IsBreaking(Difference difference);

struct VersionFinding {
  Difference difference;
  // Whom it is about; 0 for what it is not about. The form or event alone means every record there.
  uint32_t event = 0;
  uint32_t form = 0;
  uint32_t item = 0;
  // The code or unit that was removed; empty otherwise.
  std::string detail = "";
  // Says what differs and, if it breaks something, the mend.
  std::string sentence = "";
  // A declared step says how such values are read.
  bool covered_by_step = false;

  // Publishing is refused for these.
  bool blocks() const { return IsBreaking(difference) && !covered_by_step; }

  // Whether `value`, which stands where event, form and item say, is touched: so that the values
  // in a store can be counted. False for what breaks nothing.
  bool Touches(const v1::Value& value) const;
};

// Everything in which `after` differs from `before` that matters to stored values or to those who
// write them, by form, item and event, in the order of the definitions. FailedPrecondition if
// `after` is of another study or does not name `before` as its previous version.
absl::StatusOr<std::vector<VersionFinding>> CompareVersions(const Definition& before,
                                                            const Definition& after);

}  // namespace trialsync::study

#endif  // TRIALSYNC_STUDY_VERSIONS_H_
