// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_SYSTEM_CHOOSER_H_
#define TRIALSYNC_TESTS_SYSTEM_CHOOSER_H_

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace trialsync::system_test {

// Every random decision of a run comes from here, so one seed gives one run on every machine.
class Chooser {
 public:
  explicit Chooser(uint64_t seed) : generator_(seed) {}

  // 0 … count − 1. Requires count > 0.
  uint64_t Below(uint64_t count) { return generator_() % count; }
  bool Percent(uint64_t percent) { return Below(100) < percent; }
  template <typename T>
  const T& Pick(const std::vector<T>& list) {
    return list[static_cast<size_t>(Below(list.size()))];
  }

 private:
  std::mt19937_64 generator_;
};

}  // namespace trialsync::system_test

#endif  // TRIALSYNC_TESTS_SYSTEM_CHOOSER_H_
