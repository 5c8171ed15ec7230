// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "study/decimal.h"
#include "study/interval.h"
#include "study/value.h"

namespace trialsync::study {
namespace {

Comparison FromTruth(Truth equal) {
  switch (equal) {
    case Truth::kTrue:
      return Comparison::kEqual;
    case Truth::kFalse:
      return Comparison::kNotEqual;
    case Truth::kUndecidable:
      return Comparison::kUndecidable;
  }
  return Comparison::kUndecidable;
}

// For two values of one kind, by what is known of the true values behind them.
Comparison CompareIntervals(const v1::Value& a, const v1::Value& b) {
  const std::optional<Interval> left = IntervalOf(a);
  const std::optional<Interval> right = IntervalOf(b);
  if (!left.has_value() || !right.has_value()) return Comparison::kNotEqual;
  return FromTruth(Decide(*left, Relation::kEqual, *right));
}

Comparison CompareQuantities(const v1::Value& a, const v1::Value& b) {
  const v1::Quantity& left = a.quantity();
  const v1::Quantity& right = b.quantity();
  if (left.unit() != right.unit()) return Comparison::kUndecidable;
  if (left.comparator() == right.comparator() &&
      (left.number() == right.number() || CompareDecimals(left.number(), right.number()) == 0)) {
    return Comparison::kEqual;
  }
  return CompareIntervals(a, b);
}

Comparison EqualIf(bool equal) { return equal ? Comparison::kEqual : Comparison::kNotEqual; }

}  // namespace

Comparison CompareValues(const v1::Value& a, const v1::Value& b) {
  if (a.kind_case() != b.kind_case()) return Comparison::kNotEqual;
  switch (a.kind_case()) {
    case v1::Value::kText:
      return EqualIf(a.text() == b.text());
    case v1::Value::kInteger:
      return EqualIf(a.integer() == b.integer());
    case v1::Value::kDecimal:
      return EqualIf(a.decimal() == b.decimal() || CompareDecimals(a.decimal(), b.decimal()) == 0);
    case v1::Value::kQuantity:
      return CompareQuantities(a, b);
    case v1::Value::kDate:
      return a.date() == b.date() ? Comparison::kEqual : CompareIntervals(a, b);
    case v1::Value::kTime:
      return a.time() == b.time() ? Comparison::kEqual : CompareIntervals(a, b);
    case v1::Value::kBoolean:
      return EqualIf(a.boolean() == b.boolean());
    case v1::Value::kCode:
      return EqualIf(a.code() == b.code());
    case v1::Value::kMissing:
      return EqualIf(a.missing() == b.missing());
    case v1::Value::kWithheld:
      return Comparison::kUndecidable;
    case v1::Value::KIND_NOT_SET:
      return Comparison::kNotEqual;
  }
  return Comparison::kNotEqual;
}

}  // namespace trialsync::study
