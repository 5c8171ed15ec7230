// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_LOG_H_
#define TRIALSYNC_DAEMON_LOG_H_

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "absl/time/time.h"

// The daemon's log: one JSON object a line on stderr, e.g.
//
//   {"time":"2026-11-22T10:00:00.123Z","level":"info","message":"listening","port":7443}
//
// No line may hold a value of a patient or a secret: log names, numbers and reasons. Safe to call
// from any thread.
namespace trialsync::daemon {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// `debug`, `info`, `warning`, `error`.
std::string_view LogLevelName(LogLevel level);

// One field of a line. Text may hold anything: it is escaped.
class LogField {
 public:
  LogField(std::string_view key, std::string_view text) : key_(key), value_(std::string(text)) {}
  LogField(std::string_view key, const char* text) : LogField(key, std::string_view(text)) {}
  template <std::integral Number>
  LogField(std::string_view key, Number number) : key_(key) {
    if constexpr (std::same_as<Number, bool>) {
      value_ = number;
    } else if constexpr (std::signed_integral<Number>) {
      value_ = int64_t{number};
    } else {
      value_ = uint64_t{number};
    }
  }

  const std::string& key() const { return key_; }
  // The value as JSON.
  std::string ToJson() const;

 private:
  std::string key_;
  std::variant<std::string, int64_t, uint64_t, bool> value_;
};

// `text` as a JSON string, quotes included. The result is ASCII without line ends where `text` is
// not UTF-8: then each byte beyond ASCII is shown as the character of its number.
std::string JsonString(std::string_view text);

// The line, without its end.
std::string LogLine(absl::Time time, LogLevel level, std::string_view message,
                    std::span<const LogField> fields);

// Sets the least level that is written; kInfo until it is called.
void SetLogLevel(LogLevel level);

void Log(LogLevel level, std::string_view message, std::span<const LogField> fields);
inline void Log(LogLevel level, std::string_view message,
                std::initializer_list<LogField> fields = {}) {
  Log(level, message, std::span(fields.begin(), fields.size()));
}

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_LOG_H_
