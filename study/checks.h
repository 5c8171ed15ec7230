// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_STUDY_CHECKS_H_
#define TRIALSYNC_STUDY_CHECKS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "study/definition.h"
#include "study/rule.h"

namespace trialsync::study {

// The identity of a check, from which the ids of queries derive: stored, must not change.
// Declared checks have their own id (below 2^30); ranges have that of their item with a mark.
constexpr uint32_t HardRangeCheckId(uint32_t item) { return item | (uint32_t{1} << 31); }
constexpr uint32_t SoftRangeCheckId(uint32_t item) { return item | (uint32_t{1} << 30); }

// Something that a check found in one record.
struct CheckFinding {
  uint32_t check = 0;
  // The item whose range it is; 0 for a declared check.
  uint32_t item = 0;
  // A hard check that is kFalse opens a query; a soft one is only remarked.
  bool hard = true;
  // kFalse, or for a declared check also kUndecidable.
  Truth truth = Truth::kFalse;
  // If it cannot be decided, why: see Verdict.
  std::vector<uint32_t> undecided_items = {};
  // For a person, in English where the study has it. Holds limits, never the value.
  std::string message = "";
};

// Runs the ranges and checks of a form on the values of one record, and returns those that do not
// hold: ranges first, then declared checks, each in the order of the form. What holds, and a range
// that cannot be decided (an empty item, `<20` against 0 to 10, another unit than the first), is
// not listed. A value outside of both ranges is listed for the hard one only. The same values give
// the same findings on every replica: so give them as they are replicated, `site_only` ones
// withheld, wherever findings become queries. Retired items are not looked at. Empty if there is
// no such form.
std::vector<CheckFinding> RunChecks(const Definition& definition, uint32_t form,
                                    ValueLookup values);

// The finding of RunChecks() on the ranges of one item, if there is one.
std::optional<CheckFinding> CheckRanges(const Definition& definition, uint32_t item,
                                        const v1::Value& value);

// The required items of a form that have neither a value nor a missing reason, in its order.
std::vector<uint32_t> EmptyRequiredItems(const Definition& definition, uint32_t form,
                                         ValueLookup values);

}  // namespace trialsync::study

#endif  // TRIALSYNC_STUDY_CHECKS_H_
