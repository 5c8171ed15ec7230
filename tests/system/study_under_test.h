// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_SYSTEM_STUDY_UNDER_TEST_H_
#define TRIALSYNC_TESTS_SYSTEM_STUDY_UNDER_TEST_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/model/study.h"

namespace trialsync::system_test {

// A small study with a bit of everything that the rules tell apart: items of either owner and
// either policy, one that stays at the hospital, a range that opens queries, repeating events and
// forms, and from version 2 on one item renamed and one split in two. Version 3 adds an item.
inline constexpr char kStudy[] = "trial";
inline constexpr uint32_t kVersionMax = 3;
// The patient's name, which stays at the hospital.
inline constexpr uint32_t kSecretItem = 4;

// The definition as a person would publish it.
std::string YamlOf(uint32_t version);

// The same for the reference model.
const model::Study& ModelStudy();

// An item as the random driver writes it.
struct ItemUnderTest {
  std::string_view form;
  // Its name under version 1, and from version 2 on; empty where the version does not have it.
  std::string_view name_before;
  std::string_view name_after;
  uint32_t id = 0;
  // Few, so that people often say the same; none for kSecretItem (secrets.h).
  std::vector<std::string_view> values;

  std::string_view Name(uint32_t version) const;
  uint32_t first_version = 1;
};
const std::vector<ItemUnderTest>& ItemsUnderTest();

}  // namespace trialsync::system_test

#endif  // TRIALSYNC_TESTS_SYSTEM_STUDY_UNDER_TEST_H_
