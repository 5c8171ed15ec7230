// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_STUDY_CHECK_DEFINITION_H_
#define TRIALSYNC_STUDY_CHECK_DEFINITION_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "trialsync/v1/definition.pb.h"

namespace trialsync::study {

// Ids of events, forms, items and checks are 1 to this. The bits above tell checks of a range
// from declared ones (study/checks.h). Stored: must not shrink.
inline constexpr uint32_t kIdMax = (uint32_t{1} << 30) - 1;

// OK if a study may be called so; InvalidArgument names the rule.
absl::Status CheckStudyName(std::string_view name);

// One fault of a definition.
struct DefinitionProblem {
  // Where, in the names of the YAML shape (study/README.md): `forms.LAB.items.bili.hard`.
  std::string path;
  // The reason and the mend.
  std::string sentence;
};

// Everything that is wrong with `definition` by itself, in the order of its fields; empty if
// nothing is. The same rules hold for what a person writes in YAML and for what a peer sends:
//
// - names are well formed and unique, ids are 1 to kIdMax and unique among events, forms, items
//   of all forms, and checks of all forms; everything that a person reads has a text
// - an item's type agrees with its code list, units and limits; limits are decimals, minimum
//   below maximum
// - what is named exists: code lists, forms of an event, items of a step
// - a part that was split off is on the form of its source, and chains of `split_from` end
// - rules parse (study/rule.h)
// - version 1 has no previous version and no steps; each later one follows the number before it,
//   with a hash of 32 bytes or, in a draft, none
// - steps fit the types of their items; an item has one recode for a code, one convert for a unit,
//   one default and one split; factors are greater than zero
std::vector<DefinitionProblem> CheckDefinition(const v1::StudyDefinition& definition);

}  // namespace trialsync::study

#endif  // TRIALSYNC_STUDY_CHECK_DEFINITION_H_
