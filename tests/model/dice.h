// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_MODEL_DICE_H_
#define TRIALSYNC_TESTS_MODEL_DICE_H_

#include <cstdint>

namespace trialsync::model {

// SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  // A number from 0 to `limit` - 1. Requires limit > 0.
  std::uint64_t Below(std::uint64_t limit) {
    std::uint64_t mixed = (state_ += 0x9e3779b97f4a7c15u);
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return (mixed ^ (mixed >> 31)) % limit;
  }

  // True `percent` times in a hundred.
  bool Percent(int percent) { return Below(100) < static_cast<std::uint64_t>(percent); }

  // An element of `list`, which is not empty.
  template <typename List>
  const auto& Pick(const List& list) {
    return list[Below(list.size())];
  }

 private:
  std::uint64_t state_;
};

}  // namespace trialsync::model

#endif  // TRIALSYNC_TESTS_MODEL_DICE_H_
