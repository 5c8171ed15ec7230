// SPDX-License-Identifier: Apache-2.0
#include "sync/standing.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "study/value.h"
#include "study/versions.h"
#include "sync/record.h"

namespace trialsync::sync {
namespace {

std::string StoredText(const v1::CellRow& cell) {
  std::vector<std::string> texts;
  for (const v1::StandingValue& value : cell.values()) {
    texts.push_back(study::FormatValue(value.value()));
  }
  return absl::StrJoin(texts, ", ");
}

std::vector<study::StoredValue> AsStored(const StandingValues& values) {
  std::vector<study::StoredValue> stored;
  for (const v1::StandingValue& value : values) {
    stored.push_back({value.item(), value.version(), value.value()});
  }
  return stored;
}

v1::ItemWrite WriteOf(uint32_t item, const v1::Value& value) {
  v1::ItemWrite write;
  write.set_item(item);
  *write.mutable_value() = value;
  return write;
}

}  // namespace

Standing StandingOf(const v1::RecordState& record, uint32_t item,
                    const study::Definition& definition, const study::DefinitionSet& definitions) {
  Standing standing;
  const uint32_t lineage = definition.Lineage(item);
  const v1::CellRow* cell = FindCell(record, lineage);
  if (cell == nullptr || cell->values().empty()) return standing;
  standing.decided = cell->decided();
  standing.text = StoredText(*cell);
  const std::vector<study::Reading> readings =
      study::ReadCell(StoredValues(*cell), definition, definitions);
  const auto reading = std::find_if(readings.begin(), readings.end(),
                                    [item](const auto& r) { return r.item == item; });
  const bool all_read = std::all_of(readings.begin(), readings.end(),
                                    [](const auto& r) { return r.value.has_value(); });
  if (reading != readings.end() && reading->value) {
    standing.value = reading->value;
    standing.text = study::FormatValue(*standing.value);
    standing.empty = false;
  } else {
    standing.empty = reading == readings.end() && all_read && item != lineage;
  }
  if (standing.empty) standing = Standing();
  return standing;
}

bool IsWhatStands(const Standing& standing, const v1::Value& offered) {
  return standing.value &&
         study::CompareValues(*standing.value, offered) == study::Comparison::kEqual &&
         standing.text == study::FormatValue(offered);
}

std::string TextOf(const StandingValues& values, const Vocabulary& vocabulary) {
  if (values.size() == 1) return study::FormatValue(values[0].value());
  return absl::StrJoin(values, ", ", [&](std::string* out, const v1::StandingValue& value) {
    absl::StrAppend(out, vocabulary.ItemName(value.item()), "=", study::FormatValue(value.value()));
  });
}

absl::StatusOr<std::vector<v1::ItemWrite>> WritesOf(const StandingValues& values,
                                                    const study::Definition& definition,
                                                    const study::DefinitionSet& definitions) {
  std::vector<v1::ItemWrite> writes;
  const bool as_written = std::all_of(values.begin(), values.end(), [&](const auto& value) {
    return value.item() == kLabelItem || value.version() == definition.number();
  });
  if (as_written) {
    for (const v1::StandingValue& value : values) {
      writes.push_back(WriteOf(value.item(), value.value()));
    }
    return writes;
  }
  for (const study::Reading& reading : study::ReadCell(AsStored(values), definition, definitions)) {
    const v1::ItemDefinition* item = definition.FindItem(reading.item);
    if (!reading.value) {
      return absl::FailedPreconditionError(
          absl::StrCat(item == nullptr ? "an item" : item->name(),
                       ": what was written cannot be read under version ", definition.number(),
                       " of the study; give the value as it is to be"));
    }
    if (!item->retired()) writes.push_back(WriteOf(reading.item, *reading.value));
  }
  return writes;
}

}  // namespace trialsync::sync
