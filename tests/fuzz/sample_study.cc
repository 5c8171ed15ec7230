// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/sample_study.h"

#include <string>

#include "proto/check.h"
#include "study/yaml.h"

namespace trialsync::fuzz {
namespace {

constexpr std::string_view kFirst = R"(study: trial
version: 1
title: {en: A trial, zh: 试验}
code_lists:
  posture:
    sitting: {en: sitting}
    lying: {en: lying}
forms:
  LAB:
    id: 1
    label: {en: Laboratory}
    items:
      alt: {id: 1, type: integer, hard: [0, 50], soft: [5, 40], label: {en: ALT}}
      weight: {id: 2, type: decimal, on_conflict: latest, label: {en: Weight}}
      review: {id: 3, type: text, owner: centre, label: {en: Review}}
      name: {id: 4, type: text, site_only: true, label: {en: Name}}
      bili: {id: 5, type: quantity, units: [mg/dL, umol/L], hard: [0, 60], label: {en: Bili}}
      day: {id: 6, type: date, label: {en: Day}}
      hour: {id: 7, type: time, label: {en: Hour}}
      fasting: {id: 8, type: boolean, required: true, label: {en: Fasting}}
      posture: {id: 9, type: coded, code_list: posture, label: {en: Posture}}
      pressure: {id: 10, type: text, label: {en: Pressure}}
    checks:
      sober: {id: 1, rule: "fasting = true or alt < 30", message: {en: not fasting}}
      dated: {id: 2, rule: "present(day) and day > 2020-05", soft: true, message: {en: old}}
  AE:
    id: 2
    repeating: true
    label: {en: Adverse event}
    items:
      term: {id: 20, type: text, label: {en: Term}}
      grade: {id: 21, type: integer, label: {en: Grade}}
events:
  BASE: {id: 1, label: {en: Baseline}, forms: [LAB]}
  VISIT: {id: 2, repeating: true, label: {en: Visit}, forms: [LAB, AE]}
)";

constexpr std::string_view kSecond = R"(study: trial
version: 2
previous: {version: 1}
title: {en: A trial}
code_lists:
  posture:
    sitting: {en: sitting}
    lying: {en: lying, retired: true}
    standing: {en: standing}
forms:
  LAB:
    id: 1
    label: {en: Laboratory}
    items:
      alat: {id: 1, type: decimal, hard: [0, 40], label: {en: ALAT}}
      weight: {id: 2, type: decimal, on_conflict: latest, label: {en: Weight}}
      review: {id: 3, type: text, owner: centre, label: {en: Review}}
      name: {id: 4, type: text, site_only: true, label: {en: Name}}
      bili: {id: 5, type: quantity, units: [umol/L], label: {en: Bili}}
      day: {id: 6, type: date, label: {en: Day}}
      hour: {id: 7, type: time, label: {en: Hour}}
      fasting: {id: 8, type: boolean, label: {en: Fasting}}
      posture: {id: 9, type: coded, code_list: posture, label: {en: Posture}}
      pressure: {id: 10, type: text, retired: true, label: {en: Pressure}}
      systolic: {id: 11, type: integer, split_from: pressure, label: {en: Systolic}}
      diastolic: {id: 12, type: integer, split_from: pressure, label: {en: Diastolic}}
      note: {id: 13, type: text, label: {en: Note}}
    checks:
      order: {id: 3, rule: systolic > diastolic, message: {en: order}}
  AE:
    id: 2
    repeating: true
    label: {en: Adverse event}
    items:
      term: {id: 20, type: text, label: {en: Term}}
      grade: {id: 21, type: integer, label: {en: Grade}}
events:
  BASE: {id: 1, label: {en: Baseline}, forms: [LAB]}
  VISIT: {id: 2, repeating: true, label: {en: Visit}, forms: [LAB, AE]}
steps:
  - split: {item: LAB.pressure, separator: /, into: [LAB.systolic, LAB.diastolic]}
  - convert: {item: LAB.bili, from: mg/dL, to: umol/L, factor: 17.104}
  - recode: {item: LAB.posture, from: lying, to: sitting}
  - default: {item: LAB.note, value: "missing:unknown"}
)";

void AddVersion(uint32_t number, study::DefinitionSet& set) {
  absl::StatusOr<std::string> draft = study::CompileStudy(SampleYaml(number), "sample.yaml");
  if (draft.ok() && number > 1) {
    draft = study::CompletePrevious(*std::move(draft), set.latest()->version());
  }
  if (!draft.ok()) std::fprintf(stderr, "%s\n", draft.status().ToString().c_str());
  TS_CHECK(draft.ok());
  TS_CHECK(set.Add(*study::Definition::FromBytes(*std::move(draft))).ok());
}

}  // namespace

std::string_view SampleYaml(uint32_t version) { return version == 1 ? kFirst : kSecond; }

const study::DefinitionSet& SampleStudy() {
  static const auto& set = *[] {
    auto* made = new study::DefinitionSet;
    AddVersion(1, *made);
    AddVersion(2, *made);
    return made;
  }();
  return set;
}

}  // namespace trialsync::fuzz
