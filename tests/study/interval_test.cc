// SPDX-License-Identifier: Apache-2.0
#include "study/interval.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "tests/study/studies.h"

namespace trialsync::study {
namespace {

Interval Known(v1::Comparator comparator, int number) {
  return *IntervalOf(QuantityValue(comparator, std::to_string(number), ""));
}

TEST(Interval, DecidesOnlyWhatHoldsForEveryValue) {
  const Interval below_20 = Known(v1::COMPARATOR_LESS, 20);
  EXPECT_EQ(Decide(below_20, Relation::kLess, PointAt("30")), Truth::kTrue);
  EXPECT_EQ(Decide(below_20, Relation::kLess, PointAt("20")), Truth::kTrue);
  EXPECT_EQ(Decide(below_20, Relation::kLess, PointAt("10")), Truth::kUndecidable);
  EXPECT_EQ(Decide(below_20, Relation::kGreaterOrEqual, PointAt("20")), Truth::kFalse);
  EXPECT_EQ(Decide(below_20, Relation::kEqual, PointAt("20")), Truth::kFalse);
  EXPECT_EQ(Decide(below_20, Relation::kNotEqual, PointAt("20.0")), Truth::kTrue);
  EXPECT_EQ(Decide(Known(v1::COMPARATOR_LESS_OR_EQUAL, 20), Relation::kLess, PointAt("20")),
            Truth::kUndecidable);
  EXPECT_EQ(Decide(PointAt("1.50"), Relation::kEqual, PointAt("1.5")), Truth::kTrue);
}

TEST(Interval, PartialDatesAreEveryDayInThem) {
  const Interval may = *IntervalOf(DateValue("2024-05"));
  EXPECT_EQ(Decide(may, Relation::kLess, *IntervalOf(DateValue("2024-06"))), Truth::kTrue);
  EXPECT_EQ(Decide(may, Relation::kLess, *IntervalOf(DateValue("2024"))), Truth::kUndecidable);
  EXPECT_EQ(Decide(may, Relation::kGreaterOrEqual, *IntervalOf(DateValue("2024-05-01"))),
            Truth::kTrue);
  EXPECT_EQ(Decide(may, Relation::kEqual, may), Truth::kUndecidable);
  EXPECT_EQ(Decide(*IntervalOf(DateValue("2023")), Relation::kLess, may), Truth::kTrue);
}

TEST(Interval, KnowsNothingOfWhatIsNoValue) {
  EXPECT_FALSE(IntervalOf(v1::Value()).has_value());
  EXPECT_FALSE(IntervalOf(WithheldValue()).has_value());
  EXPECT_FALSE(IntervalOf(MissingValue(v1::MISSING_REASON_NOT_DONE)).has_value());
  EXPECT_FALSE(IntervalOf(DecimalValue("1,5")).has_value());
  EXPECT_FALSE(IntervalOf(QuantityValue(v1::COMPARATOR_LESS, "low", "")).has_value());
}

// The truth by trying every pair of quarters near the numbers, and far away for the open ends.
Truth DecideByTrying(v1::Comparator a, int a_number, Relation relation, v1::Comparator b,
                     int b_number) {
  const auto quarters = [](v1::Comparator comparator, int number) {
    std::vector<int> values;
    for (int quarter = -40; quarter <= 40; ++quarter) {
      const int limit = 4 * number;
      const bool inside = (comparator == v1::COMPARATOR_UNSPECIFIED && quarter == limit) ||
                          (comparator == v1::COMPARATOR_LESS && quarter < limit) ||
                          (comparator == v1::COMPARATOR_LESS_OR_EQUAL && quarter <= limit) ||
                          (comparator == v1::COMPARATOR_GREATER && quarter > limit) ||
                          (comparator == v1::COMPARATOR_GREATER_OR_EQUAL && quarter >= limit);
      if (inside) values.push_back(quarter);
    }
    return values;
  };
  bool ever = false;
  bool always = true;
  for (const int left : quarters(a, a_number)) {
    for (const int right : quarters(b, b_number)) {
      const bool holds = (relation == Relation::kEqual && left == right) ||
                         (relation == Relation::kNotEqual && left != right) ||
                         (relation == Relation::kLess && left < right) ||
                         (relation == Relation::kLessOrEqual && left <= right) ||
                         (relation == Relation::kGreater && left > right) ||
                         (relation == Relation::kGreaterOrEqual && left >= right);
      ever = ever || holds;
      always = always && holds;
    }
  }
  if (always) return Truth::kTrue;
  return ever ? Truth::kUndecidable : Truth::kFalse;
}

TEST(Interval, AgreesWithTryingEveryPair) {
  const Relation relations[] = {Relation::kEqual,   Relation::kNotEqual,
                                Relation::kLess,    Relation::kLessOrEqual,
                                Relation::kGreater, Relation::kGreaterOrEqual};
  for (int a = 0; a <= v1::COMPARATOR_GREATER_OR_EQUAL; ++a) {
    for (int b = 0; b <= v1::COMPARATOR_GREATER_OR_EQUAL; ++b) {
      for (int number = -2; number <= 2; ++number) {
        for (const Relation relation : relations) {
          const auto left = static_cast<v1::Comparator>(a);
          const auto right = static_cast<v1::Comparator>(b);
          ASSERT_EQ(Decide(Known(left, number), relation, Known(right, 0)),
                    DecideByTrying(left, number, relation, right, 0))
              << a << " " << number << " relation " << static_cast<int>(relation) << " " << b;
        }
      }
    }
  }
}

}  // namespace
}  // namespace trialsync::study
