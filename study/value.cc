// SPDX-License-Identifier: Apache-2.0
#include "study/value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "study/decimal.h"
#include "study/text.h"

namespace trialsync::study {
namespace {

constexpr std::string_view kMissingPrefix = "missing:";
constexpr size_t kCodesShownMax = 12;

struct MissingName {
  v1::MissingReason reason;
  std::string_view name;
};
constexpr std::array<MissingName, 4> kMissingNames = {{
    {v1::MISSING_REASON_NOT_DONE, "not_done"},
    {v1::MISSING_REASON_UNKNOWN, "unknown"},
    {v1::MISSING_REASON_NOT_APPLICABLE, "not_applicable"},
    {v1::MISSING_REASON_REFUSED, "refused"},
}};

struct ComparatorSign {
  v1::Comparator comparator;
  std::string_view sign;
};
// The longer sign first, so that `<=` is not read as `<`.
constexpr std::array<ComparatorSign, 4> kComparatorSigns = {{
    {v1::COMPARATOR_LESS_OR_EQUAL, "<="},
    {v1::COMPARATOR_GREATER_OR_EQUAL, ">="},
    {v1::COMPARATOR_LESS, "<"},
    {v1::COMPARATOR_GREATER, ">"},
}};

const v1::CodeList* FindList(const v1::StudyDefinition& definition, const std::string& name) {
  for (const v1::CodeList& list : definition.code_lists()) {
    if (list.name() == name) return &list;
  }
  return nullptr;
}

const v1::Code* FindCode(const v1::StudyDefinition& definition, const v1::ItemDefinition& item,
                         const std::string& code) {
  const v1::CodeList* list = FindList(definition, item.code_list());
  if (list == nullptr) return nullptr;
  for (const v1::Code& candidate : list->codes()) {
    if (candidate.code() == code) return &candidate;
  }
  return nullptr;
}

std::string ExpectedCode(const v1::StudyDefinition& definition, const v1::ItemDefinition& item) {
  std::vector<std::string> codes;
  if (const v1::CodeList* list = FindList(definition, item.code_list()); list != nullptr) {
    for (const v1::Code& code : list->codes()) {
      if (!code.retired()) codes.push_back(code.code());
    }
  }
  const std::string example = codes.empty() ? "missing:unknown" : codes.front();
  if (codes.size() > kCodesShownMax) {
    codes.resize(kCodesShownMax);
    codes.push_back("…");
  }
  return absl::StrCat("a code of the list ", item.code_list(), " (", absl::StrJoin(codes, ", "),
                      "), e.g. ", example);
}

std::string ExpectedQuantity(const v1::ItemDefinition& item) {
  if (item.units().empty()) return "a number without a unit, e.g. 1.5 or <0.05";
  return absl::StrCat("a number and the unit ", absl::StrJoin(item.units(), " or "), ", e.g. 1.5 ",
                      item.units(0), " or <0.05 ", item.units(0));
}

// What a person is asked for, with an example.
std::string Expected(const v1::StudyDefinition& definition, const v1::ItemDefinition& item) {
  switch (item.type()) {
    case v1::ITEM_TYPE_TEXT:
      return absl::StrCat("UTF-8 text of 1 to ", kTextBytesMax, " bytes, e.g. mild headache");
    case v1::ITEM_TYPE_INTEGER:
      return "a whole number within 64 bits, without leading zeros or plus sign, e.g. 12";
    case v1::ITEM_TYPE_DECIMAL:
      return absl::StrCat("a decimal number of at most ", kDecimalBytesMax,
                          " characters, with digits on both sides of a point, e.g. 1.50");
    case v1::ITEM_TYPE_QUANTITY:
      return ExpectedQuantity(item);
    case v1::ITEM_TYPE_DATE:
      return "a date as year, year-month or year-month-day, e.g. 2024-05-17 or 2024-05";
    case v1::ITEM_TYPE_TIME:
      return "a time of day as HH:MM or HH:MM:SS, e.g. 09:30";
    case v1::ITEM_TYPE_BOOLEAN:
      return "true or false, e.g. true";
    case v1::ITEM_TYPE_CODED:
      return ExpectedCode(definition, item);
    default:
      return "an item of a type that this release knows; install the current release";
  }
}

// The given text, unless the item's values must not leave the hospital: messages do.
std::string Given(const v1::ItemDefinition& item, std::string_view text) {
  return item.site_only() ? "what was given" : Quoted(text);
}

absl::Status NoValue(const v1::StudyDefinition& definition, const v1::ItemDefinition& item,
                     std::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat(item.name(), ": ", Given(item, text),
                                                 " is no value of this item; expected ",
                                                 Expected(definition, item)));
}

std::optional<int> TwoDigits(std::string_view text) {
  if (text.size() != 2 || !absl::ascii_isdigit(static_cast<unsigned char>(text[0])) ||
      !absl::ascii_isdigit(static_cast<unsigned char>(text[1]))) {
    return std::nullopt;
  }
  return (text[0] - '0') * 10 + (text[1] - '0');
}

// `text` is a separator and two digits within the limits.
bool IsPart(std::string_view text, char separator, int lowest, int highest) {
  if (!text.starts_with(separator)) return false;
  const std::optional<int> number = TwoDigits(text.substr(1));
  return number.has_value() && *number >= lowest && *number <= highest;
}

bool IsTime(std::string_view text) {
  if (text.size() != 5 && text.size() != 8) return false;
  const std::optional<int> hour = TwoDigits(text.substr(0, 2));
  if (!hour.has_value() || *hour > 23 || !IsPart(text.substr(2, 3), ':', 0, 59)) return false;
  return text.size() == 5 || IsPart(text.substr(5), ':', 0, 59);
}

bool IsQuantityOf(const v1::ItemDefinition& item, const v1::Quantity& quantity) {
  if (!v1::Comparator_IsValid(quantity.comparator())) return false;
  if (!ValidateDecimal(quantity.number()).ok()) return false;
  if (item.units().empty()) return quantity.unit().empty();
  for (const std::string& unit : item.units()) {
    if (unit == quantity.unit()) return true;
  }
  return false;
}

bool IsText(const std::string& text) {
  return !text.empty() && text.size() <= kTextBytesMax && IsUtf8(text);
}

bool IsMissingReason(v1::MissingReason reason) {
  return reason != v1::MISSING_REASON_UNSPECIFIED && v1::MissingReason_IsValid(reason);
}

absl::Status NotRetired(const v1::ItemDefinition& item) {
  if (!item.retired()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(item.name(),
                   ": the item is retired in this version of the study: it is read "
                   "but no longer written; leave it out"));
}

absl::StatusOr<v1::Value> ParseMissing(const v1::ItemDefinition& item, std::string_view text) {
  const std::string_view given = text.substr(kMissingPrefix.size());
  for (const MissingName& entry : kMissingNames) {
    if (entry.name != given) continue;
    v1::Value value;
    value.set_missing(entry.reason);
    return value;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      item.name(), ": ", Given(item, text),
      " names no missing reason; expected missing:not_done, missing:unknown, "
      "missing:not_applicable or missing:refused",
      item.type() == v1::ITEM_TYPE_TEXT ? "; for a text that begins so, put a backslash before it"
                                        : ""));
}

// Zero or more backslashes, then `missing:`.
bool LooksMissing(std::string_view text) {
  const size_t backslashes = std::min(text.find_first_not_of('\\'), text.size());
  return text.substr(backslashes).starts_with(kMissingPrefix);
}

v1::Quantity ParseQuantity(const v1::ItemDefinition& item, std::string_view text) {
  v1::Quantity quantity;
  for (const ComparatorSign& entry : kComparatorSigns) {
    if (!text.starts_with(entry.sign)) continue;
    quantity.set_comparator(entry.comparator);
    text.remove_prefix(entry.sign.size());
    break;
  }
  const size_t space = text.find(' ');
  quantity.set_number(std::string(text.substr(0, space)));
  if (space != std::string_view::npos) {
    // A space at the end is no unit left out: it then fits no unit of the item.
    quantity.set_unit(std::string(text.substr(space + (space + 1 < text.size() ? 1 : 0))));
  } else if (item.units_size() == 1) {
    quantity.set_unit(item.units(0));
  }
  return quantity;
}

// A candidate of the item's kind, still to be validated; unset if the text cannot be one.
v1::Value ParseKind(const v1::ItemDefinition& item, std::string_view text) {
  v1::Value value;
  switch (item.type()) {
    case v1::ITEM_TYPE_TEXT:
      value.set_text(std::string(text.substr(LooksMissing(text) ? 1 : 0)));
      break;
    case v1::ITEM_TYPE_INTEGER: {
      int64_t integer = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), integer);
      if (error == std::errc() && absl::StrCat(integer) == text) value.set_integer(integer);
      break;
    }
    case v1::ITEM_TYPE_DECIMAL:
      value.set_decimal(std::string(text));
      break;
    case v1::ITEM_TYPE_QUANTITY:
      *value.mutable_quantity() = ParseQuantity(item, text);
      break;
    case v1::ITEM_TYPE_DATE:
      value.set_date(std::string(text));
      break;
    case v1::ITEM_TYPE_TIME:
      value.set_time(std::string(text));
      break;
    case v1::ITEM_TYPE_BOOLEAN:
      if (text == "true" || text == "false") value.set_boolean(text == "true");
      break;
    case v1::ITEM_TYPE_CODED:
      value.set_code(std::string(text));
      break;
    default:
      break;
  }
  return value;
}

std::string FormatQuantity(const v1::Quantity& quantity) {
  std::string_view sign;
  for (const ComparatorSign& entry : kComparatorSigns) {
    if (entry.comparator == quantity.comparator()) sign = entry.sign;
  }
  return absl::StrCat(absl::string_view(sign.data(), sign.size()), quantity.number(),
                      quantity.unit().empty() ? "" : " ", quantity.unit());
}

std::string FormatMissing(v1::MissingReason reason) {
  for (const MissingName& entry : kMissingNames) {
    if (entry.reason == reason) {
      return std::string(kMissingPrefix).append(entry.name);
    }
  }
  return std::string(kMissingPrefix).append("unspecified");
}

}  // namespace

bool IsDate(std::string_view text) {
  if (text.size() != 4 && text.size() != 7 && text.size() != 10) return false;
  const std::optional<int> century = TwoDigits(text.substr(0, 2));
  const std::optional<int> year = TwoDigits(text.substr(2, 2));
  if (!century.has_value() || !year.has_value() || *century + *year == 0) return false;
  if (text.size() == 4) return true;
  if (!IsPart(text.substr(4, 3), '-', 1, 12)) return false;
  if (text.size() == 7) return true;
  if (!IsPart(text.substr(7), '-', 1, 31)) return false;
  const int day = *TwoDigits(text.substr(8));
  return absl::CivilDay(*century * 100 + *year, *TwoDigits(text.substr(5, 2)), day).day() == day;
}

absl::StatusOr<v1::Value> ParseValue(const v1::StudyDefinition& definition,
                                     const v1::ItemDefinition& item, std::string_view text) {
  v1::Value value;
  if (text.starts_with(kMissingPrefix)) {
    absl::StatusOr<v1::Value> missing = ParseMissing(item, text);
    if (!missing.ok()) return missing;
    value = *std::move(missing);
  } else {
    value = ParseKind(item, text);
    if (!CanRead(definition, item, value)) return NoValue(definition, item, text);
  }
  absl::Status status = ValidateLocalValue(definition, item, value);
  if (!status.ok()) return status;
  return value;
}

std::string FormatValue(const v1::Value& value) {
  switch (value.kind_case()) {
    case v1::Value::kText:
      return LooksMissing(value.text()) ? absl::StrCat("\\", value.text()) : value.text();
    case v1::Value::kInteger:
      return absl::StrCat(value.integer());
    case v1::Value::kDecimal:
      return value.decimal();
    case v1::Value::kQuantity:
      return FormatQuantity(value.quantity());
    case v1::Value::kDate:
      return value.date();
    case v1::Value::kTime:
      return value.time();
    case v1::Value::kBoolean:
      return value.boolean() ? "true" : "false";
    case v1::Value::kCode:
      return value.code();
    case v1::Value::kMissing:
      return FormatMissing(value.missing());
    case v1::Value::kWithheld:
      return "(withheld)";
    case v1::Value::KIND_NOT_SET:
      return "";
  }
  return "";
}

bool CanRead(const v1::StudyDefinition& definition, const v1::ItemDefinition& item,
             const v1::Value& value) {
  if (value.has_withheld()) return true;
  if (value.has_missing()) return IsMissingReason(value.missing());
  switch (item.type()) {
    case v1::ITEM_TYPE_TEXT:
      return value.has_text() && IsText(value.text());
    case v1::ITEM_TYPE_INTEGER:
      return value.has_integer();
    case v1::ITEM_TYPE_DECIMAL:
      return value.has_decimal() && ValidateDecimal(value.decimal()).ok();
    case v1::ITEM_TYPE_QUANTITY:
      return value.has_quantity() && IsQuantityOf(item, value.quantity());
    case v1::ITEM_TYPE_DATE:
      return value.has_date() && IsDate(value.date());
    case v1::ITEM_TYPE_TIME:
      return value.has_time() && IsTime(value.time());
    case v1::ITEM_TYPE_BOOLEAN:
      return value.has_boolean();
    case v1::ITEM_TYPE_CODED:
      return value.has_code() && FindCode(definition, item, value.code()) != nullptr;
    default:
      return false;
  }
}

absl::Status ValidateLocalValue(const v1::StudyDefinition& definition,
                                const v1::ItemDefinition& item, const v1::Value& value) {
  if (absl::Status status = NotRetired(item); !status.ok()) return status;
  if (value.has_withheld()) {
    return absl::InvalidArgumentError(
        absl::StrCat(item.name(),
                     ": withheld stands for a value of a site_only item at the "
                     "centre and is no value by itself; give the value"));
  }
  if (!CanRead(definition, item, value)) return NoValue(definition, item, FormatValue(value));
  if (value.has_code() && FindCode(definition, item, value.code())->retired()) {
    return absl::FailedPreconditionError(absl::StrCat(
        item.name(), ": the code ", Given(item, value.code()),
        " is retired in this version of the study; expected ", Expected(definition, item)));
  }
  return absl::OkStatus();
}

absl::Status ValidateValue(const v1::StudyDefinition& definition, const v1::ItemDefinition& item,
                           const v1::Value& value) {
  if (!item.site_only() || value.has_missing()) return ValidateLocalValue(definition, item, value);
  if (absl::Status status = NotRetired(item); !status.ok()) return status;
  if (value.has_withheld()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(item.name(),
                   ": the item is site_only and its value must not leave the hospital; "
                   "send withheld or a missing reason"));
}

}  // namespace trialsync::study
