// SPDX-License-Identifier: Apache-2.0
#include "study/checks.h"

#include <compare>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/check.h"
#include "study/decimal.h"
#include "study/interval.h"

namespace trialsync::study {
namespace {

// Whether what ends at `bound` is wholly beyond `limit` in the direction of `sign`.
bool LiesBeyond(const std::optional<Interval::Bound>& bound, std::string_view limit, int sign) {
  if (!bound.has_value()) return false;
  const std::partial_ordering order = CompareDecimals(bound->at, limit);
  if (order == 0) return !bound->included;
  return sign < 0 ? order < 0 : order > 0;
}

// Whether a value lies outside for certain: wholly beyond a limit.
bool IsOutside(const Interval& interval, const v1::Range& range) {
  return (!range.minimum().empty() && LiesBeyond(interval.high, range.minimum(), -1)) ||
         (!range.maximum().empty() && LiesBeyond(interval.low, range.maximum(), 1));
}

// The number of a value that is one number; empty for any other, of which less or more is known.
std::string_view NumberOf(const v1::Value& value) {
  if (value.has_decimal()) return value.decimal();
  const bool plain =
      value.has_quantity() && value.quantity().comparator() == v1::COMPARATOR_UNSPECIFIED;
  return plain ? std::string_view(value.quantity().number()) : std::string_view();
}

// The same for the point at `number`, which is what most values are; false if it is no decimal.
bool IsOutside(std::string_view number, const v1::Range& range) {
  return (!range.minimum().empty() && CompareDecimals(number, range.minimum()) < 0) ||
         (!range.maximum().empty() && CompareDecimals(number, range.maximum()) > 0);
}

// The same for any value; nothing where it has no place among numbers.
bool IsOutside(const std::optional<Interval>& interval, const v1::Range& range) {
  return interval.has_value() && interval->numeric && IsOutside(*interval, range);
}

bool HasLimits(const v1::ItemDefinition& item) {
  const auto limits = [](const v1::Range& range) {
    return !range.minimum().empty() || !range.maximum().empty();
  };
  return limits(item.hard_range()) || limits(item.soft_range());
}

std::string RangeMessage(const v1::FormDefinition& form, const v1::ItemDefinition& item,
                         const v1::Range& range, bool hard) {
  const std::string unit = item.units().empty() ? "" : absl::StrCat(" ", item.units(0));
  std::string limits;
  if (!range.minimum().empty()) absl::StrAppend(&limits, "at least ", range.minimum(), unit);
  if (!range.maximum().empty()) {
    absl::StrAppend(&limits, limits.empty() ? "" : " and ", "at most ", range.maximum(), unit);
  }
  return absl::StrCat(form.name(), ".", item.name(), ": expected ", limits,
                      hard ? "; correct the value or confirm it" : "; please look at it again");
}

// The finding on an item's ranges, which are in its first unit, if there is one.
std::optional<CheckFinding> FindInRanges(const v1::FormDefinition& form,
                                         const v1::ItemDefinition& item, const v1::Value& value) {
  const bool first_unit =
      !value.has_quantity() || item.units().empty() || value.quantity().unit() == item.units(0);
  if (!HasLimits(item) || !first_unit) return std::nullopt;
  const std::string_view number = NumberOf(value);
  const std::optional<Interval> interval = number.empty() ? IntervalOf(value) : std::nullopt;
  const auto is_outside = [&](const v1::Range& range) {
    return number.empty() ? IsOutside(interval, range) : IsOutside(number, range);
  };
  const bool hard = is_outside(item.hard_range());
  if (!hard && !is_outside(item.soft_range())) return std::nullopt;
  CheckFinding finding;
  finding.check = hard ? HardRangeCheckId(item.id()) : SoftRangeCheckId(item.id());
  finding.item = item.id();
  finding.hard = hard;
  finding.message = RangeMessage(form, item, hard ? item.hard_range() : item.soft_range(), hard);
  return finding;
}

}  // namespace

std::optional<CheckFinding> CheckRanges(const Definition& definition, uint32_t item,
                                        const v1::Value& value) {
  const v1::ItemDefinition* const found = definition.FindItem(item);
  if (found == nullptr || found->retired()) return std::nullopt;
  return FindInRanges(*definition.FormOfItem(item), *found, value);
}

std::vector<CheckFinding> RunChecks(const Definition& definition, uint32_t form,
                                    ValueLookup values) {
  std::vector<CheckFinding> findings;
  const v1::FormDefinition* found = definition.FindForm(form);
  if (found == nullptr) return findings;
  for (const v1::ItemDefinition& item : found->items()) {
    if (item.retired() || !HasLimits(item)) continue;
    const v1::Value* value = values(item.id());
    if (value == nullptr) continue;
    std::optional<CheckFinding> finding = FindInRanges(*found, item, *value);
    if (finding.has_value()) findings.push_back(*std::move(finding));
  }
  for (const v1::Check& check : found->checks()) {
    const Rule* rule = definition.FindRule(check.id());
    TS_CHECK(rule != nullptr);
    Verdict verdict = rule->Evaluate(values);
    if (verdict.truth == Truth::kTrue) continue;
    findings.push_back({.check = check.id(),
                        .item = 0,
                        .hard = !check.soft(),
                        .truth = verdict.truth,
                        .undecided_items = std::move(verdict.undecided_items),
                        .message = std::string(TextIn(check.messages(), "en"))});
  }
  return findings;
}

std::vector<uint32_t> EmptyRequiredItems(const Definition& definition, uint32_t form,
                                         ValueLookup values) {
  std::vector<uint32_t> empty;
  const v1::FormDefinition* found = definition.FindForm(form);
  if (found == nullptr) return empty;
  for (const v1::ItemDefinition& item : found->items()) {
    if (item.required() && !item.retired() && values(item.id()) == nullptr) {
      empty.push_back(item.id());
    }
  }
  return empty;
}

}  // namespace trialsync::study
