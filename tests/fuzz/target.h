// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_FUZZ_TARGET_H_
#define TRIALSYNC_TESTS_FUZZ_TARGET_H_

#include <string_view>
#include <vector>

// A fuzz target hands an input of any bytes to code that takes bytes from outside, and checks with
// TS_CHECK what must hold whatever they are. That it returns at all is most of what is checked.
//
// Each target is one file and is built twice: as a program of libFuzzer's (libfuzzer_main.cc) which
// looks for inputs, and into fuzz_replay_test, which replays the inputs that are kept. What a
// target does must follow from its input alone, so that a finding can be replayed.
namespace trialsync::fuzz {

struct Target {
  // Also the name of its folder in corpus/.
  std::string_view name;
  void (*run)(std::string_view input);
};

// The targets that are linked in, in no particular order.
const std::vector<Target>& Targets();

// Makes a target one of Targets(); for a constant of namespace scope in its file.
struct RegisteredTarget {
  RegisteredTarget(std::string_view name, void (*run)(std::string_view input));
};

}  // namespace trialsync::fuzz

#endif  // TRIALSYNC_TESTS_FUZZ_TARGET_H_
