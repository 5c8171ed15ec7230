// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_STUDY_INTERVAL_H_
#define TRIALSYNC_STUDY_INTERVAL_H_

#include <optional>
#include <string>
#include <string_view>

#include "trialsync/v1/value.pb.h"

namespace trialsync::study {

// Three-valued truth (Kleene, "On notation for ordinal numbers", 1938).
enum class Truth { kFalse, kTrue, kUndecidable };

enum class Relation { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

// What is known of a true value: it lies between two bounds. `<20` is everything below 20,
// the date `2024-05` is every day of May, `1.50` is one point. Plain data.
struct Interval {
  struct Bound {
    std::string at = "";
    bool included = true;
  };
  // Absent: unbounded on that side.
  std::optional<Bound> low = std::nullopt;
  std::optional<Bound> high = std::nullopt;
  // Bounds are ordered as decimals; otherwise as bytes, which is right for full ISO 8601 dates
  // and times.
  bool numeric = false;
};

// The point at `decimal`, which must be a decimal.
Interval PointAt(std::string_view decimal);

// What is known of the true value behind `value`, without its unit. Nothing for a missing reason,
// a withheld or an unset value, and for one whose number is no decimal.
std::optional<Interval> IntervalOf(const v1::Value& value);

// Whether `relation` holds between any value of `a` and any value of `b`: kTrue if it holds for
// every pair, kFalse if for none, kUndecidable otherwise. `<20` is less than 30, and whether it is
// less than 10 cannot be decided. Both must be of one scale (`numeric`).
Truth Decide(const Interval& a, Relation relation, const Interval& b);

}  // namespace trialsync::study

#endif  // TRIALSYNC_STUDY_INTERVAL_H_
