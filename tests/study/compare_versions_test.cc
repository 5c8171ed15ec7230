// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "study/versions.h"
#include "tests/study/studies.h"

namespace trialsync::study {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

using Change = std::function<void(v1::StudyDefinition&)>;

class CompareVersionsTest : public ::testing::Test {
 protected:
  CompareVersionsTest() {
    v1::StudyDefinition proto = EveryType()->proto();
    *proto.add_forms() = proto.forms(0);
    v1::FormDefinition* second = proto.mutable_forms(1);
    second->set_id(2);
    second->set_name("SECOND");
    second->clear_items();
    *second->add_items() = proto.forms(0).items(0);
    second->mutable_items(0)->set_id(50);
    second->mutable_items(0)->set_name("only");
    proto.mutable_events(0)->add_forms(2);
    *proto.add_events() = proto.events(0);
    proto.mutable_events(1)->set_id(2);
    proto.mutable_events(1)->set_name("EXTRA");
    before_ = *Definition::FromBytes(proto.SerializeAsString());
  }

  std::vector<VersionFinding> Compare(const Change& change) const {
    v1::StudyDefinition proto = before_->proto();
    proto.set_version(2);
    *proto.mutable_previous() = before_->version();
    change(proto);
    const auto after = Definition::FromBytes(proto.SerializeAsString());
    EXPECT_TRUE(after.ok()) << after.status();
    if (!after.ok()) return {};
    return *CompareVersions(*before_, **after);
  }
  // The names of the differences, those that block with a mark.
  std::vector<std::string> Names(const Change& change) const {
    std::vector<std::string> names;
    for (const VersionFinding& finding : Compare(change)) {
      names.push_back(std::string(finding.blocks() ? "!" : "") +
                      std::string(DifferenceName(finding.difference)));
    }
    return names;
  }
  static v1::ItemDefinition* Item(v1::StudyDefinition& study, int index) {
    return study.mutable_forms(0)->mutable_items(index);
  }

  std::shared_ptr<const Definition> before_;
};

TEST_F(CompareVersionsTest, TheSameContentDiffersInNothing) {
  EXPECT_THAT(Names([](auto&) {}), IsEmpty());
}

TEST_F(CompareVersionsTest, ListsWhatBreaks) {
  EXPECT_THAT(Names([](auto& s) { s.mutable_forms(0)->mutable_items()->RemoveLast(); }),
              ElementsAre("!item-removed"));
  EXPECT_THAT(Names([](auto& s) { Item(s, 0)->set_type(v1::ITEM_TYPE_INTEGER); }),
              ElementsAre("!type-changed"));
  EXPECT_THAT(Names([](auto& s) { Item(s, 2)->set_type(v1::ITEM_TYPE_INTEGER); }),
              ElementsAre("!type-changed"));
  EXPECT_THAT(Names([](auto& s) { s.mutable_code_lists(0)->mutable_codes()->RemoveLast(); }),
              ElementsAre("!code-removed"));
  EXPECT_THAT(Names([](auto& s) { Item(s, 3)->mutable_units()->RemoveLast(); }),
              ElementsAre("units-changed", "!unit-removed"));
  EXPECT_THAT(Names([](auto& s) { Item(s, 0)->set_site_only(true); }),
              ElementsAre("!site-only-set"));
  EXPECT_THAT(Names([](auto& s) { Item(s, 0)->set_split_from(2); }),
              ElementsAre("!lineage-changed"));
  EXPECT_THAT(Names([](auto& s) { s.mutable_forms(0)->set_repeating(true); }),
              ElementsAre("!form-repeat-changed"));
  EXPECT_THAT(Names([](auto& s) { s.mutable_events(0)->set_repeating(true); }),
              ElementsAre("!event-repeat-changed"));
  EXPECT_THAT(Names([](auto& s) { s.mutable_events()->RemoveLast(); }),
              ElementsAre("!event-removed"));
  EXPECT_THAT(Names([](auto& s) { s.mutable_events(0)->mutable_forms()->RemoveLast(); }),
              ElementsAre("!event-form-removed"));
  EXPECT_THAT(
      Names([](auto& s) {
        s.mutable_forms()->RemoveLast();
        s.mutable_events(0)->mutable_forms()->RemoveLast();
        s.mutable_events(1)->mutable_forms()->RemoveLast();
      }),
      ElementsAre("!form-removed", "!item-removed", "!event-form-removed", "!event-form-removed"));
  EXPECT_THAT(Names([](auto& s) {
                *s.mutable_forms(1)->add_items() = *Item(s, 11);
                s.mutable_forms(0)->mutable_items()->RemoveLast();
              }),
              ElementsAre("!item-moved"));
}

TEST_F(CompareVersionsTest, ANewItemThatWasSplitOffNeedsAStep) {
  const Change split_off = [](auto& s) {
    v1::ItemDefinition* part = s.mutable_forms(0)->add_items();
    *part = *Item(s, 0);
    part->set_id(60);
    part->set_name("part");
    part->set_split_from(1);
    part->set_required(true);
  };
  EXPECT_THAT(Names(split_off), ElementsAre("item-added", "required-added", "!split-without-step"));
  EXPECT_EQ(Compare(split_off).back().item, 1u);
  EXPECT_THAT(Names([&](auto& s) {
                split_off(s);
                v1::Split* split = s.add_steps()->mutable_split();
                split->set_from(1);
                split->set_separator("/");
                split->add_into(60);
              }),
              ElementsAre("item-added", "required-added"));
}

TEST_F(CompareVersionsTest, AStepCoversWhatBreaks) {
  EXPECT_THAT(Names([](auto& s) {
                s.mutable_code_lists(0)->mutable_codes()->RemoveLast();
                v1::Recode* recode = s.add_steps()->mutable_recode();
                recode->set_item(10);
                recode->set_from("x");
                recode->set_to("m");
              }),
              ElementsAre("code-removed"));
  const std::vector<VersionFinding> findings = Compare([](auto& s) {
    Item(s, 3)->mutable_units()->RemoveLast();
    v1::Convert* convert = s.add_steps()->mutable_convert();
    convert->set_item(4);
    convert->set_from_unit("umol/L");
    convert->set_to_unit("mg/dL");
    convert->set_factor("0.0585");
  });
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_TRUE(findings[1].covered_by_step);
  EXPECT_FALSE(findings[1].blocks());
  EXPECT_TRUE(IsBreaking(findings[1].difference));
}

TEST_F(CompareVersionsTest, ListsWhatIsWorthALook) {
  EXPECT_THAT(Names([](auto& s) {
                Item(s, 0)->set_name("note");
                Item(s, 0)->set_required(true);
                Item(s, 0)->set_owner(v1::OWNER_CENTRE);
                Item(s, 0)->set_on_conflict(v1::CONFLICT_POLICY_LATEST);
                Item(s, 0)->set_reveals_arm(true);
                Item(s, 0)->set_retired(true);
              }),
              ElementsAre("renamed", "retired", "required-added", "reveals-arm-changed",
                          "owner-changed", "conflict-policy-changed"));
  EXPECT_THAT(Names([](auto& s) { Item(s, 1)->set_type(v1::ITEM_TYPE_DECIMAL); }),
              ElementsAre("type-widened"));
  EXPECT_THAT(Names([](auto& s) {
                Item(s, 9)->set_type(v1::ITEM_TYPE_TEXT);
                Item(s, 9)->clear_code_list();
              }),
              ElementsAre("type-widened"));
  EXPECT_THAT(Names([](auto& s) { Item(s, 10)->set_site_only(false); }),
              ElementsAre("site-only-cleared"));
  EXPECT_THAT(Names([](auto& s) { Item(s, 11)->set_retired(false); }), ElementsAre("reinstated"));
  EXPECT_THAT(Names([](auto& s) { Item(s, 1)->mutable_hard_range()->set_minimum("0"); }),
              ElementsAre("range-changed"));
  EXPECT_THAT(Names([](auto& s) {
                s.mutable_code_lists(0)->mutable_codes(0)->set_retired(true);
                v1::Code* code = s.mutable_code_lists(0)->add_codes();
                *code = s.code_lists(0).codes(0);
                code->set_code("d");
              }),
              ElementsAre("retired", "code-added"));
  EXPECT_THAT(Names([](auto& s) {
                v1::Check* check = s.mutable_forms(0)->add_checks();
                check->set_id(1);
                check->set_name("new");
                check->set_rule("whole > 0");
                *check->add_messages() = s.titles(0);
              }),
              ElementsAre("checks-changed"));
  EXPECT_THAT(Names([](auto& s) {
                v1::FormDefinition* form = s.add_forms();
                *form = s.forms(1);
                form->set_id(3);
                form->set_name("THIRD");
                form->mutable_items(0)->set_id(51);
                s.mutable_events(0)->add_forms(3);
                v1::EventDefinition* event = s.add_events();
                *event = s.events(1);
                event->set_id(3);
                event->set_name("THIRD");
              }),
              UnorderedElementsAre("form-added", "item-added", "event-form-added", "event-added"));
}

TEST_F(CompareVersionsTest, TouchesTheValuesThatAreMeant) {
  const VersionFinding code =
      Compare([](auto& s) { s.mutable_code_lists(0)->mutable_codes()->RemoveLast(); }).front();
  EXPECT_EQ(code.item, 10u);
  EXPECT_EQ(code.form, 1u);
  EXPECT_TRUE(code.Touches(CodeValue("x")));
  EXPECT_FALSE(code.Touches(CodeValue("m")));
  EXPECT_FALSE(code.Touches(MissingValue(v1::MISSING_REASON_UNKNOWN)));

  const VersionFinding unit =
      Compare([](auto& s) { Item(s, 3)->mutable_units()->RemoveLast(); }).back();
  EXPECT_TRUE(unit.Touches(QuantityValue(v1::COMPARATOR_LESS, "1", "umol/L")));
  EXPECT_FALSE(unit.Touches(QuantityValue(v1::COMPARATOR_LESS, "1", "mg/dL")));

  const VersionFinding type =
      Compare([](auto& s) { Item(s, 0)->set_type(v1::ITEM_TYPE_DATE); }).front();
  EXPECT_TRUE(type.Touches(TextValue("a")));
  EXPECT_FALSE(type.Touches(MissingValue(v1::MISSING_REASON_UNKNOWN)));
  EXPECT_FALSE(type.Touches(WithheldValue()));

  const VersionFinding renamed = Compare([](auto& s) { Item(s, 0)->set_name("note"); }).front();
  EXPECT_FALSE(renamed.Touches(TextValue("a")));

  const VersionFinding removed =
      Compare([](auto& s) { s.mutable_forms(0)->mutable_items()->RemoveLast(); }).front();
  EXPECT_TRUE(removed.Touches(MissingValue(v1::MISSING_REASON_UNKNOWN)));
}

TEST_F(CompareVersionsTest, RefusesVersionsThatDoNotFollow) {
  EXPECT_EQ(CompareVersions(*before_, *before_).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(CompareVersions(*EveryType(), *before_).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace trialsync::study
