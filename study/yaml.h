// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_STUDY_YAML_H_
#define TRIALSYNC_STUDY_YAML_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "trialsync/v1/definition.pb.h"

namespace trialsync::study {

// Compiles a study definition written in YAML (its shape: study/README.md) to the serialised
// v1::StudyDefinition. The same text always gives the same bytes.
//
// Strict: an unknown or repeated key, a wrong type and everything in study/check_definition.h is
// an error. InvalidArgument then lists up to 50 of them, one a line, in the order of the file:
//
//   pbc/v1.yaml:12:9: forms.LAB.items.bili.hard: the minimum 60 is above the maximum 0; swap them
//
// The previous version may be given by its number only; CompletePrevious (study/definition.h)
// then adds its hash before the definition is published. `file_name` only appears in errors.
// Throws nothing. Safe to call from any thread.
absl::StatusOr<std::string> CompileStudy(std::string_view yaml, std::string_view file_name);

// The definition as YAML. What CompileStudy made compiles back to the same bytes; of a definition
// made by a newer release, fields that this one does not know are left out.
std::string DefinitionToYaml(const v1::StudyDefinition& definition);

}  // namespace trialsync::study

#endif  // TRIALSYNC_STUDY_YAML_H_
