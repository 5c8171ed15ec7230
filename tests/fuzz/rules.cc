// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "absl/strings/str_cat.h"
#include "proto/check.h"
#include "study/rule.h"
#include "study/value.h"
#include "tests/fuzz/sample_study.h"
#include "tests/fuzz/target.h"

// The rules of checks: `RULE`, or `RULE \n item=text \n item=text …` to evaluate it on values.
namespace trialsync::fuzz {
namespace {

using Values = std::map<uint32_t, v1::Value>;

Values ReadValues(std::string_view lines, const study::Definition& definition) {
  Values values;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    const size_t sign = line.find('=');
    if (sign == std::string_view::npos) continue;
    const v1::ItemDefinition* const item = definition.FindItem(1, line.substr(0, sign));
    if (item == nullptr) continue;
    const auto value = study::ParseValue(definition.proto(), *item, line.substr(sign + 1));
    if (value.ok()) values[item->id()] = *value;
  }
  return values;
}

study::Truth Negated(study::Truth truth) {
  if (truth == study::Truth::kUndecidable) return truth;
  return truth == study::Truth::kTrue ? study::Truth::kFalse : study::Truth::kTrue;
}

void Run(std::string_view text) {
  const study::Definition& definition = *SampleStudy().all()[0];
  const v1::FormDefinition& form = *definition.FindForm(1);
  const std::string_view rule_text = text.substr(0, text.find('\n'));
  const absl::StatusOr<study::Rule> rule = study::Rule::Parse(rule_text, form, definition.proto());
  if (!rule.ok()) {
    TS_CHECK(absl::IsInvalidArgument(rule.status()));
    return;
  }
  const Values values = ReadValues(text.substr(rule_text.size()), definition);
  const auto lookup = [&](uint32_t item) {
    const auto it = values.find(item);
    return it == values.end() ? nullptr : &it->second;
  };
  const study::Verdict verdict = rule->Evaluate(lookup);
  TS_CHECK(verdict.truth == study::Truth::kUndecidable || verdict.undecided_items.empty());
  // One level deeper it may be too deep or too long.
  const auto negation = study::Rule::Parse(absl::StrCat("not (", std::string(rule_text), ")"), form,
                                           definition.proto());
  if (negation.ok()) TS_CHECK(negation->Evaluate(lookup).truth == Negated(verdict.truth));
}

const RegisteredTarget kTarget("rules", Run);

}  // namespace
}  // namespace trialsync::fuzz
