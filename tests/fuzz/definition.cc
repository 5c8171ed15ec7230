// SPDX-License-Identifier: Apache-2.0
#include "study/definition.h"

#include <string>

#include "proto/check.h"
#include "study/checks.h"
#include "study/value.h"
#include "study/versions.h"
#include "study/yaml.h"
#include "tests/fuzz/edit_message.h"
#include "tests/fuzz/sample_study.h"
#include "tests/fuzz/target.h"

// Definitions as a peer could send them: one of the sample study's, edited. What is taken must be
// good for everything that definitions are used for.
namespace trialsync::fuzz {
namespace {

constexpr int kEditsMax = 8;

void Use(const std::shared_ptr<const study::Definition>& definition, bool as_yaml) {
  const v1::StudyDefinition& proto = definition->proto();
  if (as_yaml) {
    const auto compiled = study::CompileStudy(study::DefinitionToYaml(proto), "d.yaml");
    if (!compiled.ok()) std::fprintf(stderr, "%s\n", compiled.status().ToString().c_str());
    TS_CHECK(compiled.ok());
  }
  study::DefinitionSet set = SampleStudy();
  set.Add(definition).IgnoreError();
  for (const v1::FormDefinition& form : proto.forms()) {
    for (const v1::ItemDefinition& item : form.items()) {
      definition->Lineage(item.id());
      for (const char* text : {"1", "120/80", "2026-01", "lying", "missing:unknown", "1 mg/dL"}) {
        const auto value = study::ParseValue(proto, item, text);
        if (!value.ok()) continue;
        TS_CHECK(study::ValidateLocalValue(proto, item, *value).ok());
        const auto lookup = [&](uint32_t id) { return id == item.id() ? &*value : nullptr; };
        study::RunChecks(*definition, form.id(), lookup);
        for (const auto& version : SampleStudy().all()) {
          const study::StoredValue stored{item.id(), version->number(), *value};
          study::ReadCell({&stored, 1}, *definition, set);
          study::DefaultFor(item.id(), version->number(), *definition, set);
        }
      }
    }
  }
  for (const auto& version : SampleStudy().all()) {
    study::CompareVersions(*version, *definition).IgnoreError();
    study::CompareVersions(*definition, *version).IgnoreError();
  }
}

void Run(std::string_view bytes) {
  Input input(bytes);
  v1::StudyDefinition proto = SampleStudy().all()[input.Choose(2)]->proto();
  // Which costs more than all the rest.
  const bool as_yaml = input.Choose(16) == 1;
  for (int edits = 0; edits < kEditsMax && !input.ended(); ++edits) EditMessage(proto, input);
  const auto definition = study::Definition::FromBytes(proto.SerializeAsString());
  if (definition.ok()) return Use(*definition, as_yaml);
  TS_CHECK(absl::IsInvalidArgument(definition.status()) && !definition.status().message().empty());
}

const RegisteredTarget kTarget("definition", Run);

}  // namespace
}  // namespace trialsync::fuzz
