// SPDX-License-Identifier: Apache-2.0
#include "study/definition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "study/check_definition.h"
#include "study/yaml.h"
#include "tests/study/studies.h"

namespace trialsync::study {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kSplit = R"(
study: split
version: 1
title: {en: A split of a split, zh: 拆分}
forms:
  VITAL:
    id: 7
    label: {en: Vital signs}
    items:
      bp: {id: 30, type: text, label: {en: Blood pressure}}
      sbp: {id: 31, type: text, label: {en: Systolic}, split_from: bp}
      first: {id: 32, type: integer, label: {en: First reading}, split_from: sbp}
    checks:
      positive: {id: 5, rule: first > 0, message: {en: Above zero}}
  LAB: {id: 8, label: {en: Laboratory}, items: {bp: {id: 40, type: text, label: {en: Other}}}}
events:
  BASE: {id: 3, label: {en: Baseline}, forms: [VITAL]}
)";

TEST(Definition, FindsByIdAndName) {
  const auto definition = CompileOrDie(kSplit);
  EXPECT_EQ(definition->FindForm("VITAL")->id(), 7u);
  EXPECT_EQ(definition->FindForm(8)->name(), "LAB");
  EXPECT_EQ(definition->FindEvent("BASE")->id(), 3u);
  EXPECT_EQ(definition->FindEvent(3)->name(), "BASE");
  EXPECT_EQ(definition->FindItem(7, "bp")->id(), 30u);
  EXPECT_EQ(definition->FindItem(8, "bp")->id(), 40u);
  EXPECT_EQ(definition->FindItem(31)->name(), "sbp");
  EXPECT_EQ(definition->FormOfItem(40)->name(), "LAB");
  EXPECT_NE(definition->FindRule(5), nullptr);
  EXPECT_TRUE(definition->EventHasForm(3, 7));

  EXPECT_EQ(definition->FindForm("NONE"), nullptr);
  EXPECT_EQ(definition->FindForm(30), nullptr);
  EXPECT_EQ(definition->FindEvent("VITAL"), nullptr);
  EXPECT_EQ(definition->FindEvent(7), nullptr);
  EXPECT_EQ(definition->FindItem(8, "sbp"), nullptr);
  EXPECT_EQ(definition->FindItem(99), nullptr);
  EXPECT_EQ(definition->FormOfItem(99), nullptr);
  EXPECT_EQ(definition->FindCodeList("sex"), nullptr);
  EXPECT_EQ(definition->FindRule(6), nullptr);
  EXPECT_FALSE(definition->EventHasForm(3, 8));
  EXPECT_FALSE(definition->EventHasForm(4, 7));
}

TEST(Definition, LineageIsTheRootOfTheChain) {
  const auto definition = CompileOrDie(kSplit);
  EXPECT_EQ(definition->Lineage(30), 30u);
  EXPECT_EQ(definition->Lineage(31), 30u);
  EXPECT_EQ(definition->Lineage(32), 30u);
  EXPECT_EQ(definition->Lineage(40), 40u);
  EXPECT_EQ(definition->Lineage(99), 99u);
}

TEST(Definition, IsIdentifiedByTheExactBytes) {
  const auto definition = CompileOrDie(kSplit);
  EXPECT_EQ(definition->hash(), Sha256Of(definition->bytes()));
  EXPECT_EQ(definition->version().number(), 1u);
  EXPECT_EQ(definition->version().sha256(), definition->hash().str());

  // A field of a newer release changes the identity and does no harm.
  v1::StudyDefinition newer = definition->proto();
  newer.GetReflection()->MutableUnknownFields(&newer)->AddVarint(999, 1);
  const auto other = Definition::FromBytes(newer.SerializeAsString());
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_NE((*other)->hash(), definition->hash());
  EXPECT_EQ((*other)->bytes(), newer.SerializeAsString());
}

TEST(Definition, RefusesBytesThatAreNone) {
  EXPECT_EQ(Definition::FromBytes("\xFF\xFF").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Definition::FromBytes("").status().code(), absl::StatusCode::kInvalidArgument);
  const absl::Status large =
      Definition::FromBytes(std::string(kDefinitionBytesMax + 1, ' ')).status();
  EXPECT_THAT(std::string(large.message()), HasSubstr("too large"));
}

// Every rule of check_definition.h, broken in the way that a peer could.
TEST(Definition, RefusesEveryFaultOfItsContent) {
  struct Broken {
    std::string path;
    std::function<void(v1::StudyDefinition&)> breaks;
  };
  const auto item = [](v1::StudyDefinition& study, int index) {
    return study.mutable_forms(0)->mutable_items(index);
  };
  const std::vector<Broken> cases = {
      {"study", [](auto& study) { study.set_study("Every"); }},
      {"version", [](auto& study) { study.set_version(0); }},
      {"title", [](auto& study) { study.clear_titles(); }},
      {"title", [](auto& study) { study.mutable_titles(0)->set_text(""); }},
      {"title", [](auto& study) { study.mutable_titles(0)->set_language("e"); }},
      {"title", [](auto& study) { *study.add_titles() = study.titles(0); }},
      {"code_lists.sex", [](auto& study) { study.mutable_code_lists(0)->clear_codes(); }},
      {"code_lists.sex", [](auto& study) { *study.add_code_lists() = study.code_lists(0); }},
      {"code_lists.sex.m",
       [](auto& study) { study.mutable_code_lists(0)->mutable_codes(1)->set_code("m"); }},
      {"code_lists.sex. m",
       [](auto& study) { study.mutable_code_lists(0)->mutable_codes(0)->set_code(" m"); }},
      {"code_lists.sex.missing:m",
       [](auto& study) { study.mutable_code_lists(0)->mutable_codes(0)->set_code("missing:m"); }},
      {"forms.Lab", [](auto& study) { study.mutable_forms(0)->set_name("Lab"); }},
      {"forms.LAB.id", [](auto& study) { study.mutable_forms(0)->set_id(0); }},
      {"forms.LAB.id", [](auto& study) { study.mutable_forms(0)->set_id(kIdMax + 1); }},
      {"forms.LAB", [](auto& study) { *study.add_forms() = study.forms(0); }},
      {"forms.LAB.items.whole.id", [&](auto& study) { item(study, 1)->set_id(1); }},
      {"forms.LAB.items.text", [&](auto& study) { item(study, 1)->set_name("text"); }},
      {"forms.LAB.items.and", [&](auto& study) { item(study, 0)->set_name("and"); }},
      {"forms.LAB.items.text.label", [&](auto& study) { item(study, 0)->clear_labels(); }},
      {"forms.LAB.items.text.type", [&](auto& study) { item(study, 0)->clear_type(); }},
      {"forms.LAB.items.text.type",
       [&](auto& study) { item(study, 0)->set_type(static_cast<v1::ItemType>(77)); }},
      {"forms.LAB.items.text.owner", [&](auto& study) { item(study, 0)->clear_owner(); }},
      {"forms.LAB.items.text.on_conflict",
       [&](auto& study) { item(study, 0)->clear_on_conflict(); }},
      {"forms.LAB.items.text.code_list",
       [&](auto& study) { item(study, 0)->set_code_list("sex"); }},
      {"forms.LAB.items.sex.code_list", [&](auto& study) { item(study, 9)->clear_code_list(); }},
      {"forms.LAB.items.sex.code_list",
       [&](auto& study) { item(study, 9)->set_code_list("none"); }},
      {"forms.LAB.items.text.units", [&](auto& study) { item(study, 0)->add_units("g"); }},
      {"forms.LAB.items.hbsag.units", [&](auto& study) { item(study, 5)->add_units(""); }},
      {"forms.LAB.items.hbsag.units", [&](auto& study) { item(study, 5)->add_units("IU/mL"); }},
      {"forms.LAB.items.text.hard",
       [&](auto& study) { item(study, 0)->mutable_hard_range()->set_minimum("0"); }},
      {"forms.LAB.items.whole.soft",
       [&](auto& study) { item(study, 1)->mutable_soft_range()->set_maximum("1,0"); }},
      {"forms.LAB.items.whole.hard",
       [&](auto& study) {
         item(study, 1)->mutable_hard_range()->set_minimum("10");
         item(study, 1)->mutable_hard_range()->set_maximum("9.5");
       }},
      {"forms.LAB.items.text.split_from", [&](auto& study) { item(study, 0)->set_split_from(99); }},
      {"forms.LAB.items.text.split_from", [&](auto& study) { item(study, 0)->set_split_from(1); }},
      {"forms.LAB.checks.broken.rule",
       [&](auto& study) {
         v1::Check* check = study.mutable_forms(0)->add_checks();
         check->set_id(1);
         check->set_name("broken");
         check->set_rule("whole >");
         *check->add_messages() = study.titles(0);
       }},
      {"events.VISIT.id", [](auto& study) { study.mutable_events(0)->set_id(0); }},
      {"events.VISIT.forms", [](auto& study) { study.mutable_events(0)->clear_forms(); }},
      {"events.VISIT.forms", [](auto& study) { study.mutable_events(0)->add_forms(9); }},
      {"events.VISIT.forms", [](auto& study) { study.mutable_events(0)->add_forms(1); }},
      {"events.VISIT", [](auto& study) { *study.add_events() = study.events(0); }},
      {"previous", [](auto& study) { study.mutable_previous()->set_number(0); }},
      {"steps", [](auto& study) { study.add_steps(); }},
      {"previous", [](auto& study) { study.set_version(2); }},
      {"previous",
       [](auto& study) {
         study.set_version(2);
         study.mutable_previous()->set_number(1);
         study.mutable_previous()->set_sha256("short");
       }},
  };
  for (const Broken& broken : cases) {
    v1::StudyDefinition study = EveryType()->proto();
    ASSERT_TRUE(CheckDefinition(study).empty());
    broken.breaks(study);
    const std::vector<DefinitionProblem> problems = CheckDefinition(study);
    ASSERT_FALSE(problems.empty()) << broken.path;
    EXPECT_TRUE(std::any_of(problems.begin(), problems.end(),
                            [&](const auto& problem) { return problem.path == broken.path; }))
        << broken.path << ", but found " << problems.front().path << ": "
        << problems.front().sentence;
    EXPECT_FALSE(Definition::FromBytes(study.SerializeAsString()).ok()) << broken.path;
  }
}

TEST(Definition, RefusesEveryFaultOfAStep) {
  v1::StudyDefinition good = EveryType()->proto();
  good.set_version(2);
  good.mutable_previous()->set_number(1);
  ASSERT_TRUE(CheckDefinition(good).empty());
  const std::vector<std::function<void(v1::MigrationStep&)>> breaks = {
      [](auto&) {},
      [](auto& step) { step.mutable_recode()->set_item(99); },
      [](auto& step) {
        step.mutable_recode()->set_item(10);
        step.mutable_recode()->set_from("a");
        step.mutable_recode()->set_to("unlisted");
      },
      [](auto& step) {
        step.mutable_recode()->set_item(10);
        step.mutable_recode()->set_from("m");
        step.mutable_recode()->set_to("m");
      },
      [](auto& step) {
        step.mutable_convert()->set_item(4);
        step.mutable_convert()->set_from_unit("g/dL");
        step.mutable_convert()->set_to_unit("mg/dL");
        step.mutable_convert()->set_factor("0");
      },
      [](auto& step) {
        step.mutable_convert()->set_item(4);
        step.mutable_convert()->set_from_unit("g/dL");
        step.mutable_convert()->set_to_unit("kg/dL");
        step.mutable_convert()->set_factor("1000");
      },
      [](auto& step) {
        step.mutable_convert()->set_item(3);
        step.mutable_convert()->set_factor("2");
      },
      [](auto& step) {
        step.mutable_default_value()->set_item(2);
        *step.mutable_default_value()->mutable_value() = TextValue("two");
      },
      [](auto& step) {
        step.mutable_split()->set_from(1);
        step.mutable_split()->set_separator("/");
        step.mutable_split()->add_into(2);
      },
      [](auto& step) {
        step.mutable_split()->set_from(1);
        step.mutable_split()->set_separator("/");
      },
  };
  for (size_t index = 0; index < breaks.size(); ++index) {
    v1::StudyDefinition study = good;
    breaks[index](*study.add_steps());
    ASSERT_FALSE(CheckDefinition(study).empty()) << "case " << index;
    EXPECT_EQ(CheckDefinition(study).front().path, "steps.1");
  }
}

TEST(Definition, ADraftIsNotPublished) {
  const auto first = EveryType();
  v1::StudyDefinition second = first->proto();
  second.set_version(2);
  second.mutable_previous()->set_number(1);
  const std::string draft = second.SerializeAsString();
  EXPECT_THAT(std::string(Definition::FromBytes(draft).status().message()), HasSubstr("draft"));

  const absl::StatusOr<std::string> complete = CompletePrevious(draft, first->version());
  ASSERT_TRUE(complete.ok()) << complete.status();
  EXPECT_TRUE(Definition::FromBytes(*complete).ok());
  EXPECT_EQ(*CompletePrevious(*complete, first->version()), *complete);

  v1::VersionReference other = first->version();
  other.set_sha256(std::string(32, 'x'));
  EXPECT_EQ(CompletePrevious(*complete, other).status().code(),
            absl::StatusCode::kFailedPrecondition);
  other.set_number(2);
  EXPECT_EQ(CompletePrevious(draft, other).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(CompletePrevious(first->bytes(), first->version()).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(DefinitionSet, HoldsOneDefinitionForEachNumber) {
  const auto first = EveryType();
  v1::StudyDefinition proto = first->proto();
  proto.set_version(2);
  *proto.mutable_previous() = first->version();
  const auto second = *Definition::FromBytes(proto.SerializeAsString());

  DefinitionSet set;
  EXPECT_EQ(set.latest(), nullptr);
  EXPECT_EQ(set.Find(1), nullptr);
  ASSERT_TRUE(set.Add(second).ok());
  ASSERT_TRUE(set.Add(first).ok());
  ASSERT_TRUE(set.Add(first).ok());
  EXPECT_EQ(set.all().size(), 2u);
  EXPECT_EQ(set.latest(), second);
  EXPECT_EQ(set.Find(1), first);
  EXPECT_EQ(set.Find(second->version()), second);
  v1::VersionReference wrong = second->version();
  wrong.set_sha256(first->version().sha256());
  EXPECT_EQ(set.Find(wrong), nullptr);

  const DefinitionSet copy = set;
  proto.mutable_titles(0)->set_text("Another");
  const auto rival = *Definition::FromBytes(proto.SerializeAsString());
  EXPECT_EQ(set.Add(rival).code(), absl::StatusCode::kAlreadyExists);
  proto.set_study("stranger");
  proto.set_version(3);
  proto.mutable_previous()->set_number(2);
  const auto stranger = *Definition::FromBytes(proto.SerializeAsString());
  EXPECT_EQ(set.Add(stranger).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(set.all().size(), 2u);
  EXPECT_EQ(copy.latest(), second);
}

TEST(TextIn, PrefersTheLanguageThenEnglishThenTheFirst) {
  google::protobuf::RepeatedPtrField<v1::LocalizedText> texts;
  EXPECT_EQ(TextIn(texts, "en"), "");
  const auto add = [&](const char* language, const char* text) {
    v1::LocalizedText* added = texts.Add();
    added->set_language(language);
    added->set_text(text);
  };
  add("zh", "随访");
  EXPECT_EQ(TextIn(texts, "fr"), "随访");
  add("en", "Visit");
  EXPECT_EQ(TextIn(texts, "fr"), "Visit");
  EXPECT_EQ(TextIn(texts, "zh"), "随访");
}

}  // namespace
}  // namespace trialsync::study
