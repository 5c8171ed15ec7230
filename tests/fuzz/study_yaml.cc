// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "proto/check.h"
#include "study/definition.h"
#include "study/yaml.h"
#include "tests/fuzz/target.h"

// A study definition as a data manager writes it: what compiles can be published, and is written
// back as YAML that compiles to the same bytes.
namespace trialsync::fuzz {
namespace {

void Run(std::string_view yaml) {
  const absl::StatusOr<std::string> compiled = study::CompileStudy(yaml, "s.yaml");
  if (!compiled.ok()) {
    TS_CHECK(absl::IsInvalidArgument(compiled.status()) && !compiled.status().message().empty());
    return;
  }
  v1::StudyDefinition definition;
  TS_CHECK(definition.ParseFromString(*compiled));
  const absl::StatusOr<std::string> again =
      study::CompileStudy(study::DefinitionToYaml(definition), "again.yaml");
  TS_CHECK(again.ok() && *again == *compiled);
  if (compiled->size() > study::kDefinitionBytesMax) return;

  std::string bytes = *compiled;
  if (definition.has_previous()) {
    v1::VersionReference previous = definition.previous();
    if (previous.sha256().empty()) previous.set_sha256(std::string(32, 'h'));
    const absl::StatusOr<std::string> complete = study::CompletePrevious(bytes, previous);
    TS_CHECK(complete.ok());
    bytes = *complete;
  }
  TS_CHECK(study::Definition::FromBytes(bytes).ok());
}

const RegisteredTarget kTarget("study_yaml", Run);

}  // namespace
}  // namespace trialsync::fuzz
