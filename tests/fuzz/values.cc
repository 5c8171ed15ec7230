// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "proto/check.h"
#include "study/checks.h"
#include "study/decimal.h"
#include "study/value.h"
#include "study/versions.h"
#include "tests/fuzz/edit_message.h"
#include "tests/fuzz/sample_study.h"
#include "tests/fuzz/target.h"

// What a person types for an item: `ITEM=TEXT`, one a line, for each version of the sample study;
// and values as a peer could send them, edited or any bytes, behind a line that is `!`.
namespace trialsync::fuzz {
namespace {

using study::Comparison;

void CheckPair(const v1::Value& a, const v1::Value& b) {
  const Comparison compared = study::CompareValues(a, b);
  TS_CHECK(compared == study::CompareValues(b, a));
  const std::string first = study::FormatValue(a);
  const std::string second = study::FormatValue(b);
  const auto order = study::CompareDecimals(first, second);
  const auto reverse = study::CompareDecimals(second, first);
  TS_CHECK((order == std::partial_ordering::less) == (reverse == std::partial_ordering::greater));
  const auto product = study::MultiplyDecimals(first, second);
  const auto product_back = study::MultiplyDecimals(second, first);
  TS_CHECK(product.ok() == product_back.ok() && (!product.ok() || *product == *product_back));
  if (product.ok()) TS_CHECK(study::ValidateDecimal(*product).ok());
}

// What is read under the versions, whatever it is.
void ReadUnderAll(const v1::ItemDefinition& item, uint32_t version, const v1::Value& value) {
  const study::StoredValue stored{item.id(), version, value};
  for (const auto& target : SampleStudy().all()) {
    for (const study::Reading& reading : study::ReadCell({&stored, 1}, *target, SampleStudy())) {
      const v1::ItemDefinition* const read_item = target->FindItem(reading.item);
      if (!reading.value || reading.value->has_withheld()) continue;
      TS_CHECK(read_item != nullptr && study::CanRead(target->proto(), *read_item, *reading.value));
    }
    study::RunChecks(*target, 1, [&](uint32_t id) { return id == item.id() ? &value : nullptr; });
    study::CheckRanges(*target, item.id(), value);
  }
}

void CheckTyped(const study::Definition& definition, const v1::ItemDefinition& item,
                std::string_view text, v1::Value& last) {
  const absl::StatusOr<v1::Value> value = study::ParseValue(definition.proto(), item, text);
  if (!value.ok()) return;
  TS_CHECK(study::ValidateLocalValue(definition.proto(), item, *value).ok());
  TS_CHECK(study::CanRead(definition.proto(), item, *value));
  const absl::StatusOr<v1::Value> again =
      study::ParseValue(definition.proto(), item, study::FormatValue(*value));
  TS_CHECK(again.ok() && again->SerializeAsString() == value->SerializeAsString());
  TS_CHECK(study::CompareValues(*value, *value) != Comparison::kNotEqual);
  CheckPair(*value, last);
  ReadUnderAll(item, definition.number(), *value);
  last = *value;
}

void CheckSent(Input& input, v1::Value value) {
  const study::Definition& definition =
      *SampleStudy().all()[input.Choose(SampleStudy().all().size())];
  const v1::FormDefinition& form = *definition.FindForm(1);
  const v1::ItemDefinition& item =
      form.items(static_cast<int>(input.Choose(static_cast<size_t>(form.items_size()))));
  const v1::Value before = value;
  if (input.Choose(2) == 0) {
    EditMessage(value, input);
  } else {
    value.ParseFromString(std::string(input.Rest()));
    // Of a newer release: kept, and said of nobody.
    value.DiscardUnknownFields();
  }
  study::ValidateValue(definition.proto(), item, value).IgnoreError();
  const absl::Status local = study::ValidateLocalValue(definition.proto(), item, value);
  // What may stand is written as text that is read back as the same.
  if (local.ok()) {
    const auto again = study::ParseValue(definition.proto(), item, study::FormatValue(value));
    TS_CHECK(again.ok() && again->SerializeAsString() == value.SerializeAsString());
  }
  CheckPair(value, before);
  ReadUnderAll(item, definition.number(), value);
}

void Run(std::string_view bytes) {
  Input input(bytes);
  v1::Value last;
  while (!input.ended()) {
    std::string_view line = input.Rest();
    const size_t end = line.find('\n');
    if (end != std::string_view::npos) {
      input = Input(line.substr(end + 1));
      line = line.substr(0, end);
    }
    if (line == "!") return CheckSent(input, last);
    const size_t sign = line.find('=');
    if (sign == std::string_view::npos) continue;
    for (const auto& definition : SampleStudy().all()) {
      const v1::ItemDefinition* const item = definition->FindItem(1, line.substr(0, sign));
      if (item != nullptr) CheckTyped(*definition, *item, line.substr(sign + 1), last);
    }
  }
}

const RegisteredTarget kTarget("values", Run);

}  // namespace
}  // namespace trialsync::fuzz
