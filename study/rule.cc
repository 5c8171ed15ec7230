// SPDX-License-Identifier: Apache-2.0
#include "study/rule.h"

#include <algorithm>
#include <optional>

namespace trialsync::study {
namespace {

Truth FromBool(bool holds) { return holds ? Truth::kTrue : Truth::kFalse; }

void AddItems(std::vector<uint32_t>& to, const std::vector<uint32_t>& items) {
  to.insert(to.end(), items.begin(), items.end());
  std::sort(to.begin(), to.end());
  to.erase(std::unique(to.begin(), to.end()), to.end());
}

Verdict Undecidable(const std::vector<uint32_t>& items) {
  Verdict verdict;
  AddItems(verdict.undecided_items, items);
  return verdict;
}

}  // namespace

Verdict Rule::Evaluate(ValueLookup values) const { return EvaluateAt(nodes_.size() - 1, values); }

Verdict Rule::EvaluateAt(size_t index, ValueLookup values) const {
  return std::visit([&](const auto& node) { return EvaluateNode(node, values); }, nodes_[index]);
}

Verdict Rule::EvaluateNode(const Comparing& node, ValueLookup values) {
  std::vector<uint32_t> items;
  std::vector<uint32_t> unknown;
  std::optional<Interval> intervals[2];
  // The unit a side bears, and the one that a plain number on the other side is taken to be in.
  struct Units {
    std::string_view borne;
    std::string_view first;
  };
  std::optional<Units> units[2];
  for (const size_t side : {size_t{0}, size_t{1}}) {
    const Operand& operand = side == 0 ? node.left : node.right;
    if (const auto* literal = std::get_if<Interval>(&operand)) {
      intervals[side] = *literal;
      continue;
    }
    const auto& item = std::get<ItemOperand>(operand);
    items.push_back(item.item);
    const v1::Value* value = values(item.item);
    if (value != nullptr) intervals[side] = IntervalOf(*value);
    if (!intervals[side].has_value()) {
      unknown.push_back(item.item);
    } else if (value->has_quantity()) {
      units[side] = Units{.borne = value->quantity().unit(), .first = item.first_unit};
    }
  }
  if (!unknown.empty()) return Undecidable(unknown);
  // A value of another kind than its item's type: it was refused and should not stand.
  if (intervals[0]->numeric != intervals[1]->numeric) return Undecidable(items);
  for (const size_t side : {size_t{0}, size_t{1}}) {
    if (!units[side].has_value()) continue;
    const std::optional<Units>& other = units[1 - side];
    const std::string_view wanted = other.has_value() ? other->borne : units[side]->first;
    if (units[side]->borne != wanted) return Undecidable(items);
  }
  const Truth truth = Decide(*intervals[0], node.relation, *intervals[1]);
  if (truth == Truth::kUndecidable) return Undecidable(items);
  return {.truth = truth};
}

Verdict Rule::EvaluateNode(const Presence& node, ValueLookup values) {
  const v1::Value* value = values(node.item);
  const bool stands = value != nullptr && value->kind_case() != v1::Value::KIND_NOT_SET;
  const bool holds = stands && value->has_missing() == node.missing;
  return {.truth = FromBool(holds)};
}

Verdict Rule::EvaluateNode(const Connecting& node, ValueLookup values) const {
  if (node.connective == Connective::kNot) {
    Verdict verdict = EvaluateAt(node.operands.front(), values);
    if (verdict.truth != Truth::kUndecidable) {
      verdict.truth = FromBool(verdict.truth == Truth::kFalse);
    }
    return verdict;
  }
  // One operand of this truth settles the whole.
  const Truth settling = FromBool(node.connective == Connective::kOr);
  Verdict whole{.truth = FromBool(node.connective == Connective::kAnd)};
  for (const size_t operand : node.operands) {
    const Verdict verdict = EvaluateAt(operand, values);
    if (verdict.truth == settling) return verdict;
    if (verdict.truth == Truth::kUndecidable) {
      whole.truth = Truth::kUndecidable;
      AddItems(whole.undecided_items, verdict.undecided_items);
    }
  }
  return whole;
}

}  // namespace trialsync::study
