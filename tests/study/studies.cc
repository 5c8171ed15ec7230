// SPDX-License-Identifier: Apache-2.0
#include "tests/study/studies.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "study/yaml.h"

namespace trialsync::study {
namespace {

[[noreturn]] void Die(const absl::Status& status) {
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::abort();
}

constexpr std::string_view kEveryType = R"(
study: every
version: 1
title: {en: Every type}
code_lists:
  sex: {m: {en: male}, f: {en: female}, x: {en: unclear, retired: true}}
forms:
  LAB:
    id: 1
    label: {en: Laboratory}
    items:
      text: {id: 1, type: text, label: {en: Text}}
      whole: {id: 2, type: integer, label: {en: Whole}}
      number: {id: 3, type: decimal, label: {en: Number}}
      bili: {id: 4, type: quantity, units: [mg/dL, umol/L], label: {en: Bilirubin}}
      ratio: {id: 5, type: quantity, label: {en: Ratio}}
      hbsag: {id: 6, type: quantity, unit: IU/mL, label: {en: HBsAg}}
      day: {id: 7, type: date, label: {en: Day}}
      clock: {id: 8, type: time, label: {en: Time}}
      flag: {id: 9, type: boolean, label: {en: Flag}}
      sex: {id: 10, type: coded, code_list: sex, label: {en: Sex}}
      name: {id: 11, type: text, site_only: true, label: {en: Name}}
      old: {id: 12, type: text, retired: true, label: {en: Old}}
events:
  VISIT: {id: 1, label: {en: Visit}, forms: [LAB]}
)";

}  // namespace

std::shared_ptr<const Definition> CompileOrDie(std::string_view yaml, const Definition* previous) {
  absl::StatusOr<std::string> bytes = CompileStudy(yaml, "test.yaml");
  if (!bytes.ok()) Die(bytes.status());
  if (previous != nullptr) {
    bytes = CompletePrevious(*std::move(bytes), previous->version());
    if (!bytes.ok()) Die(bytes.status());
  }
  auto definition = Definition::FromBytes(*std::move(bytes));
  if (!definition.ok()) Die(definition.status());
  return *std::move(definition);
}

std::shared_ptr<const Definition> EveryType() { return CompileOrDie(kEveryType); }

const v1::ItemDefinition& ItemOf(const Definition& definition, std::string_view name) {
  const v1::ItemDefinition* item = definition.FindItem(definition.FindForm("LAB")->id(), name);
  if (item == nullptr) Die(absl::NotFoundError(std::string(name)));
  return *item;
}

v1::Value TextValue(std::string text) {
  v1::Value value;
  value.set_text(std::move(text));
  return value;
}

v1::Value IntegerValue(int64_t integer) {
  v1::Value value;
  value.set_integer(integer);
  return value;
}

v1::Value DecimalValue(std::string decimal) {
  v1::Value value;
  value.set_decimal(std::move(decimal));
  return value;
}

v1::Value DateValue(std::string date) {
  v1::Value value;
  value.set_date(std::move(date));
  return value;
}

v1::Value CodeValue(std::string code) {
  v1::Value value;
  value.set_code(std::move(code));
  return value;
}

v1::Value MissingValue(v1::MissingReason reason) {
  v1::Value value;
  value.set_missing(reason);
  return value;
}

v1::Value WithheldValue() {
  v1::Value value;
  value.mutable_withheld();
  return value;
}

v1::Value QuantityValue(v1::Comparator comparator, std::string number, std::string unit) {
  v1::Value value;
  value.mutable_quantity()->set_comparator(comparator);
  value.mutable_quantity()->set_number(std::move(number));
  value.mutable_quantity()->set_unit(std::move(unit));
  return value;
}

}  // namespace trialsync::study
