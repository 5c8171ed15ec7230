// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_FUZZ_SAMPLE_STUDY_H_
#define TRIALSYNC_TESTS_FUZZ_SAMPLE_STUDY_H_

#include "study/definition.h"

namespace trialsync::fuzz {

// Two versions of a study with everything that a definition can say: items of every type, either
// owner and either policy, one that stays at the hospital, ranges, checks, repeating events and
// forms; the second renames, retires, splits, converts and recodes. Made once.
const study::DefinitionSet& SampleStudy();

// The same as YAML.
std::string_view SampleYaml(uint32_t version);

}  // namespace trialsync::fuzz

#endif  // TRIALSYNC_TESTS_FUZZ_SAMPLE_STUDY_H_
