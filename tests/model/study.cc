// SPDX-License-Identifier: Apache-2.0
#include "tests/model/study.h"

#include <algorithm>
#include <cstddef>
#include <string>

namespace trialsync::model {
namespace {

std::vector<Value> Pieces(const Value& value) {
  std::vector<Value> pieces(1);
  for (char letter : value) {
    if (letter == '/') {
      pieces.emplace_back();
    } else {
      pieces.back() += letter;
    }
  }
  return pieces;
}

bool Contains(const std::vector<Item>& items, Item item) {
  return std::find(items.begin(), items.end(), item) != items.end();
}

}  // namespace

Item Study::Root(Item item) const {
  for (const Split& split : splits) {
    if (Contains(split.into, item)) return split.from;
  }
  return item;
}

std::optional<ItemRule> Study::Rule(Item item) const {
  if (item == kLabelItem) return ItemRule{};
  auto found = items.find(Root(item));
  if (found == items.end()) return std::nullopt;
  return found->second;
}

bool Study::Has(Item item, std::int64_t number) const {
  for (const Split& split : splits) {
    if (item == split.from) return number < split.since;
    if (Contains(split.into, item)) return number >= split.since;
  }
  return Rule(item).has_value();
}

std::optional<std::map<Item, Value>> Study::Translate(Item item, const Value& value,
                                                      std::int64_t number) const {
  for (const Split& split : splits) {
    if (item != split.from || number < split.since) continue;
    const std::vector<Value> pieces = Pieces(value);
    if (pieces.size() != split.into.size()) return std::nullopt;
    std::map<Item, Value> parts;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (pieces[i].empty()) return std::nullopt;
      parts[split.into[i]] = pieces[i];
    }
    return parts;
  }
  return std::map<Item, Value>{{item, value}};
}

}  // namespace trialsync::model
