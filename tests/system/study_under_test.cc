// SPDX-License-Identifier: Apache-2.0
#include "tests/system/study_under_test.h"

#include "absl/strings/substitute.h"

namespace trialsync::system_test {
namespace {

constexpr std::string_view kFirst = R"(study: trial
version: 1
title: {en: A trial}
forms:
  LAB:
    id: 1
    label: {en: Laboratory}
    items:
      alt: {id: 1, type: integer, hard: [0, 50], label: {en: ALT}}
      weight: {id: 2, type: decimal, on_conflict: latest, label: {en: Weight}}
      review: {id: 3, type: text, owner: centre, label: {en: Review}}
      name: {id: 4, type: text, site_only: true, label: {en: Name}}
      pressure: {id: 10, type: text, label: {en: Pressure}}
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

constexpr std::string_view kAmended = R"(study: trial
version: $0
previous: {version: $1}
title: {en: A trial}
forms:
  LAB:
    id: 1
    label: {en: Laboratory}
    items:
      alat: {id: 1, type: integer, hard: [0, 40], label: {en: ALAT}}
      weight: {id: 2, type: decimal, on_conflict: latest, label: {en: Weight}}
      review: {id: 3, type: text, owner: centre, label: {en: Review}}
      name: {id: 4, type: text, site_only: true, label: {en: Name}}
      pressure: {id: 10, type: text, retired: true, label: {en: Pressure}}
      systolic: {id: 11, type: integer, split_from: pressure, label: {en: Systolic}}
      diastolic: {id: 12, type: integer, split_from: pressure, label: {en: Diastolic}}
$2  AE:
    id: 2
    repeating: true
    label: {en: Adverse event}
    items:
      term: {id: 20, type: text, label: {en: Term}}
      grade: {id: 21, type: integer, label: {en: Grade}}
events:
  BASE: {id: 1, label: {en: Baseline}, forms: [LAB]}
  VISIT: {id: 2, repeating: true, label: {en: Visit}, forms: [LAB, AE]}
$3)";

constexpr std::string_view kSplit = R"(steps:
  - split: {item: LAB.pressure, separator: /, into: [LAB.systolic, LAB.diastolic]}
)";

}  // namespace

std::string YamlOf(uint32_t version) {
  if (version == 1) return std::string(kFirst);
  const std::string added =
      version < 3 ? "" : "      note: {id: 13, type: text, label: {en: Note}}\n";
  return absl::Substitute(absl::string_view(kAmended.data(), kAmended.size()), version, version - 1,
                          added, version == 2 ? std::string(kSplit) : "");
}

const model::Study& ModelStudy() {
  using model::OnConflict;
  using model::Side;
  static const auto& study = *new model::Study{
      {{1, {}},
       {2, {Side::kSite, OnConflict::kLatest}},
       {3, {Side::kCentre, OnConflict::kAdjudicate}},
       {kSecretItem, {}},
       {10, {}},
       {13, {}},
       {20, {}},
       {21, {}}},
      {{10, {11, 12}, 2}},
  };
  return study;
}

std::string_view ItemUnderTest::Name(uint32_t version) const {
  if (version < first_version) return {};
  return version == 1 ? name_before : name_after;
}

const std::vector<ItemUnderTest>& ItemsUnderTest() {
  static const auto& items = *new std::vector<ItemUnderTest>{
      {"LAB", "alt", "alat", 1, {"7", "8", "45", "60", "missing:not_done"}},
      {"LAB", "weight", "weight", 2, {"70.5", "71", "missing:unknown"}},
      {"LAB", "review", "review", 3, {"fine", "odd"}},
      {"LAB", "name", "name", kSecretItem, {}},
      {"LAB", "pressure", "", 10, {"120/80", "130/85", "about 120", "missing:refused"}},
      {"LAB", "", "systolic", 11, {"120", "130", "missing:refused"}},
      {"LAB", "", "diastolic", 12, {"80", "85", "missing:refused"}},
      {"LAB", "", "note", 13, {"seen", "unseen"}, 3},
      {"AE", "term", "term", 20, {"nausea", "rash"}},
      {"AE", "grade", "grade", 21, {"1", "2"}},
  };
  return items;
}

}  // namespace trialsync::system_test
