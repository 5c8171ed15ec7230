// SPDX-License-Identifier: Apache-2.0
#include "sync/vocabulary.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sync/admission.h"
#include "sync/record.h"

namespace trialsync::sync {
namespace {

// What the first version that has it says.
template <typename Versions, typename Find>
auto First(const Versions& versions, Find find) -> decltype(find(*versions.front())) {
  for (const auto& version : versions) {
    if (const auto* found = find(*version)) return found;
  }
  return nullptr;
}

}  // namespace

Vocabulary::Vocabulary(PartitionState& state) {
  const v1::Position newest =
      PositionOf(state.branches().epoch(), std::numeric_limits<uint64_t>::max());
  const std::shared_ptr<const study::Definition> active = NewestActive(state, newest);
  if (active != nullptr) versions_.push_back(active);
  const auto& all = state.definitions().all();
  for (auto version = all.rbegin(); version != all.rend(); ++version) {
    if (*version != active) versions_.push_back(*version);
  }
}

const v1::EventDefinition* Vocabulary::FindEvent(uint32_t id) const {
  return First(versions_, [id](const auto& version) { return version.FindEvent(id); });
}

const v1::EventDefinition* Vocabulary::FindEvent(std::string_view name) const {
  return First(versions_, [name](const auto& version) { return version.FindEvent(name); });
}

const v1::FormDefinition* Vocabulary::FindForm(uint32_t id) const {
  return First(versions_, [id](const auto& version) { return version.FindForm(id); });
}

const v1::FormDefinition* Vocabulary::FindForm(std::string_view name) const {
  return First(versions_, [name](const auto& version) { return version.FindForm(name); });
}

const v1::ItemDefinition* Vocabulary::FindItem(uint32_t id) const {
  return First(versions_, [id](const auto& version) { return version.FindItem(id); });
}

const v1::ItemDefinition* Vocabulary::FindItem(uint32_t form, std::string_view name) const {
  return First(versions_, [=](const auto& version) { return version.FindItem(form, name); });
}

bool Vocabulary::EventHasForm(uint32_t event, uint32_t form) const {
  return std::any_of(versions_.begin(), versions_.end(),
                     [=](const auto& version) { return version->EventHasForm(event, form); });
}

uint32_t Vocabulary::Lineage(uint32_t item) const {
  for (const auto& version : versions_) {
    if (version->FindItem(item) != nullptr) return version->Lineage(item);
  }
  return item;
}

std::string Vocabulary::ItemName(uint32_t item) const {
  if (item == kLabelItem) return "label";
  const v1::ItemDefinition* found = FindItem(item);
  return found == nullptr ? absl::StrCat("item ", item) : found->name();
}

std::string Vocabulary::ItemNames(uint32_t form) const {
  const v1::FormDefinition* found = FindForm(form);
  if (found == nullptr) return "";
  std::vector<std::string> names;
  for (const v1::ItemDefinition& item : found->items()) {
    if (!item.retired()) names.push_back(item.name());
  }
  return absl::StrJoin(names, ", ");
}

}  // namespace trialsync::sync
