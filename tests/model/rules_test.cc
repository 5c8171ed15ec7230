// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/model/describe.h"
#include "tests/model/partition.h"

// The rules by example, in the order of protocol.md, and the schedules that refuted earlier
// readings of them.
namespace trialsync::model {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kForm = "ZJU-007/W48/LAB";

Study TestStudy() {
  return {{{1, {Side::kSite, OnConflict::kAdjudicate}},
           {2, {Side::kSite, OnConflict::kLatest}},
           {3, {Side::kCentre, OnConflict::kAdjudicate}},
           {10, {Side::kSite, OnConflict::kAdjudicate}}},
          {{10, {11, 12}, 2}}};
}

// A log in which both versions are active from position 4 on. Replica "C" belongs to the centre,
// others to the site.
class RulesTest : public testing::Test {
 protected:
  static constexpr std::int64_t kStart = 4;

  RulesTest() { Open({}); }

  void Open(const Rules& rules) {
    log_ = Partition(TestStudy(), rules);
    seqs_.clear();
    Say("setup1", "C", 0, Publish{{1, "h"}});
    Say("setup2", "C", 0, Publish{{2, "h"}});
    Say("setup3", "C", 0, Activate{{1, "h"}});
    Say("setup4", "C", 0, Activate{{2, "h"}});
  }

  // The next change of `replica`, made when it had confirmed `base`.
  Change Make(const ChangeId& id, const std::string& replica, std::int64_t base, Body body,
              std::int64_t version = 1) {
    Change change{
        id, {replica, 1}, ++seqs_[replica], {1, base}, Side::kSite, {version, "h"}, kForm, {}, {}};
    if (replica == "C") change.side = Side::kCentre;
    change.body = std::move(body);
    return change;
  }

  std::string Say(const ChangeId& id, const std::string& replica, std::int64_t base, Body body,
                  std::int64_t version = 1) {
    return Commit(Make(id, replica, base, std::move(body), version));
  }

  // All that the commit judged: "a 1 applied; b 1 agreed".
  std::string Commit(const Change& change) {
    std::string text;
    for (Judgement judgement : log_.Commit(change).judged) {
      judgement.reason.clear();
      text += (text.empty() ? "" : "; ") + Describe(judgement);
    }
    return text;
  }

  Act Doing(ActKind kind) const { return {kind, log_.Digest(kForm)}; }
  std::string Standing(Item item) const { return log_.Read(kForm, item, 2).value_or(""); }
  std::int64_t Head() const { return log_.Head().number; }

  std::vector<DiscrepancyId> OpenOnes() const {
    std::vector<DiscrepancyId> open;
    for (const Discrepancy& discrepancy : log_.Discrepancies()) {
      if (discrepancy.open) open.push_back(discrepancy.id);
    }
    return open;
  }

  Partition log_{TestStudy()};
  std::map<std::string, std::int64_t> seqs_;
};

TEST_F(RulesTest, AnIdIsCommittedOnce) {
  const Change change = Make("a", "A", kStart, Edit{{{1, "5"}}});
  EXPECT_EQ(Commit(change), "a 1 applied");
  const CommitResult again = log_.Commit(change);
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.position.number, kStart + 1);
  EXPECT_EQ(Head(), kStart + 1);
}

TEST_F(RulesTest, TheTableRowByRow) {
  EXPECT_EQ(Say("a", "A", kStart, Edit{{{1, "5"}}}), "a 1 applied");       // 4: empty
  EXPECT_EQ(Say("b", "B", kStart, Edit{{{1, "5"}}}), "b 1 agreed");        // 2
  EXPECT_EQ(Say("c", "C", kStart + 1, Edit{{{1, "6"}}}), "c 1 proposed");  // 3
  EXPECT_EQ(Say("d", "D", kStart, Edit{{{1, "7"}}}), "d 1 disputed");      // 7
  EXPECT_EQ(Say("e", "B", kStart, Edit{{{1, "8"}}}), "e 1 applied");       // 4: own chain
  EXPECT_EQ(Say("f", "D", kStart + 5, Edit{{{1, "9"}}}), "f 1 applied");   // 4: base
  EXPECT_EQ(Say("g", "A", kStart, Edit{{{2, "1"}}}), "g 2 applied");       // 4: empty
  EXPECT_EQ(Say("h", "B", kStart, Edit{{{2, "2"}}}), "h 2 applied");       // 6
  EXPECT_EQ(Say("i", "C", Head(), Doing(ActKind::kLock)), "i applied");
  EXPECT_EQ(Say("j", "A", Head(), Edit{{{1, "1"}}}), "j held");  // 1
  EXPECT_THAT(log_.CellOf(kForm, 1).writers, ElementsAre("f"));
  EXPECT_THAT(OpenOnes(), ElementsAre(DiscrepancyId{"c", 1}, DiscrepancyId{"d", 1}));
  EXPECT_EQ(log_.Discrepancies().back().kind, DiscrepancyKind::kSettledByRule);
  EXPECT_THAT(log_.Discrepancies().back().against, ElementsAre("g"));
}

TEST_F(RulesTest, ItemsOfOneRecordMergeIndependently) {
  Say("a", "A", kStart, Edit{{{1, "5"}}});
  EXPECT_EQ(Say("b", "B", kStart, Edit{{{1, "6"}, {2, "1"}, {3, "1"}}}),
            "b 1 disputed 2 applied 3 proposed");
}

TEST_F(RulesTest, WhatALockHoldsIsAdmittedInCommitOrderByTheUnlock) {
  Say("l", "C", kStart, Doing(ActKind::kLock));
  EXPECT_EQ(Say("a", "A", kStart, Edit{{{1, "5"}}}), "a held");
  EXPECT_EQ(Say("b", "B", kStart, Edit{{{1, "6"}}}), "b held");
  EXPECT_EQ(Say("u", "C", Head(), Doing(ActKind::kUnlock)), "u applied; a 1 applied; b 1 disputed");
  EXPECT_EQ(log_.Find("a")->effect, log_.Head());
}

TEST_F(RulesTest, AnEditThatHadSeenTheSignatureEndsItAndAdmitsOthers) {
  Say("s", "A", kStart, Doing(ActKind::kSign));
  EXPECT_EQ(Say("b", "B", kStart, Edit{{{2, "6"}}}), "b held");
  EXPECT_EQ(Say("c", "A", Head(), Edit{{{1, "5"}}}), "c 1 applied; b 2 applied");
  EXPECT_THAT(log_.InForce(kForm, {ActKind::kSign}), IsEmpty());
}

TEST_F(RulesTest, UnderAVoidAPersonSettles) {
  Say("v", "A", kStart, Doing(ActKind::kVoid));
  EXPECT_EQ(Say("b", "B", kStart, Edit{{{1, "5"}}}), "b held");
  EXPECT_EQ(Say("c", "B", kStart, Edit{{{1, "6"}}}), "c held");
  EXPECT_EQ(Say("r", "A", Head(), Doing(ActKind::kReinstate)), "r applied");
  EXPECT_EQ(Say("x", "C", Head(), Settlement{"b", true}), "x refused");
  EXPECT_EQ(Say("y", "A", Head(), Settlement{"b", true}), "y applied; b 1 applied");
  EXPECT_EQ(Say("z", "A", Head(), Settlement{"c", false}), "z applied; c refused");
  EXPECT_EQ(Say("w", "B", Head(), Settlement{"c", true}), "w agreed");
}

TEST_F(RulesTest, ADecisionIsProtectedFromAnOlderEdit) {
  Say("a", "A", kStart, Edit{{{1, "5"}}});
  Say("b", "B", kStart, Edit{{{1, "6"}}});
  EXPECT_EQ(Say("d", "A", Head(), Decision{{{1, "6"}}, {{"b", 1}}}), "d 1 applied");
  EXPECT_THAT(OpenOnes(), IsEmpty());
  EXPECT_EQ(Say("e", "B", kStart + 1, Edit{{{1, "7"}}}), "e 1 disputed");
  EXPECT_EQ(Say("f", "D", kStart, Edit{{{1, "6"}}}), "f 1 agreed");
  EXPECT_THAT(log_.CellOf(kForm, 1).writers, ElementsAre("d"));
}

TEST_F(RulesTest, OfTwoDecisionsTheSecondAgreesOrIsDisputedWhole) {
  Say("a", "A", kStart, Edit{{{1, "5"}}});
  Say("b", "B", kStart, Edit{{{1, "6"}}});
  Say("e", "E", kStart, Edit{{{1, "7"}}});
  const std::int64_t seen = Head();
  EXPECT_EQ(Say("d1", "A", seen, Decision{{{1, "6"}}, {{"b", 1}}}), "d1 1 applied");
  EXPECT_EQ(Say("d2", "B", seen, Decision{{{1, "5"}}, {{"b", 1}, {"e", 1}}}), "d2 1 disputed");
  EXPECT_THAT(OpenOnes(), ElementsAre(DiscrepancyId{"e", 1}, DiscrepancyId{"d2", 1}));
  EXPECT_EQ(Say("d3", "E", seen, Decision{{{1, "6"}}, {{"b", 1}, {"e", 1}}}), "d3 1 agreed");
  EXPECT_THAT(OpenOnes(), ElementsAre(DiscrepancyId{"d2", 1}));
}

TEST_F(RulesTest, ADecisionWaitsForItsChallenger) {
  EXPECT_EQ(Say("d", "A", kStart, Decision{{{1, "5"}}, {{"b", 1}}}), "d held");
  EXPECT_EQ(Say("b", "B", kStart, Edit{{{1, "6"}}}), "b 1 applied; d 1 disputed");
}

TEST_F(RulesTest, TheCentreProposesAndTheSiteAcceptsOrDeclines) {
  Say("p", "C", kStart, Edit{{{1, "5"}}});
  Say("q", "C", kStart, Edit{{{2, "5"}}});
  EXPECT_EQ(Say("x", "C", Head(), Decision{{{1, "5"}}, {{"p", 1}}}), "x 1 proposed");
  EXPECT_EQ(Say("y", "A", Head(), Decision{{{1, "5"}}, {{"p", 1}, {"x", 1}}}), "y 1 applied");
  EXPECT_EQ(Say("z", "A", Head(), Decision{{}, {{"q", 2}}}), "z 2 applied");
  EXPECT_EQ(Standing(2), "");
  EXPECT_THAT(OpenOnes(), IsEmpty());
}

TEST_F(RulesTest, TwoBirthsOfOneLabelAreTwoThings) {
  Say("x", "A", kStart, Birth{ThingKind::kSubject, "", "ZJU-007"});
  Say("y", "B", kStart, Birth{ThingKind::kSubject, "", "ZJU-007"});
  EXPECT_EQ(log_.ShownLabel("x"), "ZJU-007");
  EXPECT_EQ(log_.ShownLabel("y"), "ZJU-007?2");
  EXPECT_THAT(log_.LabelClashes(), ElementsAre(LabelClash{"x", "y"}));
  EXPECT_EQ(Say("r", "B", Head(), Rename{"y", "ZJU-008"}), "r -1 applied");
  EXPECT_THAT(log_.LabelClashes(), IsEmpty());
}

TEST_F(RulesTest, WhatNamesABirthSharesItsFate) {
  Change birth = Make("x", "A", kStart, Birth{ThingKind::kForm, "", "AE~1"});
  birth.version = {3, "h"};
  Change edit = Make("e", "A", kStart, Edit{{{1, "5"}}});
  edit.names = {"x"};
  EXPECT_EQ(Commit(birth), "x held");
  EXPECT_EQ(Commit(edit), "e held");
  EXPECT_EQ(Say("p", "C", Head(), Publish{{3, "h"}}), "p applied; x refused; e refused");
}

TEST_F(RulesTest, AnActCoversWhatStandsOrIsHeld) {
  const Act sign = Doing(ActKind::kSign);
  Say("a", "A", kStart, Edit{{{1, "5"}}});
  EXPECT_EQ(Say("s", "B", kStart, sign), "s held");
  EXPECT_EQ(Say("t", "B", Head(), Doing(ActKind::kSign)), "t applied");
}

TEST_F(RulesTest, AnUnlockEndsOnlyALockThatItHasSeen) {
  Say("l", "C", kStart, Doing(ActKind::kLock));
  EXPECT_EQ(Say("u", "A", kStart, Doing(ActKind::kUnlock)), "u held");
  EXPECT_EQ(Say("w", "A", Head(), Doing(ActKind::kUnlock)), "w applied");
  EXPECT_EQ(Say("x", "A", Head(), Doing(ActKind::kUnlock)), "x agreed");
}

TEST_F(RulesTest, AVersionIsAskedAsOfTheBase) {
  Say("r", "C", Head(), Retire{{1, "h"}});
  EXPECT_EQ(Say("a", "A", kStart, Edit{{{1, "5"}}}), "a 1 applied");
  EXPECT_EQ(Say("b", "B", Head(), Edit{{{2, "5"}}}), "b refused");
  EXPECT_EQ(Say("p", "C", Head(), Publish{{2, "x"}}), "p held");
  EXPECT_EQ(Say("c", "C", Head(), Activate{{3, "h"}}), "c applied");
  EXPECT_EQ(Say("d", "B", Head(), Edit{{{2, "5"}}}, 3), "d held");
  EXPECT_EQ(Say("e", "C", Head(), Publish{{3, "h"}}), "e applied; d 2 applied");
}

TEST_F(RulesTest, ASplitIsJudgedPerLineageInTheNewerVersion) {
  EXPECT_EQ(Say("a", "A", kStart, Edit{{{10, "12/80"}}}), "a 10 applied");
  EXPECT_EQ(Say("b", "B", kStart, Edit{{{11, "12"}, {12, "80"}}}, 2), "b 11 agreed 12 agreed");
  EXPECT_EQ(Say("c", "C", kStart, Edit{{{11, "13"}}}, 2), "c 11 proposed");
  EXPECT_EQ(Say("d", "A", kStart + 1, Edit{{{11, "13"}}}, 2), "d 11 applied");
  EXPECT_EQ(Standing(11), "13");
  EXPECT_EQ(Standing(12), "80");
  EXPECT_EQ(Say("e", "D", kStart + 1, Edit{{{12, "81"}}}, 2), "e 12 disputed");
  EXPECT_EQ(Say("f", "D", kStart, Edit{{{10, "13/80"}}}), "f 10 agreed");
  EXPECT_EQ(Say("g", "E", kStart, Edit{{{10, "n"}}}), "g 10 disputed");
}

// Rows 4 and 5 the other way round: three edits of one person, of which a signature held the first
// two. His second word agrees by the way (it becomes a writer), so his first one "has seen the
// value", and replaces the third.
TEST_F(RulesTest, RefutedRow4BeforeRow5) {
  const auto run = [&](bool refuted) {
    Rules rules;
    rules.row5_after_row4 = refuted;
    Open(rules);
    Say("s", "B", kStart, Doing(ActKind::kSign));
    EXPECT_EQ(Say("a1", "A", kStart, Edit{{{1, "3"}}}), "a1 held");
    EXPECT_EQ(Say("a2", "A", kStart, Edit{{{1, "2"}}}), "a2 held");
    return Say("a3", "A", Head(), Edit{{{1, "3"}}});
  };
  EXPECT_EQ(run(true), "a3 1 applied; a1 1 agreed; a2 1 applied");
  EXPECT_EQ(Standing(1), "2");
  EXPECT_EQ(run(false), "a3 1 applied; a1 1 agreed; a2 1 overtaken");
  EXPECT_EQ(Standing(1), "3");
}

// A decision that finds its value standing, written by somebody whom the decider had not seen: as
// one more writer of it, it is replaced in silence by an edit that saw that other writer and not
// the decision.
TEST_F(RulesTest, RefutedADecisionThatAgreesIsOneMoreWriter) {
  const auto run = [&](bool refuted) {
    Rules rules;
    rules.decision_agreed_only_adds_writer = refuted;
    Open(rules);
    Say("a", "A", kStart, Edit{{{1, "1"}}});
    Say("b", "B", kStart, Edit{{{1, "2"}}});
    const std::int64_t decider_saw = Head();
    Say("x", "D", Head(), Edit{{{1, "2"}}});
    EXPECT_EQ(Say("d", "A", decider_saw, Decision{{{1, "2"}}, {{"b", 1}}}), "d 1 agreed");
    return Say("y", "D", decider_saw, Edit{{{1, "3"}}});
  };
  EXPECT_EQ(run(true), "y 1 applied");
  EXPECT_EQ(run(false), "y 1 disputed");
}

// Who agrees with one piece of a split has not seen the other; on his own chain he would then
// replace it in silence.
TEST_F(RulesTest, RefutedAgreeingWithAPieceIsSeeingTheWhole) {
  const auto run = [&](bool refuted) {
    Rules rules;
    rules.split_part_agreed_becomes_writer = refuted;
    Open(rules);
    Say("a", "A", kStart, Edit{{{10, "12/80"}}});
    EXPECT_EQ(Say("b1", "B", kStart, Edit{{{11, "12"}}}, 2), "b1 11 agreed");
    return Say("b2", "B", kStart, Edit{{{12, "99"}}}, 2);
  };
  EXPECT_EQ(run(true), "b2 12 applied");
  EXPECT_EQ(run(false), "b2 12 disputed");
}

// Nobody outside can tell whether two withheld values are the same.
TEST_F(RulesTest, WhatIsWithheldEqualsNothing) {
  EXPECT_EQ(Say("a1", "A", kStart, Edit{{{1, kWithheld}}}), "a1 1 applied");
  EXPECT_EQ(Say("b1", "B", kStart, Edit{{{1, kWithheld}}}), "b1 1 disputed");
  EXPECT_EQ(Say("a2", "A", kStart, Edit{{{1, kWithheld}}}), "a2 1 applied");
}

// A proposal that two births are the same is closed when the site says so, and agrees afterwards.
TEST_F(RulesTest, WhatIsSaidToBeTheSameIsNoProposalAnyMore) {
  Say("s1", "A", kStart, Birth{ThingKind::kSubject, "", "P"});
  Say("s2", "B", kStart, Birth{ThingKind::kSubject, "", "P"});
  EXPECT_EQ(Say("p", "C", Head(), Same{"s1", "s2"}), "p proposed");
  EXPECT_TRUE(log_.Discrepancies().back().open);
  EXPECT_EQ(Say("a", "A", kStart, Same{"s2", "s1"}), "a applied");
  EXPECT_FALSE(log_.Discrepancies().back().open);
  EXPECT_EQ(Say("q", "C", Head(), Same{"s1", "s2"}), "q agreed");
}

// To decline changes no value, so it overtakes nothing.
TEST_F(RulesTest, ADeclineOvertakesNothing) {
  Say("p", "C", kStart, Edit{{{1, "4"}}});
  const std::int64_t base = Head();
  EXPECT_EQ(Say("a1", "A", base, Decision{{{1, "3"}}, {{"c", 1}}}), "a1 held");
  EXPECT_EQ(Say("a2", "A", base, Decision{{}, {{"p", 1}}}), "a2 1 applied");
  EXPECT_EQ(Say("b", "B", kStart, Edit{{{1, "5"}}}), "b 1 applied");
  EXPECT_EQ(Say("c", "D", kStart, Edit{{{1, "6"}}}), "c 1 disputed; a1 1 disputed");
}

// A limit of the rules, on the safe side: what a replica's own unlock admits in its view is in
// front of its people before it is confirmed. Their next edit of it is disputed, although they had
// seen the value.
TEST_F(RulesTest, KnownLimitAnEditOfWhatTheOwnUnlockAdmittedIsDisputed) {
  Say("l", "C", kStart, Doing(ActKind::kLock));
  Say("b", "B", kStart, Edit{{{1, "5"}}});
  const std::int64_t base = Head();
  Partition view = log_;
  const Change unlock = Make("u", "A", base, Doing(ActKind::kUnlock));
  const Change edit = Make("e", "A", base, Edit{{{1, "6"}}});
  view.Commit(unlock);
  EXPECT_EQ(view.Read(kForm, 1, 1), "5");
  EXPECT_EQ(Commit(unlock), "u applied; b 1 applied");
  EXPECT_EQ(Commit(edit), "e 1 disputed");
}

}  // namespace
}  // namespace trialsync::model
