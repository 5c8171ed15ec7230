// SPDX-License-Identifier: Apache-2.0
#include "study/checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "study/value.h"
#include "tests/study/studies.h"

namespace trialsync::study {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view kStudy = R"(
study: checks
version: 1
title: {en: Checks}
forms:
  LAB:
    id: 1
    label: {en: Laboratory}
    items:
      bili:
        id: 11
        type: quantity
        units: [mg/dL, umol/L]
        label: {en: B}
        hard: [0, 60]
        soft: [0, 1.2]
      age: {id: 12, type: decimal, label: {en: Age}, hard: [18, ~], required: true}
      from: {id: 13, type: date, label: {en: From}}
      to: {id: 14, type: date, label: {en: To}}
      gone: {id: 15, type: integer, label: {en: Gone}, hard: [0, 1], retired: true, required: true}
    checks:
      order: {id: 3, rule: to >= from, message: {zh: 顺序, en: Ends before it begins}}
      adult: {id: 2, rule: age >= 18.5, message: {zh: 年龄}, soft: true}
events:
  VISIT: {id: 1, label: {en: Visit}, forms: [LAB]}
)";

class ChecksTest : public ::testing::Test {
 protected:
  void Set(std::string_view item, std::string_view text) {
    const v1::ItemDefinition& definition = ItemOf(*definition_, item);
    record_[definition.id()] = *ParseValue(definition_->proto(), definition, text);
  }
  const v1::Value* Find(uint32_t item) const {
    const auto found = record_.find(item);
    return found == record_.end() ? nullptr : &found->second;
  }
  std::vector<CheckFinding> Run() const {
    return RunChecks(*definition_, 1, [this](uint32_t item) { return Find(item); });
  }
  // The ids of the checks that do not hold.
  std::vector<uint32_t> Failed() const {
    std::vector<uint32_t> failed;
    for (const CheckFinding& finding : Run()) {
      if (finding.truth == Truth::kFalse) failed.push_back(finding.check);
    }
    return failed;
  }

  const std::shared_ptr<const Definition> definition_ = CompileOrDie(kStudy);
  std::map<uint32_t, v1::Value> record_;
};

TEST_F(ChecksTest, IdentitiesNeverChange) {
  EXPECT_EQ(HardRangeCheckId(11), 0x8000000Bu);
  EXPECT_EQ(SoftRangeCheckId(11), 0x4000000Bu);
}

TEST_F(ChecksTest, RangesIncludeTheirLimits) {
  for (const std::string_view inside : {"0 mg/dL", "1.2 mg/dL", "1.20 mg/dL", "missing:not_done"}) {
    Set("bili", inside);
    EXPECT_THAT(Failed(), IsEmpty()) << inside;
  }
  Set("bili", "1.21 mg/dL");
  EXPECT_THAT(Failed(), ElementsAre(SoftRangeCheckId(11)));
  EXPECT_FALSE(Run().front().hard);
  Set("bili", "60.01 mg/dL");
  EXPECT_THAT(Failed(), ElementsAre(HardRangeCheckId(11)));
  EXPECT_TRUE(Run().front().hard);
  Set("bili", "-1 mg/dL");
  EXPECT_THAT(Failed(), ElementsAre(HardRangeCheckId(11)));
}

TEST_F(ChecksTest, RangesOpenNothingThatIsNotCertain) {
  for (const std::string_view uncertain : {"<0.05 mg/dL", "<100 mg/dL", "900 umol/L"}) {
    Set("bili", uncertain);
    EXPECT_THAT(Failed(), IsEmpty()) << uncertain;
  }
  Set("bili", ">60 mg/dL");
  EXPECT_THAT(Failed(), ElementsAre(HardRangeCheckId(11)));
}

TEST_F(ChecksTest, AnOpenLimitBindsNothing) {
  Set("age", "1e9");
  EXPECT_THAT(Failed(), IsEmpty());
  Set("age", "17.99");
  EXPECT_THAT(Failed(), ElementsAre(HardRangeCheckId(12), 2));
}

TEST_F(ChecksTest, DeclaredChecksSayWhyTheyCannotBeDecided) {
  const std::vector<CheckFinding> empty = Run();
  ASSERT_EQ(empty.size(), 2u);
  EXPECT_EQ(empty[0].check, 3u);
  EXPECT_EQ(empty[0].truth, Truth::kUndecidable);
  EXPECT_THAT(empty[0].undecided_items, ElementsAre(13, 14));
  EXPECT_EQ(empty[0].message, "Ends before it begins");
  EXPECT_TRUE(empty[0].hard);
  EXPECT_EQ(empty[1].message, "年龄");
  EXPECT_FALSE(empty[1].hard);

  Set("from", "2024-05-17");
  Set("to", "2024-05-16");
  EXPECT_THAT(Failed(), ElementsAre(3));
  Set("to", "2024-06");
  Set("age", "40");
  EXPECT_THAT(Run(), IsEmpty());
}

TEST_F(ChecksTest, MessagesHoldLimitsAndNotTheValue) {
  Set("bili", "77.7 mg/dL");
  EXPECT_THAT(Run().front().message,
              HasSubstr("LAB.bili: expected at least 0 mg/dL and at most 60 mg/dL"));
  EXPECT_THAT(Run().front().message, Not(HasSubstr("77")));
}

TEST_F(ChecksTest, RetiredItemsAndOtherFormsAreNotLookedAt) {
  record_[15] = IntegerValue(9);
  EXPECT_THAT(Failed(), IsEmpty());
  EXPECT_THAT(RunChecks(*definition_, 2, [](uint32_t) { return nullptr; }), IsEmpty());
}

TEST_F(ChecksTest, ListsRequiredItemsThatAreEmpty) {
  const auto lookup = [this](uint32_t item) { return Find(item); };
  EXPECT_THAT(EmptyRequiredItems(*definition_, 1, lookup), ElementsAre(12));
  Set("age", "missing:unknown");
  EXPECT_THAT(EmptyRequiredItems(*definition_, 1, lookup), IsEmpty());
  EXPECT_THAT(EmptyRequiredItems(*definition_, 2, lookup), IsEmpty());
}

}  // namespace
}  // namespace trialsync::study
