// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/target.h"

namespace trialsync::fuzz {
namespace {

// Made at its first use: targets register before main().
std::vector<Target>& Registered() {
  static auto& targets = *new std::vector<Target>;
  return targets;
}

}  // namespace

const std::vector<Target>& Targets() { return Registered(); }

RegisteredTarget::RegisteredTarget(std::string_view name, void (*run)(std::string_view input)) {
  Registered().push_back({name, run});
}

}  // namespace trialsync::fuzz
