// SPDX-License-Identifier: Apache-2.0
#include "study/text.h"

#include <cstddef>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace trialsync::study {
namespace {

constexpr size_t kQuotedBytesMax = 40;

unsigned ByteAt(std::string_view text, size_t index) {
  return index < text.size() ? static_cast<unsigned char>(text[index]) : 0;
}

bool IsContinuation(unsigned byte) { return (byte & 0xC0) == 0x80; }

// The length of the well-formed sequence at the front of `text`; 0 if there is none.
size_t SequenceBytes(std::string_view text) {
  const unsigned first = ByteAt(text, 0);
  const unsigned second = ByteAt(text, 1);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4 || !IsContinuation(second)) return 0;
  if (first < 0xE0) return 2;
  if (!IsContinuation(ByteAt(text, 2))) return 0;
  if (first == 0xE0 && second < 0xA0) return 0;
  if (first == 0xED && second > 0x9F) return 0;
  if (first < 0xF0) return 3;
  if (!IsContinuation(ByteAt(text, 3))) return 0;
  if (first == 0xF0 && second < 0x90) return 0;
  if (first == 0xF4 && second > 0x8F) return 0;
  return 4;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t bytes = SequenceBytes(text);
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

std::string Quoted(std::string_view text) {
  const bool well_formed = IsUtf8(text);
  const bool cut = text.size() > kQuotedBytesMax;
  if (cut) {
    size_t end = kQuotedBytesMax;
    while (well_formed && IsContinuation(ByteAt(text, end))) --end;
    text = text.substr(0, end);
  }
  const absl::string_view shown(text.data(), text.size());
  return absl::StrCat("'", well_formed ? absl::Utf8SafeCHexEscape(shown) : absl::CHexEscape(shown),
                      cut ? "…'" : "'");
}

}  // namespace trialsync::study
