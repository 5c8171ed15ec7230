// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "daemon/command/exit_code.h"
#include "daemon/command/limits.h"

namespace trialsync::command {
namespace {

struct CodePoint {
  uint32_t value = 0;
  // 0: what stands here is not UTF-8.
  size_t bytes = 0;
};

// The first code point of `text`, which is not empty.
CodePoint Decode(std::string_view text) {
  const auto lead = static_cast<uint8_t>(text[0]);
  if (lead < 0x80) return {lead, 1};
  const size_t bytes = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (bytes == 0 || text.size() < bytes) return {};
  uint32_t value = lead & (0x7fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<uint8_t>(text[i]);
    if ((next & 0xc0) != 0x80) return {};
    value = value << 6 | (next & 0x3fu);
  }
  const bool overlong = (bytes == 3 && value < 0x800) || (bytes == 4 && value < 0x10000);
  const bool surrogate = value >= 0xd800 && value < 0xe000;
  if (overlong || surrogate || value > 0x10ffff) return {};
  return {value, bytes};
}

bool IsControl(uint32_t value) { return value < 0x20 || (value >= 0x7f && value < 0xa0); }

// The blocks of Unicode's East Asian Width W and F in which case data is written.
bool IsWide(uint32_t value) {
  struct Block {
    uint32_t first, last;
  };
  static constexpr std::array<Block, 7> kWide = {{{0x1100, 0x115f},
                                                  {0x2e80, 0xa4cf},
                                                  {0xac00, 0xd7a3},
                                                  {0xf900, 0xfaff},
                                                  {0xfe30, 0xfe6f},
                                                  {0xff00, 0xff60},
                                                  {0x20000, 0x3fffd}}};
  return std::any_of(kWide.begin(), kWide.end(), [value](const Block& block) {
    return value >= block.first && value <= block.last;
  });
}

// The longest prefix of `word` that takes at most `width` columns, at least one character.
size_t PrefixBytes(std::string_view word, size_t width) {
  size_t bytes = 0;
  size_t columns = 0;
  while (bytes < word.size()) {
    const size_t step = std::max<size_t>(1, Decode(word.substr(bytes)).bytes);
    columns += DisplayWidth(word.substr(bytes, step));
    if (bytes > 0 && columns > width) break;
    bytes += step;
  }
  return bytes;
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const CodePoint point = Decode(text);
    const size_t bytes = std::max<size_t>(1, point.bytes);
    if (text[0] == '\n') {
      shown += "\\n";
    } else if (text[0] == '\t') {
      shown += "\\t";
    } else if (point.bytes == 0 || IsControl(point.value)) {
      for (const char c : text.substr(0, bytes)) {
        absl::StrAppendFormat(&shown, "\\x%02x", static_cast<uint8_t>(c));
      }
    } else {
      shown += text.substr(0, bytes);
    }
    text.remove_prefix(bytes);
  }
  return shown;
}

std::string ValueText(std::string_view text) {
  size_t characters = 0;
  size_t head_bytes = 0;
  for (size_t at = 0; at < text.size(); ++characters) {
    if (characters == kValueHeadCharacters) head_bytes = at;
    at += std::max<size_t>(1, Decode(text.substr(at)).bytes);
  }
  if (characters <= kValueCharactersMax) return Printable(text);
  return absl::StrCat(Printable(text.substr(0, head_bytes)), "… (", characters,
                      " characters; -o json prints all)");
}

size_t DisplayWidth(std::string_view text) {
  size_t columns = 0;
  while (!text.empty()) {
    const CodePoint point = Decode(text);
    columns += IsWide(point.value) ? 2 : 1;
    text.remove_prefix(std::max<size_t>(1, point.bytes));
  }
  return columns;
}

std::vector<std::string> Wrap(std::string_view text, size_t width) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const size_t space = text.find(' ');
    std::string_view word = text.substr(0, space);
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    const size_t used = DisplayWidth(lines.back());
    if (used > 0 && used + 1 + DisplayWidth(word) > width) lines.emplace_back();
    if (!lines.back().empty()) lines.back() += ' ';
    while (lines.back().empty()) {
      const size_t bytes = PrefixBytes(word, width);
      if (bytes == word.size()) break;
      lines.back() = word.substr(0, bytes);
      word.remove_prefix(bytes);
      lines.emplace_back();
    }
    lines.back() += word;
  }
  return lines;
}

bool NaturallyLess(std::string_view a, std::string_view b) {
  // The number at the beginning of `text`, without leading zeros; empty for 0 and if there is none.
  const auto take_number = [](std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
    const std::string_view digits = text.substr(0, text.find_first_not_of("0123456789"));
    text.remove_prefix(digits.size());
    return digits;
  };
  std::string_view left = a;
  std::string_view right = b;
  while (!left.empty() && !right.empty()) {
    if (absl::ascii_isdigit(static_cast<unsigned char>(left[0])) &&
        absl::ascii_isdigit(static_cast<unsigned char>(right[0]))) {
      const std::string_view number = take_number(left);
      const std::string_view other = take_number(right);
      if (number.size() != other.size()) return number.size() < other.size();
      if (number != other) return number < other;
    } else {
      if (left[0] != right[0]) return left[0] < right[0];
      left.remove_prefix(1);
      right.remove_prefix(1);
    }
  }
  return left.size() != right.size() ? left.size() < right.size() : a < b;
}

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t bytes_max) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return UsageError(absl::StrCat("cannot open ", path, ": ", std::strerror(errno)));
  std::string content;
  std::array<char, 1 << 16> block;
  while (file.read(block.data(), block.size()) || file.gcount() > 0) {
    content.append(block.data(), static_cast<size_t>(file.gcount()));
    if (content.size() > bytes_max) {
      return UsageError(absl::StrCat(path, " has more than ", bytes_max >> 20,
                                     " MiB; split it into smaller files"));
    }
  }
  if (file.bad() || !file.eof()) {
    return UsageError(absl::StrCat("cannot read ", path, ": ", std::strerror(errno)));
  }
  return content;
}

}  // namespace trialsync::command
