// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_FUZZ_INPUT_H_
#define TRIALSYNC_TESTS_FUZZ_INPUT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace trialsync::fuzz {

// Takes an input apart into decisions, from its front: so a longer input with the same beginning
// decides the same at first. An input that has ended decides 0 and gives empty texts.
class Input {
 public:
  // `bytes` must outlive this.
  explicit Input(std::string_view bytes) : rest_(bytes) {}

  bool ended() const { return rest_.empty(); }

  uint8_t U8() {
    if (rest_.empty()) return 0;
    const auto byte = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }
  // Two bytes, big-endian.
  uint32_t U16() {
    const uint32_t high = U8();
    return high << 8 | U8();
  }
  uint64_t U64() {
    uint64_t number = 0;
    for (int i = 0; i < 8; ++i) number = number << 8 | U8();
    return number;
  }

  // 0 to count - 1; `count` is at least 1.
  size_t Choose(size_t count) { return (count > 256 ? U16() : U8()) % count; }

  // A text with its length, up to 255 bytes, before it.
  std::string_view Text() { return Take(U8()); }
  // The next bytes; fewer if there are no more.
  std::string_view Take(size_t size_bytes) {
    const std::string_view taken = rest_.substr(0, std::min(size_bytes, rest_.size()));
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view Rest() { return Take(rest_.size()); }

 private:
  std::string_view rest_;
};

}  // namespace trialsync::fuzz

#endif  // TRIALSYNC_TESTS_FUZZ_INPUT_H_
