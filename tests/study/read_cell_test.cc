// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "study/value.h"
#include "study/versions.h"
#include "tests/study/studies.h"

namespace trialsync::study {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kFirst = R"(
study: steps
version: 1
title: {en: Steps}
code_lists:
  grade: {a: {en: A}, b: {en: B}, c: {en: C}}
forms:
  LAB:
    id: 1
    label: {en: Laboratory}
    items:
      bili: {id: 1, type: quantity, unit: mg/dL, label: {en: Bilirubin}}
      grade: {id: 2, type: coded, code_list: grade, label: {en: Grade}}
      bp: {id: 3, type: text, label: {en: Blood pressure}}
      dose: {id: 4, type: integer, label: {en: Dose}}
      plain: {id: 5, type: text, label: {en: Plain}}
events: {VISIT: {id: 1, label: {en: Visit}, forms: [LAB]}}
)";

// bili is converted, grade's a and b are exchanged and c goes to d, bp is split, dose becomes
// decimal, plain is renamed, and nobody was asked for consent before.
constexpr std::string_view kSecond = R"(
study: steps
version: 2
title: {en: Steps}
previous: {version: 1}
code_lists:
  grade: {a: {en: A}, b: {en: B}, d: {en: D}}
forms:
  LAB:
    id: 1
    label: {en: Laboratory}
    items:
      bili: {id: 1, type: quantity, unit: umol/L, label: {en: Bilirubin}}
      grade: {id: 2, type: coded, code_list: grade, label: {en: Grade}}
      bp: {id: 3, type: text, label: {en: Blood pressure}, retired: true}
      sbp: {id: 31, type: integer, label: {en: Systolic}, split_from: bp}
      dbp: {id: 32, type: integer, label: {en: Diastolic}, split_from: bp}
      dose: {id: 4, type: decimal, label: {en: Dose}}
      remark: {id: 5, type: text, label: {en: Remark}}
      consent: {id: 6, type: coded, code_list: grade, required: true, label: {en: Consent}}
events: {VISIT: {id: 1, label: {en: Visit}, forms: [LAB]}}
steps:
  - convert: {item: LAB.bili, from: mg/dL, to: umol/L, factor: 17.104}
  - recode: {item: LAB.grade, from: a, to: b}
  - recode: {item: LAB.grade, from: b, to: a}
  - recode: {item: LAB.grade, from: c, to: d}
  - split: {item: LAB.bp, separator: /, into: [LAB.sbp, LAB.dbp]}
  - default: {item: LAB.consent, value: a}
)";

// grade becomes text, and consent's code a is read as d.
constexpr std::string_view kThird = R"(
study: steps
version: 3
title: {en: Steps}
previous: {version: 2}
code_lists:
  grade: {a: {en: A}, b: {en: B}, d: {en: D}}
forms:
  LAB:
    id: 1
    label: {en: Laboratory}
    items:
      bili: {id: 1, type: quantity, unit: mmol/L, label: {en: Bilirubin}}
      grade: {id: 2, type: text, label: {en: Grade}}
      bp: {id: 3, type: text, label: {en: Blood pressure}, retired: true}
      sbp: {id: 31, type: integer, label: {en: Systolic}, split_from: bp}
      dbp: {id: 32, type: integer, label: {en: Diastolic}, split_from: bp}
      remark: {id: 5, type: integer, label: {en: Remark}}
      consent: {id: 6, type: coded, code_list: grade, label: {en: Consent}}
events: {VISIT: {id: 1, label: {en: Visit}, forms: [LAB]}}
steps:
  - convert: {item: LAB.bili, from: umol/L, to: mmol/L, factor: 0.001}
  - recode: {item: LAB.consent, from: a, to: d}
)";

class ReadCellTest : public ::testing::Test {
 protected:
  ReadCellTest() {
    for (const auto& definition : {first_, second_, third_}) {
      EXPECT_TRUE(all_.Add(definition).ok());
    }
  }

  // What a cell says, as `item=text`, or `item=?` where it cannot be decided.
  std::vector<std::string> Read(const std::vector<StoredValue>& cell, const Definition& target) {
    std::vector<std::string> texts;
    for (const Reading& reading : ReadCell(cell, target, all_)) {
      texts.push_back(absl::StrCat(reading.item, "=",
                                   reading.value.has_value() ? FormatValue(*reading.value) : "?"));
    }
    return texts;
  }
  std::vector<std::string> Read(uint32_t item, uint32_t version, const v1::Value& value,
                                const Definition& target) {
    return Read({{.item = item, .version = version, .value = value}}, target);
  }
  static v1::Value MilligramsOf(std::string number) {
    return QuantityValue(v1::COMPARATOR_LESS, std::move(number), "mg/dL");
  }

  const std::shared_ptr<const Definition> first_ = CompileOrDie(kFirst);
  const std::shared_ptr<const Definition> second_ = CompileOrDie(kSecond, first_.get());
  const std::shared_ptr<const Definition> third_ = CompileOrDie(kThird, second_.get());
  DefinitionSet all_;
};

TEST_F(ReadCellTest, UnderItsOwnVersionAValueIsItself) {
  EXPECT_THAT(Read(1, 1, MilligramsOf("1.50"), *first_), ElementsAre("1=<1.50 mg/dL"));
  EXPECT_THAT(Read({}, *first_), IsEmpty());
}

TEST_F(ReadCellTest, ConvertsExactlyAndKeepsTheComparator) {
  EXPECT_THAT(Read(1, 1, MilligramsOf("1.50"), *second_), ElementsAre("1=<25.656 umol/L"));
  EXPECT_THAT(Read(1, 1, MilligramsOf("1.50"), *third_), ElementsAre("1=<0.025656 mmol/L"));
  EXPECT_THAT(Read(1, 2, QuantityValue(v1::COMPARATOR_UNSPECIFIED, "30", "umol/L"), *third_),
              ElementsAre("1=0.03 mmol/L"));
  EXPECT_THAT(Read(1, 1, MilligramsOf(std::string(kTextBytesMax > 0 ? 64 : 0, '9')), *second_),
              ElementsAre("1=?"));
}

TEST_F(ReadCellTest, RecodesOnceEvenWhenCodesAreExchanged) {
  EXPECT_THAT(Read(2, 1, CodeValue("a"), *second_), ElementsAre("2=b"));
  EXPECT_THAT(Read(2, 1, CodeValue("b"), *second_), ElementsAre("2=a"));
  EXPECT_THAT(Read(2, 1, CodeValue("c"), *second_), ElementsAre("2=d"));
  EXPECT_THAT(Read(2, 2, CodeValue("a"), *second_), ElementsAre("2=a"));
  EXPECT_THAT(Read(2, 2, CodeValue("c"), *second_), ElementsAre("2=?"));
}

TEST_F(ReadCellTest, TakesOverWhatTheWiderTypeHolds) {
  EXPECT_THAT(Read(4, 1, IntegerValue(-7), *second_), ElementsAre("4=-7"));
  EXPECT_TRUE(ReadCell(std::vector<StoredValue>{{4, 1, IntegerValue(-7)}}, *second_, all_)[0]
                  .value->has_decimal());
  EXPECT_THAT(Read(2, 1, CodeValue("c"), *third_), ElementsAre("2=d"));
  EXPECT_TRUE(ReadCell(std::vector<StoredValue>{{2, 1, CodeValue("c")}}, *third_, all_)[0]
                  .value->has_text());
}

TEST_F(ReadCellTest, SplitsAndKeepsTheSource) {
  EXPECT_THAT(Read(3, 1, TextValue("120/80"), *second_),
              ElementsAre("3=120/80", "31=120", "32=80"));
  EXPECT_THAT(Read(3, 1, TextValue("120/80"), *third_), ElementsAre("3=120/80", "31=120", "32=80"));
  EXPECT_THAT(Read(3, 1, MissingValue(v1::MISSING_REASON_REFUSED), *second_),
              ElementsAre("3=missing:refused", "31=missing:refused", "32=missing:refused"));
}

TEST_F(ReadCellTest, CannotDecideASplitThatDoesNotFit) {
  for (const std::string text : {"120", "120/80/60", "120/low", "120/", " 120/80"}) {
    EXPECT_THAT(Read(3, 1, TextValue(text), *second_), ElementsAre("3=" + text, "31=?", "32=?"));
  }
  EXPECT_THAT(Read(3, 1, WithheldValue(), *second_), ElementsAre("3=(withheld)", "31=?", "32=?"));
}

TEST_F(ReadCellTest, TheLaterOfTwoValuesWins) {
  const StoredValue source = {.item = 3, .version = 1, .value = TextValue("120/80")};
  const StoredValue part = {.item = 31, .version = 2, .value = IntegerValue(125)};
  EXPECT_THAT(Read({source, part}, *second_), ElementsAre("3=120/80", "31=125", "32=80"));
  EXPECT_THAT(Read({part, source}, *second_), ElementsAre("3=120/80", "31=120", "32=80"));
}

TEST_F(ReadCellTest, CannotDecideWhatTheTargetDoesNotHave) {
  EXPECT_THAT(Read(4, 1, IntegerValue(7), *third_), ElementsAre("4=?"));
  EXPECT_THAT(Read(5, 1, TextValue("x"), *third_), ElementsAre("5=?"));
  EXPECT_THAT(Read(99, 1, TextValue("x"), *second_), ElementsAre("99=?"));
}

TEST_F(ReadCellTest, CannotDecideWithoutTheVersionsBetween) {
  DefinitionSet ends;
  ASSERT_TRUE(ends.Add(first_).ok());
  ASSERT_TRUE(ends.Add(third_).ok());
  const std::vector<StoredValue> cell = {{5, 1, TextValue("x")}, {2, 2, CodeValue("a")}};
  const std::vector<Reading> readings = ReadCell(cell, *third_, ends);
  ASSERT_EQ(readings.size(), 2u);
  // One step back is in the target itself.
  EXPECT_TRUE(readings[0].value.has_value());
  EXPECT_FALSE(readings[1].value.has_value());
}

TEST_F(ReadCellTest, CannotDecideAlongAnotherVersionOfTheSameNumber) {
  v1::StudyDefinition proto = second_->proto();
  proto.mutable_titles(0)->set_text("A rival");
  DefinitionSet rivals;
  ASSERT_TRUE(rivals.Add(*Definition::FromBytes(proto.SerializeAsString())).ok());
  const std::vector<StoredValue> cell = {{3, 1, TextValue("120/80")}};
  const std::vector<Reading> readings = ReadCell(cell, *third_, rivals);
  ASSERT_EQ(readings.size(), 1u);
  EXPECT_FALSE(readings[0].value.has_value());
}

TEST_F(ReadCellTest, CannotReadBackwardsNorUnderNoVersion) {
  EXPECT_THAT(Read(5, 2, TextValue("x"), *first_), ElementsAre("5=?"));
  EXPECT_THAT(Read(5, 0, TextValue("x"), *second_), ElementsAre("5=?"));
}

TEST_F(ReadCellTest, ReadingTwiceChangesNothing) {
  const std::vector<StoredValue> cell = {{.item = 3, .version = 1, .value = TextValue("120/80")},
                                         {.item = 31, .version = 2, .value = IntegerValue(1)}};
  std::vector<StoredValue> again;
  for (const Reading& reading : ReadCell(cell, *second_, all_)) {
    again.push_back({.item = reading.item, .version = 2, .value = *reading.value});
  }
  EXPECT_EQ(Read(again, *second_), Read(cell, *second_));
  EXPECT_EQ(Read(again, *third_), Read(cell, *third_));
}

TEST_F(ReadCellTest, DefaultsShowOnlyWhereNobodyWasAsked) {
  EXPECT_EQ(FormatValue(*DefaultFor(6, 1, *second_, all_)), "a");
  EXPECT_EQ(FormatValue(*DefaultFor(6, 1, *third_, all_)), "d");
  EXPECT_FALSE(DefaultFor(6, 2, *second_, all_).has_value());
  EXPECT_FALSE(DefaultFor(6, 2, *third_, all_).has_value());
  EXPECT_FALSE(DefaultFor(5, 1, *second_, all_).has_value());
  EXPECT_FALSE(DefaultFor(6, 3, *second_, all_).has_value());
  // It never reaches a cell.
  EXPECT_THAT(Read({}, *second_), IsEmpty());
}

}  // namespace
}  // namespace trialsync::study
