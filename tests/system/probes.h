// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_SYSTEM_PROBES_H_
#define TRIALSYNC_TESTS_SYSTEM_PROBES_H_

#include <cstdint>
#include <map>
#include <string>

namespace trialsync::system_test {

// Counts how often rare things were reached over many runs: a random test proves nothing about
// what it never does.
class Probes {
 public:
  void Hit(const std::string& name) { ++counts_[name]; }
  int64_t Count(const std::string& name) const {
    const auto found = counts_.find(name);
    return found == counts_.end() ? 0 : found->second;
  }
  const std::map<std::string, int64_t>& counts() const { return counts_; }

 private:
  std::map<std::string, int64_t> counts_;
};

}  // namespace trialsync::system_test

#endif  // TRIALSYNC_TESTS_SYSTEM_PROBES_H_
