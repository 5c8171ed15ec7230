// SPDX-License-Identifier: Apache-2.0
#include "storage/key.h"

#include <array>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace trialsync::storage {
namespace {

// On disk: must not change.
constexpr char kEscape = '\x00';
constexpr char kEscapedZero = '\xFF';
constexpr char kTextEnd = '\x01';

template <typename Number>
std::array<char, sizeof(Number)> BigEndian(Number number) {
  std::array<char, sizeof(Number)> bytes;
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(number >> (8 * (bytes.size() - 1 - i)) & 0xFF);
  }
  return bytes;
}

}  // namespace

void KeyWriter::Append(const char* bytes, size_t size_bytes) {
  key_.insert(key_.end(), bytes, bytes + size_bytes);
}

KeyWriter& KeyWriter::U8(uint8_t number) {
  key_.push_back(static_cast<char>(number));
  return *this;
}

KeyWriter& KeyWriter::U32(uint32_t number) {
  const auto bytes = BigEndian(number);
  Append(bytes.data(), bytes.size());
  return *this;
}

KeyWriter& KeyWriter::U64(uint64_t number) {
  const auto bytes = BigEndian(number);
  Append(bytes.data(), bytes.size());
  return *this;
}

KeyWriter& KeyWriter::Fixed(std::string_view bytes) {
  Append(bytes.data(), bytes.size());
  return *this;
}

KeyWriter& KeyWriter::Padded(std::string_view bytes, size_t size_bytes) {
  bytes = bytes.substr(0, size_bytes);
  Append(bytes.data(), bytes.size());
  key_.insert(key_.end(), size_bytes - bytes.size(), '\0');
  return *this;
}

KeyWriter& KeyWriter::Text(std::string_view text) {
  TextBeginning(text);
  key_.push_back(kEscape);
  key_.push_back(kTextEnd);
  return *this;
}

KeyWriter& KeyWriter::TextBeginning(std::string_view text) {
  for (const char byte : text) {
    key_.push_back(byte);
    if (byte == kEscape) key_.push_back(kEscapedZero);
  }
  return *this;
}

std::string KeyWriter::Take() {
  std::string taken(key());
  key_.clear();
  return taken;
}

uint8_t KeyReader::U8() { return static_cast<uint8_t>(BigEndian(sizeof(uint8_t))); }

uint32_t KeyReader::U32() { return static_cast<uint32_t>(BigEndian(sizeof(uint32_t))); }

uint64_t KeyReader::U64() { return BigEndian(sizeof(uint64_t)); }

std::string_view KeyReader::Fixed(size_t size_bytes) { return Consume(size_bytes); }

std::string KeyReader::Text() {
  std::string text;
  while (true) {
    const size_t plain_bytes = rest_.find(kEscape);
    // Npos is more than there is, so an unfinished text is damage.
    text.append(Consume(plain_bytes));
    const std::string_view mark = Consume(2);
    if (damaged_) return std::string();
    if (mark[1] == kTextEnd) return text;
    if (mark[1] != kEscapedZero) {
      MarkDamaged();
      return std::string();
    }
    text.push_back(kEscape);
  }
}

absl::Status KeyReader::Finish() const {
  if (!damaged_ && rest_.empty()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(
      "a key of the store is damaged: ",
      absl::BytesToHexString(absl::string_view(key_.data(), key_.size())),
      damaged_ ? " is not made of the parts of its table" : " goes on after its last part",
      "; verify the store, and restore it or let its peer refill it"));
}

std::string_view KeyReader::Consume(size_t size_bytes) {
  if (damaged_ || size_bytes > rest_.size()) {
    MarkDamaged();
    return {};
  }
  const std::string_view bytes = rest_.substr(0, size_bytes);
  rest_.remove_prefix(size_bytes);
  return bytes;
}

uint64_t KeyReader::BigEndian(size_t size_bytes) {
  uint64_t number = 0;
  for (const char byte : Consume(size_bytes)) {
    number = number << 8 | static_cast<uint8_t>(byte);
  }
  return number;
}

void KeyReader::MarkDamaged() {
  damaged_ = true;
  rest_ = {};
}

std::string PrefixEnd(std::string_view prefix) {
  const size_t last = prefix.find_last_not_of('\xFF');
  if (last == std::string_view::npos) return std::string();
  std::string end(prefix.substr(0, last + 1));
  end.back() = static_cast<char>(static_cast<uint8_t>(end.back()) + 1);
  return end;
}

}  // namespace trialsync::storage
