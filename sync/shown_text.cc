// SPDX-License-Identifier: Apache-2.0
#include "sync/shown_text.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "study/value.h"
#include "study/versions.h"

namespace trialsync::sync {
namespace {

// What the newest version says of the values; nothing if it cannot say something of all of them.
std::vector<study::Reading> ReadByNewest(const StandingValues& values,
                                         const study::DefinitionSet& definitions) {
  const auto newest = definitions.latest();
  if (newest == nullptr) return {};
  std::vector<study::StoredValue> stored;
  for (const v1::StandingValue& value : values) {
    // What a change brings with it has no version.
    if (value.version() == 0) return {};
    stored.push_back({value.item(), value.version(), value.value()});
  }
  std::vector<study::Reading> readings = study::ReadCell(stored, *newest, definitions);
  std::erase_if(readings, [&](const study::Reading& reading) {
    const v1::ItemDefinition* item = newest->FindItem(reading.item);
    return reading.value && item != nullptr && item->retired();
  });
  const bool all = std::all_of(readings.begin(), readings.end(),
                               [](const auto& reading) { return reading.value.has_value(); });
  return all ? std::move(readings) : std::vector<study::Reading>();
}

}  // namespace

std::string ShownText(const StandingValues& values, View& view, const Vocabulary& vocabulary) {
  if (values.size() == 1) return study::FormatValue(values[0].value());
  const auto text = [&](uint32_t item, const v1::Value& value) {
    return absl::StrCat(vocabulary.ItemName(item), " ", study::FormatValue(value));
  };
  std::vector<std::string> parts;
  for (const study::Reading& reading : ReadByNewest(values, view.state().definitions())) {
    parts.push_back(text(reading.item, *reading.value));
  }
  if (parts.empty()) {
    for (const v1::StandingValue& value : values) {
      parts.push_back(text(value.item(), value.value()));
    }
  }
  return absl::StrJoin(parts, ", ");
}

}  // namespace trialsync::sync
