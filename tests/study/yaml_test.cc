// SPDX-License-Identifier: Apache-2.0
#include "study/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "tests/study/studies.h"

namespace trialsync::study {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

// Line numbers in the tests below count from the first line of this text.
constexpr std::string_view kGood = R"(study: good
version: 2
title: {en: "Good: all of it", zh: 全部}
previous: {version: 1, sha256: 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff}
code_lists:
  sex:
    m: {en: male, zh: 男}
    "null": {en: "null \"quoted\" \\ back"}
    x: {en: unclear, retired: true}
forms:
  LAB:
    id: 1
    label: {en: Laboratory}
    repeating: true
    items:
      bili:
        id: 11
        type: quantity
        label: {en: Bilirubin}
        units: [mg/dL, "log10 U/mL"]
        required: true
        hard: [0, 60]
        soft: [~, 1.2]
      sex: {id: 12, type: coded, code_list: sex, label: {en: Sex}, owner: centre}
      name: {id: 13, type: text, label: {en: Name}, site_only: true, on_conflict: latest}
      arm: {id: 14, type: boolean, label: {en: Arm}, reveals_arm: true}
      bp: {id: 15, type: text, label: {en: Pressure}, retired: true}
      sbp: {id: 16, type: integer, label: {en: Systolic}, split_from: bp}
      dbp: {id: 17, type: integer, label: {en: Diastolic}, split_from: bp}
    checks:
      pressure: {id: 1, rule: sbp > dbp or sex = 'm', message: {en: "Turned\nround?"}, soft: true}
  OLD: {id: 2, label: {en: Old}, items: {}, retired: true}
events:
  VISIT: {id: 1, label: {en: Visit}, forms: [LAB, OLD], repeating: true}
  LATE: {id: 2, label: {en: Late}, forms: [OLD], retired: true}
steps:
  - recode: {item: LAB.sex, from: f, to: x}
  - convert: {item: LAB.bili, from: g/L, to: mg/dL, factor: 100}
  - default: {item: LAB.bili, value: <0.05 mg/dL}
  - split: {item: LAB.bp, separator: /, into: [LAB.sbp, LAB.dbp]}
)";

v1::StudyDefinition CompileGood() {
  const absl::StatusOr<std::string> bytes = CompileStudy(kGood, "good.yaml");
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  v1::StudyDefinition definition;
  EXPECT_TRUE(bytes.ok() && definition.ParseFromString(*bytes));
  return definition;
}

TEST(CompileStudy, ReadsEveryKey) {
  const v1::StudyDefinition study = CompileGood();
  EXPECT_EQ(study.study(), "good");
  EXPECT_EQ(study.version(), 2u);
  EXPECT_EQ(study.titles(1).text(), "全部");
  EXPECT_EQ(study.previous().number(), 1u);
  EXPECT_THAT(study.previous().sha256(), SizeIs(32));
  EXPECT_EQ(study.code_lists(0).codes(1).code(), "null");
  EXPECT_EQ(study.code_lists(0).codes(1).labels(0).text(), "null \"quoted\" \\ back");
  EXPECT_TRUE(study.code_lists(0).codes(2).retired());
  EXPECT_THAT(study.code_lists(0).codes(2).labels(), SizeIs(1));

  const v1::FormDefinition& lab = study.forms(0);
  EXPECT_TRUE(lab.repeating());
  const v1::ItemDefinition& bili = lab.items(0);
  EXPECT_EQ(bili.type(), v1::ITEM_TYPE_QUANTITY);
  EXPECT_EQ(bili.units(1), "log10 U/mL");
  EXPECT_TRUE(bili.required());
  EXPECT_EQ(bili.owner(), v1::OWNER_SITE);
  EXPECT_EQ(bili.on_conflict(), v1::CONFLICT_POLICY_ADJUDICATE);
  EXPECT_EQ(bili.hard_range().maximum(), "60");
  EXPECT_EQ(bili.soft_range().minimum(), "");
  EXPECT_EQ(bili.soft_range().maximum(), "1.2");
  EXPECT_EQ(lab.items(1).code_list(), "sex");
  EXPECT_EQ(lab.items(1).owner(), v1::OWNER_CENTRE);
  EXPECT_TRUE(lab.items(2).site_only());
  EXPECT_EQ(lab.items(2).on_conflict(), v1::CONFLICT_POLICY_LATEST);
  EXPECT_TRUE(lab.items(3).reveals_arm());
  EXPECT_TRUE(lab.items(4).retired());
  EXPECT_EQ(lab.items(5).split_from(), 15u);
  EXPECT_EQ(lab.checks(0).rule(), "sbp > dbp or sex = 'm'");
  EXPECT_EQ(lab.checks(0).messages(0).text(), "Turned\nround?");
  EXPECT_TRUE(lab.checks(0).soft());

  EXPECT_TRUE(study.events(0).repeating());
  EXPECT_EQ(study.events(0).forms(1), 2u);
  EXPECT_TRUE(study.events(1).retired());
  EXPECT_EQ(study.steps(0).recode().to(), "x");
  EXPECT_EQ(study.steps(1).convert().factor(), "100");
  EXPECT_EQ(study.steps(2).default_value().value().quantity().comparator(), v1::COMPARATOR_LESS);
  EXPECT_EQ(study.steps(3).split().into(1), 17u);
}

TEST(CompileStudy, ComesBackFromItsOwnYamlByteForByte) {
  const v1::StudyDefinition study = CompileGood();
  const std::string yaml = DefinitionToYaml(study);
  const absl::StatusOr<std::string> again = CompileStudy(yaml, "again.yaml");
  ASSERT_TRUE(again.ok()) << again.status() << "\n" << yaml;
  EXPECT_EQ(*again, study.SerializeAsString()) << yaml;
}

TEST(CompileStudy, WritesEveryKindOfTextSoThatItComesBack) {
  v1::StudyDefinition study = CompileGood();
  for (const std::string text :
       {"~",       "null", "true", " lead", "trail ", "a: b", "- a",      "#c",
        "'q'",     "\"",   "\\",   "{",     "[",      "a,b",  "tab\t",    "line\nnext\r\n",
        "é\u2028", "%",    "@",    "!tag",  "&a",     "*a",   "\x7f\x01", "<<",
        "?",       "|",    ">"}) {
    study.mutable_titles(0)->set_text(text);
    study.mutable_steps(3)->mutable_split()->set_separator(text);
    const absl::StatusOr<std::string> again = CompileStudy(DefinitionToYaml(study), "text.yaml");
    ASSERT_TRUE(again.ok()) << text << ": " << again.status();
    EXPECT_EQ(*again, study.SerializeAsString()) << text;
  }
}

struct Broken {
  // What is replaced in kGood, once, and by what.
  std::string_view from;
  std::string_view to;
  // The beginning of the message.
  std::string_view message;
};

std::string Replaced(std::string_view from, std::string_view to) {
  std::string yaml(kGood);
  const size_t at = yaml.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return yaml.replace(at, from.size(), to);
}

TEST(CompileStudy, NamesLineColumnKeyReasonAndMend) {
  const std::vector<Broken> cases = {
      {"study: good", "study: Good", "f.yaml:1:1: study: 'Good' is no name of a study; use"},
      {"study: good\n", "", "f.yaml:1:1: study: the key is missing; add it"},
      {"version: 2", "version: two", "f.yaml:2:1: version: 'two' is no whole number; write"},
      {"version: 2", "version: 4294967296", "f.yaml:2:1: version: '4294967296' is no whole number"},
      {"version: 2", "version: -1", "f.yaml:2:1: version: '-1' is no whole number"},
      {"version: 2", "version: 2\nextra: 1",
       "f.yaml:3:1: extra: the key 'extra' is not known here"},
      {"version: 2", "version: 2\nversion: 2", "f.yaml:3:1: version: the key is there already"},
      {"{version: 1,", "{version: 0,", "f.yaml:4:1: previous: version 2 follows version 1"},
      {"sha256: 0011", "sha256: zz11", "f.yaml:4:24: previous.sha256: a SHA-256 has 64"},
      {"sha256: 0011", "sha256: 11", "f.yaml:4:24: previous.sha256: a SHA-256 has 64"},
      {"{en: male, zh: 男}", "male", "f.yaml:7:5: code_lists.sex.m: a mapping is expected here"},
      {"{en: male, zh: 男}", "{}", "f.yaml:7:5: code_lists.sex.m: there is no text"},
      {"  sex:\n", "  Sex:\n", "f.yaml:6:3: code_lists.Sex: 'Sex' is no name here"},
      {"    id: 1\n", "", "f.yaml:11:3: forms.LAB.id: the key is missing"},
      {"    id: 1\n", "    id: 2\n", "f.yaml:32:9: forms.OLD.id: the id 2 belongs to LAB"},
      {"    id: 1\n", "    id: [1]\n", "f.yaml:12:5: forms.LAB.id: one value is expected here"},
      {"    label: {en: Laboratory}\n", "    label:\n",
       "f.yaml:13:5: forms.LAB.label: a mapping is expected here"},
      {"    repeating: true", "    repeating: yes",
       "f.yaml:14:5: forms.LAB.repeating: 'yes' is neither true nor false"},
      {"        id: 11\n", "        id: 12\n",
       "f.yaml:24:13: forms.LAB.items.sex.id: the id 12 belongs to LAB.bili"},
      {"type: quantity", "type: lab",
       "f.yaml:18:9: forms.LAB.items.bili.type: 'lab' is not known here; write one of text,"},
      {"units: [mg/dL, \"log10 U/mL\"]", "units: mg/dL",
       "f.yaml:20:9: forms.LAB.items.bili.units: a list is expected here"},
      {"units: [mg/dL,", "units: [mg/dL, mg/dL,",
       "f.yaml:20:9: forms.LAB.items.bili.units: the name 'mg/dL' is used twice"},
      {"required: true", "unit: g/L",
       "f.yaml:21:9: forms.LAB.items.bili.unit: give unit or units, not both"},
      {"hard: [0, 60]", "hard: [60, 0]",
       "f.yaml:22:9: forms.LAB.items.bili.hard: the minimum 60 is above the maximum 0; swap them"},
      {"hard: [0, 60]", "hard: [0, high]",
       "f.yaml:22:9: forms.LAB.items.bili.hard: the limit 'high' is not a decimal number"},
      {"hard: [0, 60]", "hard: 60", "f.yaml:22:9: forms.LAB.items.bili.hard: two limits are"},
      {"soft: [~, 1.2]", "soft: [~, ~]",
       "f.yaml:23:9: forms.LAB.items.bili.soft: neither limit is given"},
      {"code_list: sex,", "code_list: six,",
       "f.yaml:24:34: forms.LAB.items.sex.code_list: there is no code list 'six'"},
      {"owner: centre", "owner: center",
       "f.yaml:24:68: forms.LAB.items.sex.owner: 'center' is not known here; write one of site, "
       "centre"},
      {"on_conflict: latest", "on_conflict: last",
       "f.yaml:25:70: forms.LAB.items.name.on_conflict: 'last' is not known here"},
      {"label: {en: Arm}, ", "", "f.yaml:26:7: forms.LAB.items.arm.label: the key is missing"},
      {"split_from: bp", "split_from: pb",
       "f.yaml:28:59: forms.LAB.items.sbp.split_from: the form has no item 'pb'"},
      {"rule: sbp > dbp", "rule: sbp > pbd",
       "f.yaml:31:25: forms.LAB.checks.pressure.rule: column 7: the form LAB has no item 'pbd'"},
      {"message: {en: \"Turned\\nround?\"}", "message: {}",
       "f.yaml:31:55: forms.LAB.checks.pressure.message: there is no text"},
      {"forms: [LAB, OLD]", "forms: [LAB, NEW]",
       "f.yaml:34:38: events.VISIT.forms: there is no form 'NEW'"},
      {"forms: [LAB, OLD]", "forms: []",
       "f.yaml:34:38: events.VISIT.forms: the event has no forms"},
      {"LAB.sex, from: f", "LAB.six, from: f",
       "f.yaml:37:14: steps.1.recode.item: there is no item 'LAB.six'"},
      {"LAB.sex, from: f", "sex, from: f",
       "f.yaml:37:14: steps.1.recode.item: there is no item 'sex'"},
      {"to: x}", "to: y}", "f.yaml:37:5: steps.1: 'y' is no code of sex"},
      {"recode: {", "rename: {", "f.yaml:37:5: steps.1.rename: the key 'rename' is not known here"},
      {"factor: 100", "factor: -1", "f.yaml:38:5: steps.2: the factor '-1' is no decimal number "},
      {", factor: 100", "", "f.yaml:38:5: steps.2.convert.factor: the key is missing"},
      {"value: <0.05 mg/dL", "value: low",
       "f.yaml:39:31: steps.3.default.value: bili: 'low' is no value of this item"},
      {"into: [LAB.sbp, LAB.dbp]", "into: [LAB.sbp, LAB.bili]",
       "f.yaml:40:5: steps.4: bili does not say split_from: bp"},
      {"title: {", "title: {{", "f.yaml:"},
  };
  for (const Broken& broken : cases) {
    const absl::Status status = CompileStudy(Replaced(broken.from, broken.to), "f.yaml").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << broken.to;
    EXPECT_THAT(std::string(status.message()), StartsWith(std::string(broken.message)));
  }
}

TEST(CompileStudy, ListsSeveralFaultsInTheOrderOfTheFile) {
  const std::string yaml = absl::StrReplaceAll(kGood.data(), {{"version: 2", "version: 0"},
                                                              {"type: boolean", "type: bool"},
                                                              {"hard: [0, 60]", "hard: [x, 60]"},
                                                              {"id: 17", "id: 16"}});
  const absl::Status status = CompileStudy(yaml, "f.yaml").status();
  const std::vector<std::string> lines = absl::StrSplit(status.message(), '\n');
  ASSERT_THAT(lines, SizeIs(7)) << status;
  EXPECT_THAT(lines[0], StartsWith("f.yaml:2:1: version: versions are counted from 1"));
  EXPECT_THAT(lines[1], StartsWith("f.yaml:4:1: previous: version 1 follows no other"));
  EXPECT_THAT(lines[2], StartsWith("f.yaml:22:9: forms.LAB.items.bili.hard: "));
  EXPECT_THAT(lines[3], StartsWith("f.yaml:26:21: forms.LAB.items.arm.type: 'bool' is not known"));
  EXPECT_THAT(lines[4], StartsWith("f.yaml:29:13: forms.LAB.items.dbp.id: the id 16 belongs to"));
  EXPECT_THAT(lines[5], StartsWith("f.yaml:36:1: steps: version 1 has nothing"));
  EXPECT_THAT(lines[6], StartsWith("f.yaml:40:5: steps.4: another step says the same"));
}

TEST(CompileStudy, AWrongKeyBringsNoFurtherFaults) {
  const absl::Status status =
      CompileStudy(Replaced("type: quantity", "type: lab"), "f.yaml").status();
  EXPECT_THAT(std::string(status.message()), testing::Not(HasSubstr("type is missing")));
}

TEST(CompileStudy, SurvivesWhatIsNoStudy) {
  for (const std::string text :
       {"", "~", "[]", "a", "- a\n- b", "{a: b", "\t", "%YAML 9", "&a [*a]", "? [a]: b", "study: [",
        "forms: {LAB: ~}", "steps: {}", "study: good\nforms: 1\nevents: []\nsteps: [1, []]"}) {
    EXPECT_EQ(CompileStudy(text, "f.yaml").status().code(), absl::StatusCode::kInvalidArgument)
        << text;
  }
  std::string deep(100'000, '[');
  EXPECT_EQ(CompileStudy(deep, "f.yaml").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CompileStudy(std::string(kDefinitionBytesMax + 1, ' '), "f.yaml").status().code(),
            absl::StatusCode::kInvalidArgument);
  // Any prefix of a good file, and any byte of it lost.
  for (size_t bytes = 0; bytes < kGood.size(); bytes += 7) {
    EXPECT_FALSE(CompileStudy(kGood.substr(0, bytes), "f.yaml").ok() && bytes < 1'200);
    std::string lost(kGood);
    lost.erase(bytes, 1);
    (void)CompileStudy(lost, "f.yaml");
  }
}

TEST(CompileStudy, ReadsTheExampleOfTheReadme) {
  std::ifstream file("study/README.md");
  std::stringstream text;
  text << file.rdbuf();
  const std::vector<std::string> blocks = absl::StrSplit(text.str(), "```");
  ASSERT_THAT(blocks, SizeIs(3));
  ASSERT_THAT(blocks[1], StartsWith("yaml\n"));
  const absl::StatusOr<std::string> bytes = CompileStudy(blocks[1].substr(5), "README.md");
  EXPECT_TRUE(bytes.ok()) << bytes.status();
}

TEST(CompileStudy, ShowsAtMostFiftyFaults) {
  std::string yaml(kGood);
  for (int index = 0; index < 80; ++index) yaml += absl::StrCat("extra", index, ": 1\n");
  const absl::Status status = CompileStudy(yaml, "f.yaml").status();
  const std::vector<std::string> lines = absl::StrSplit(status.message(), '\n');
  ASSERT_THAT(lines, SizeIs(51));
  EXPECT_EQ(lines.back(), "… and 30 more");
}

}  // namespace
}  // namespace trialsync::study
