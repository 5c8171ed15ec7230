// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_FORMAT_H_
#define TRIALSYNC_DAEMON_COMMAND_FORMAT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/generated_enum_reflection.h"
#include "google/protobuf/message.h"
#include "google/protobuf/timestamp.pb.h"

// Messages as words for a person or as JSON for a script.
namespace trialsync::command {

enum class JsonStyle {
  // Indented, with every field that has no presence, so that scripts find them.
  kPretty,
  // One line, fields that are set only.
  kLine,
};

// `message` in protobuf's JSON mapping (lowerCamelCase, 64-bit integers as strings), but for ids
// and digests, which are hexadecimal as everywhere else; with a line end.
std::string JsonOf(const google::protobuf::Message& message, JsonStyle style);

// `text` as a JSON string with its quotes.
std::string JsonString(const std::string& text);

// `1 row`, `2 rows`.
std::string Counted(uint64_t count, std::string_view singular);

// The number `value` of an enum as a word: OUTCOME_REFUSED gives `refused`, VERSION_INACTIVE
// `version inactive`; empty for unspecified, digits for a number of a newer release.
std::string EnumWord(const google::protobuf::EnumDescriptor& type, int value);

template <typename Enum>
std::string Word(Enum value) {
  return EnumWord(*google::protobuf::GetEnumDescriptor<Enum>(), static_cast<int>(value));
}

// `2026-11-22T09:30:00Z`; empty if it was never set.
std::string TimeText(const google::protobuf::Timestamp& time);

// How long ago, in its largest unit: `3 min`; empty if it was never set, `now` for the future too.
std::string AgeText(const google::protobuf::Timestamp& time, absl::Time now);

// The first 12 digits of a hexadecimal id or root, given in hexadecimal or as bytes.
std::string ShortId(std::string_view hex);
std::string ShortHex(std::string_view bytes);

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_FORMAT_H_
