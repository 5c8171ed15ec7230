// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_TEXT_H_
#define TRIALSYNC_DAEMON_COMMAND_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

// Text as it comes in from files and goes out to a terminal.
namespace trialsync::command {

// `text` without what could move a cursor or colour a terminal: control characters (C0, DEL, C1)
// and bytes that are not UTF-8 are shown as \n, \t or \xNN. For terminals only, never for data.
std::string Printable(std::string_view text);

// A value as a person reads it: printable, and one that is long shortened, with its length and
// where the whole is. For terminals only, never for data.
std::string ValueText(std::string_view text);

// Columns that `text` takes in a terminal: two for each East Asian wide character, one for others.
// Takes printable UTF-8.
size_t DisplayWidth(std::string_view text);

// Broken between words into lines of at most `width` columns; a word that is longer is cut.
// At least one line, maybe an empty one.
std::vector<std::string> Wrap(std::string_view text, size_t width);

// Whether `a` comes before `b` for a reader: numbers by their value, VISIT~2 before VISIT~10.
bool NaturallyLess(std::string_view a, std::string_view b);

// The content of a file. A usage error if it cannot be read, or has more than `bytes_max` bytes.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t bytes_max);

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_TEXT_H_
