// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/format.h"

#include <google/protobuf/util/json_util.h>

#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "proto/check.h"
#include "proto/digest.h"

namespace trialsync::command {
namespace {

constexpr size_t kShortDigits = 12;

}  // namespace

std::string JsonOf(const google::protobuf::Message& message, JsonStyle style) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = style == JsonStyle::kPretty;
  options.always_print_primitive_fields = style == JsonStyle::kPretty;
  std::string json;
  TS_CHECK(google::protobuf::util::MessageToJsonString(message, &json, options).ok());
  if (!absl::EndsWith(json, "\n")) json += '\n';
  return json;
}

std::string EnumWord(const google::protobuf::EnumDescriptor& type, int value) {
  const google::protobuf::EnumValueDescriptor* found = type.FindValueByNumber(value);
  if (found == nullptr) return absl::StrCat(value);
  if (value == 0) return "";
  const std::string& zero = type.FindValueByNumber(0)->name();
  const absl::string_view prefix = absl::StripSuffix(zero, "UNSPECIFIED");
  std::string word(absl::StripPrefix(found->name(), prefix));
  absl::AsciiStrToLower(&word);
  return absl::StrReplaceAll(word, {{"_", " "}});
}

std::string TimeText(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0 && time.nanos() == 0) return "";
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(time.seconds()),
                          absl::UTCTimeZone());
}

std::string AgeText(const google::protobuf::Timestamp& time, absl::Time now) {
  if (time.seconds() == 0 && time.nanos() == 0) return "";
  const int64_t seconds = absl::ToUnixSeconds(now) - time.seconds();
  struct Unit {
    int64_t seconds;
    const char* name;
  };
  static constexpr std::array<Unit, 4> kUnits = {
      {{86400, " d"}, {3600, " h"}, {60, " min"}, {1, " s"}}};
  for (const Unit& unit : kUnits) {
    if (seconds >= unit.seconds) return absl::StrCat(seconds / unit.seconds, unit.name);
  }
  return "now";
}

std::string ShortId(std::string_view hex) { return std::string(hex.substr(0, kShortDigits)); }

std::string ShortHex(std::string_view bytes) { return ShortId(ToHex(bytes)); }

}  // namespace trialsync::command
