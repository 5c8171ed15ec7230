// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/format.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <array>
#include <memory>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "proto/check.h"
#include "proto/digest.h"

namespace trialsync::command {
namespace {

constexpr size_t kShortDigits = 12;

// The bytes whose base64 is the hexadecimal of `bytes`: JSON writes bytes as base64, and all of
// ours are ids and digests of an even length, the digits of which are a whole number of base64's
// groups.
std::string ShownAsHex(const std::string& bytes) {
  std::string shown;
  return bytes.size() % 2 == 0 && absl::Base64Unescape(ToHex(bytes), &shown) ? shown : bytes;
}

void ShowBytesAsHex(google::protobuf::Message& message) {
  using google::protobuf::FieldDescriptor;
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        ShowBytesAsHex(field->is_repeated() ? *reflection.MutableRepeatedMessage(&message, field, i)
                                            : *reflection.MutableMessage(&message, field));
      } else if (field->type() == FieldDescriptor::TYPE_BYTES && field->is_repeated()) {
        reflection.SetRepeatedString(&message, field, i,
                                     ShownAsHex(reflection.GetRepeatedString(message, field, i)));
      } else if (field->type() == FieldDescriptor::TYPE_BYTES) {
        reflection.SetString(&message, field, ShownAsHex(reflection.GetString(message, field)));
      }
    }
  }
}

}  // namespace

std::string JsonOf(const google::protobuf::Message& message, JsonStyle style) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = style == JsonStyle::kPretty;
  options.always_print_primitive_fields = style == JsonStyle::kPretty;
  const std::unique_ptr<google::protobuf::Message> shown(message.New());
  shown->CopyFrom(message);
  ShowBytesAsHex(*shown);
  std::string json;
  TS_CHECK(google::protobuf::util::MessageToJsonString(*shown, &json, options).ok());
  if (!absl::EndsWith(json, "\n")) json += '\n';
  return json;
}

std::string JsonString(const std::string& text) {
  google::protobuf::Value value;
  value.set_string_value(text);
  return std::string(absl::StripSuffix(JsonOf(value, JsonStyle::kLine), "\n"));
}

std::string Counted(uint64_t count, std::string_view singular) {
  return absl::StrCat(count, " ", std::string(singular), count == 1 ? "" : "s");
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
