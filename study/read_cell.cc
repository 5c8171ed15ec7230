// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "study/decimal.h"
#include "study/value.h"
#include "study/versions.h"

namespace trialsync::study {
namespace {

// What is known of each item on the way: absent where it cannot be decided. Ordered, so that the
// result is.
using State = std::map<uint32_t, std::optional<v1::Value>>;

// The versions after `number` up to `target`, oldest first; nothing if they are not all known.
std::optional<std::vector<const Definition*>> VersionsSince(uint32_t number,
                                                            const Definition& target,
                                                            const DefinitionSet& definitions) {
  std::vector<const Definition*> versions;
  const Definition* at = &target;
  while (at->number() != number) {
    if (at->number() < number || !at->proto().has_previous()) return std::nullopt;
    versions.push_back(at);
    const v1::VersionReference& previous = at->proto().previous();
    if (previous.number() == number) break;
    // The set keeps it alive.
    at = definitions.Find(previous).get();
    if (at == nullptr) return std::nullopt;
  }
  std::reverse(versions.begin(), versions.end());
  return versions;
}

const v1::Value* KnownValue(const State& state, uint32_t item) {
  const auto found = state.find(item);
  return found == state.end() || !found->second.has_value() ? nullptr : &*found->second;
}

void ApplyRecode(const v1::Recode& recode, const State& before, State& state) {
  const v1::Value* value = KnownValue(before, recode.item());
  if (value == nullptr || !value->has_code() || value->code() != recode.from()) return;
  state[recode.item()]->set_code(recode.to());
}

void ApplyConvert(const v1::Convert& convert, const State& before, State& state) {
  const v1::Value* value = KnownValue(before, convert.item());
  if (value == nullptr || !value->has_quantity()) return;
  if (value->quantity().unit() != convert.from_unit()) return;
  absl::StatusOr<std::string> product =
      MultiplyDecimals(value->quantity().number(), convert.factor());
  if (!product.ok()) {
    state[convert.item()] = std::nullopt;
    return;
  }
  v1::Quantity* quantity = state[convert.item()]->mutable_quantity();
  quantity->set_number(*std::move(product));
  quantity->set_unit(convert.to_unit());
}

// Types that take over every value of another one.
void Widen(const v1::ItemDefinition& item, v1::Value& value) {
  if (item.type() == v1::ITEM_TYPE_DECIMAL && value.has_integer()) {
    value.set_decimal(absl::StrCat(value.integer()));
  } else if (item.type() == v1::ITEM_TYPE_TEXT && value.has_code()) {
    value.set_text(std::string(value.code()));
  }
}

// The parts of `source`, one for each of `split.into`.
std::vector<std::optional<v1::Value>> PartsOf(const v1::Value& source, const v1::Split& split,
                                              const Definition& definition) {
  const auto count = static_cast<size_t>(split.into_size());
  if (source.has_missing()) return {count, source};
  const std::vector<std::optional<v1::Value>> undecided(count);
  if (!source.has_text() && !source.has_code()) return undecided;
  const std::string& whole = source.has_text() ? source.text() : source.code();
  const std::vector<std::string> texts = absl::StrSplit(whole, split.separator());
  if (texts.size() != count) return undecided;
  std::vector<std::optional<v1::Value>> parts;
  for (size_t index = 0; index < count; ++index) {
    const v1::ItemDefinition* item = definition.FindItem(split.into(static_cast<int>(index)));
    if (item == nullptr) return undecided;
    absl::StatusOr<v1::Value> part = ParseValue(definition.proto(), *item, texts[index]);
    if (!part.ok()) return undecided;
    parts.push_back(*std::move(part));
  }
  return parts;
}

void ApplySplit(const v1::Split& split, const Definition& definition, State& state) {
  const auto source = state.find(split.from());
  if (source == state.end()) return;
  std::vector<std::optional<v1::Value>> parts(static_cast<size_t>(split.into_size()));
  if (source->second.has_value()) parts = PartsOf(*source->second, split, definition);
  for (size_t index = 0; index < parts.size(); ++index) {
    state[split.into(static_cast<int>(index))] = std::move(parts[index]);
  }
}

// Leads what was known under the version before `definition` to it. Recodes and converts look at
// what was there before any of them, so a and b can be exchanged; splits see what they made.
void Advance(const Definition& definition, State& state) {
  const State before = state;
  for (const v1::MigrationStep& step : definition.proto().steps()) {
    if (step.has_recode()) ApplyRecode(step.recode(), before, state);
    if (step.has_convert()) ApplyConvert(step.convert(), before, state);
  }
  for (auto& [id, value] : state) {
    const v1::ItemDefinition* item = definition.FindItem(id);
    if (item != nullptr && value.has_value()) Widen(*item, *value);
  }
  for (const v1::MigrationStep& step : definition.proto().steps()) {
    if (step.has_split()) ApplySplit(step.split(), definition, state);
  }
}

// One stored value, led to `target`.
State ReadOne(const StoredValue& stored, const Definition& target,
              const DefinitionSet& definitions) {
  const std::optional<std::vector<const Definition*>> versions =
      VersionsSince(stored.version, target, definitions);
  if (!versions.has_value()) return {{stored.item, std::nullopt}};
  State state = {{stored.item, stored.value}};
  for (const Definition* definition : *versions) Advance(*definition, state);
  for (auto& [id, value] : state) {
    const v1::ItemDefinition* item = target.FindItem(id);
    const bool readable =
        item != nullptr && value.has_value() && CanRead(target.proto(), *item, *value);
    if (!readable) value = std::nullopt;
  }
  return state;
}

}  // namespace

std::vector<Reading> ReadCell(std::span<const StoredValue> cell, const Definition& target,
                              const DefinitionSet& definitions) {
  State whole;
  for (const StoredValue& stored : cell) {
    for (auto& [item, value] : ReadOne(stored, target, definitions)) whole[item] = value;
  }
  std::vector<Reading> readings;
  readings.reserve(whole.size());
  for (auto& [item, value] : whole) readings.push_back({.item = item, .value = std::move(value)});
  return readings;
}

std::optional<v1::Value> DefaultFor(uint32_t item, uint32_t record_version,
                                    const Definition& target, const DefinitionSet& definitions) {
  const std::optional<std::vector<const Definition*>> versions =
      VersionsSince(record_version, target, definitions);
  if (!versions.has_value()) return std::nullopt;
  for (auto version = versions->rbegin(); version != versions->rend(); ++version) {
    for (const v1::MigrationStep& step : (*version)->proto().steps()) {
      if (!step.has_default_value() || step.default_value().item() != item) continue;
      const StoredValue stored = {
          .item = item, .version = (*version)->number(), .value = step.default_value().value()};
      return ReadOne(stored, target, definitions)[item];
    }
  }
  return std::nullopt;
}

}  // namespace trialsync::study
