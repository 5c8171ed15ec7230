// SPDX-License-Identifier: Apache-2.0
#include "study/interval.h"

#include <compare>
#include <utility>

#include "absl/strings/str_cat.h"
#include "study/decimal.h"

namespace trialsync::study {
namespace {

Interval Point(std::string at, bool numeric) {
  Interval::Bound low{at};
  return {.low = std::move(low), .high = Interval::Bound{std::move(at)}, .numeric = numeric};
}

// A partial ISO 8601 text stands for everything that begins with it. The upper bound may be a day
// that does not exist (`2024-02-31`): it only has to come after every one that does.
Interval SpanOf(const std::string& text, std::string_view lowest, std::string_view highest) {
  const auto complete = [&text](std::string_view filler) {
    std::string full = text;
    if (full.size() < filler.size()) full.append(filler.substr(full.size()));
    return Interval::Bound{std::move(full)};
  };
  return {.low = complete(lowest), .high = complete(highest)};
}

std::optional<Interval> OfQuantity(const v1::Quantity& quantity) {
  if (!ValidateDecimal(quantity.number()).ok()) return std::nullopt;
  if (quantity.comparator() == v1::COMPARATOR_UNSPECIFIED) return PointAt(quantity.number());
  const Interval::Bound bound{.at = quantity.number()};
  const Interval::Bound beyond{.at = quantity.number(), .included = false};
  switch (quantity.comparator()) {
    case v1::COMPARATOR_LESS:
      return Interval{.high = beyond, .numeric = true};
    case v1::COMPARATOR_LESS_OR_EQUAL:
      return Interval{.high = bound, .numeric = true};
    case v1::COMPARATOR_GREATER:
      return Interval{.low = beyond, .numeric = true};
    case v1::COMPARATOR_GREATER_OR_EQUAL:
      return Interval{.low = bound, .numeric = true};
    default:
      return std::nullopt;
  }
}

std::partial_ordering CompareBounds(const Interval::Bound& a, const Interval::Bound& b,
                                    bool numeric) {
  if (numeric) return CompareDecimals(a.at, b.at);
  return a.at <=> b.at;
}

// Every value of `a` lies before every value of `b`; with `or_equal`, none lies after.
bool AllBefore(const Interval& a, const Interval& b, bool or_equal) {
  if (!a.high.has_value() || !b.low.has_value()) return false;
  const std::partial_ordering order = CompareBounds(*a.high, *b.low, a.numeric);
  if (order != 0) return order < 0;
  return or_equal || !a.high->included || !b.low->included;
}

bool IsPoint(const Interval& interval) {
  return interval.low.has_value() && interval.high.has_value() &&
         CompareBounds(*interval.low, *interval.high, interval.numeric) == 0;
}

Truth DecideLess(const Interval& a, const Interval& b, bool or_equal) {
  if (AllBefore(a, b, or_equal)) return Truth::kTrue;
  if (AllBefore(b, a, !or_equal)) return Truth::kFalse;
  return Truth::kUndecidable;
}

Truth DecideEqual(const Interval& a, const Interval& b) {
  if (AllBefore(a, b, /*or_equal=*/false) || AllBefore(b, a, /*or_equal=*/false)) {
    return Truth::kFalse;
  }
  return IsPoint(a) && IsPoint(b) ? Truth::kTrue : Truth::kUndecidable;
}

Truth Negate(Truth truth) {
  if (truth == Truth::kUndecidable) return truth;
  return truth == Truth::kTrue ? Truth::kFalse : Truth::kTrue;
}

}  // namespace

Interval PointAt(std::string_view decimal) { return Point(std::string(decimal), /*numeric=*/true); }

std::optional<Interval> IntervalOf(const v1::Value& value) {
  switch (value.kind_case()) {
    case v1::Value::kText:
      return Point(value.text(), /*numeric=*/false);
    case v1::Value::kInteger:
      return Point(absl::StrCat(value.integer()), /*numeric=*/true);
    case v1::Value::kDecimal:
      if (!ValidateDecimal(value.decimal()).ok()) return std::nullopt;
      return PointAt(value.decimal());
    case v1::Value::kQuantity:
      return OfQuantity(value.quantity());
    case v1::Value::kDate:
      return SpanOf(value.date(), "0000-01-01", "9999-12-31");
    case v1::Value::kTime:
      return SpanOf(value.time(), "00:00:00", "23:59:59");
    case v1::Value::kBoolean:
      return Point(value.boolean() ? "true" : "false", /*numeric=*/false);
    case v1::Value::kCode:
      return Point(value.code(), /*numeric=*/false);
    case v1::Value::kMissing:
    case v1::Value::kWithheld:
    case v1::Value::KIND_NOT_SET:
      return std::nullopt;
  }
  return std::nullopt;
}

Truth Decide(const Interval& a, Relation relation, const Interval& b) {
  switch (relation) {
    case Relation::kEqual:
      return DecideEqual(a, b);
    case Relation::kNotEqual:
      return Negate(DecideEqual(a, b));
    case Relation::kLess:
      return DecideLess(a, b, /*or_equal=*/false);
    case Relation::kLessOrEqual:
      return DecideLess(a, b, /*or_equal=*/true);
    case Relation::kGreater:
      return DecideLess(b, a, /*or_equal=*/false);
    case Relation::kGreaterOrEqual:
      return DecideLess(b, a, /*or_equal=*/true);
  }
  return Truth::kUndecidable;
}

}  // namespace trialsync::study
