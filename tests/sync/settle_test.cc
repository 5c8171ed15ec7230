// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sync/author.h"
#include "sync/present.h"
#include "tests/sync/fake_desk.h"

namespace trialsync::sync {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kLab[] = "PBC-001/BASE/LAB";

class SettleTest : public testing::Test {
 protected:
  // anna's value is in the log, and bob wrote another without having seen it.
  void Dispute(const std::string& standing, const std::string& challenging) {
    if (desk_.outbox_size() == 0 && desk_.tables().Births(v1::BIRTH_KIND_SUBJECT, {}).empty()) {
      MustWrite(desk_, kLab, "chol", standing);
      desk_.Deliver();
      unseen_ = desk_.log_size() - 1;
    }
    challenger_ =
        desk_.CommitEdit(FakeDesk::Replica::kOther, kLab, "chol", challenging, "bob", unseen_);
  }

  std::string OnlyOpen(v1::DiscrepancyKind kind) {
    const std::vector<v1::Discrepancy> open = Worklist(desk_, kind);
    EXPECT_THAT(open, SizeIs(1));
    return open.empty() ? "" : open[0].id();
  }

  v1::SettleDiscrepancyRequest Settle(const std::string& id) {
    v1::SettleDiscrepancyRequest request;
    request.set_name(id);
    request.set_author("dora");
    request.set_reason("source document");
    return request;
  }

  v1::SettleDiscrepancyResponse MustSettle(const v1::SettleDiscrepancyRequest& request) {
    const auto response = SettleDiscrepancy(desk_, request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *response : v1::SettleDiscrepancyResponse();
  }

  void Lock(const std::string& record) {
    v1::ActOnRecordRequest act;
    act.set_name(record);
    act.set_author("dora");
    act.set_kind(v1::RECORD_ACT_KIND_LOCK);
    ASSERT_TRUE(ActOnRecord(desk_, act, conflict_).ok());
  }

  FakeDesk desk_{FakeDesk::Side::kSite};
  std::optional<v1::WriteConflict> conflict_;
  uint64_t unseen_ = 0;
  ChangeId challenger_;
};

TEST_F(SettleTest, KeepingADisputedValueMakesItADecision) {
  Dispute("200", "210");
  v1::SettleDiscrepancyRequest request = Settle(OnlyOpen(v1::DISCREPANCY_KIND_DISPUTE));
  request.set_keep(true);
  const v1::SettleDiscrepancyResponse response = MustSettle(request);
  EXPECT_EQ(response.outcome(), v1::OUTCOME_APPLIED);
  EXPECT_EQ(response.discrepancy().state(), v1::DISCREPANCY_STATE_CLOSED);
  EXPECT_TRUE(response.discrepancy().pending());
  const v1::Item item = ItemOf(desk_, kLab, "chol");
  EXPECT_EQ(item.text(), "200");
  EXPECT_EQ(item.author(), "dora");
  EXPECT_TRUE(item.decided());
  EXPECT_THAT(item.discrepancies(), IsEmpty());
}

TEST_F(SettleTest, TheOtherValueCanBeTakenOrAThirdGiven) {
  Dispute("200", "210");
  v1::SettleDiscrepancyRequest request = Settle(OnlyOpen(v1::DISCREPANCY_KIND_DISPUTE));
  request.set_take("");
  MustSettle(request);
  EXPECT_EQ(ValueOf(desk_, kLab, "chol"), "210");
  desk_.Deliver();
  EXPECT_EQ(ValueOf(desk_, kLab, "chol"), "210");

  Dispute("", "220");
  request = Settle(OnlyOpen(v1::DISCREPANCY_KIND_DISPUTE));
  request.set_value("many");
  EXPECT_TRUE(absl::IsInvalidArgument(SettleDiscrepancy(desk_, request).status()));
  request.set_value("205.5");
  MustSettle(request);
  EXPECT_EQ(ValueOf(desk_, kLab, "chol"), "205.5");
}

TEST_F(SettleTest, OneDecisionClosesEveryDisputeThatItsPersonSaw) {
  Dispute("200", "210");
  const std::string first = OnlyOpen(v1::DISCREPANCY_KIND_DISPUTE);
  Dispute("200", "220");
  v1::SettleDiscrepancyRequest request = Settle(first);
  request.set_take("");
  const absl::Status ambiguous = SettleDiscrepancy(desk_, request).status();
  EXPECT_TRUE(absl::IsInvalidArgument(ambiguous));
  EXPECT_THAT(std::string(ambiguous.message()), HasSubstr("(220)"));
  request.set_take(challenger_.hex().substr(0, 8));
  MustSettle(request);
  EXPECT_EQ(ValueOf(desk_, kLab, "chol"), "220");
  EXPECT_THAT(Worklist(desk_, v1::DISCREPANCY_KIND_UNSPECIFIED), IsEmpty());
  EXPECT_THAT(desk_.Outbox().back().decision().closes(), SizeIs(2));
  EXPECT_EQ(desk_.Outbox().back().decision().closes(1).challenger(), challenger_.view());
}

TEST_F(SettleTest, WhatIsSettledSaysByWhom) {
  Dispute("200", "210");
  v1::SettleDiscrepancyRequest request = Settle(OnlyOpen(v1::DISCREPANCY_KIND_DISPUTE));
  request.set_keep(true);
  request.set_request_id("s1");
  const std::string change = MustSettle(request).change();
  EXPECT_EQ(MustSettle(request).change(), change) << "asked again, answered again";
  request.set_request_id("s2");
  const absl::Status status = SettleDiscrepancy(desk_, request).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("settled already, by dora"));
  request.set_request_id("s1");
  request.set_reason("another");
  EXPECT_TRUE(absl::IsAlreadyExists(SettleDiscrepancy(desk_, request).status()));
}

TEST_F(SettleTest, EachKindIsSettledInItsOwnWay) {
  Dispute("200", "210");
  v1::SettleDiscrepancyRequest request = Settle(OnlyOpen(v1::DISCREPANCY_KIND_DISPUTE));
  request.set_accept(true);
  const absl::Status status = SettleDiscrepancy(desk_, request).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("--keep, --take or --value"));
  request.set_keep(true);
  request.clear_reason();
  EXPECT_TRUE(absl::IsInvalidArgument(SettleDiscrepancy(desk_, request).status()));
}

TEST_F(SettleTest, AProposalIsAcceptedOrDeclinedOneByOne) {
  MustWrite(desk_, kLab, "chol", "200");
  desk_.Deliver();
  desk_.CommitEdit(FakeDesk::Replica::kCentre, kLab, "chol", "210", "dm", desk_.log_size());
  const std::string first = OnlyOpen(v1::DISCREPANCY_KIND_PROPOSAL);
  desk_.CommitEdit(FakeDesk::Replica::kCentre, kLab, "chol", "220", "dm", desk_.log_size());
  v1::SettleDiscrepancyRequest request = Settle(first);
  request.set_decline(true);
  EXPECT_EQ(MustSettle(request).outcome(), v1::OUTCOME_APPLIED);
  EXPECT_EQ(ValueOf(desk_, kLab, "chol"), "200");
  const std::string second = OnlyOpen(v1::DISCREPANCY_KIND_PROPOSAL);
  EXPECT_NE(second, first);
  request = Settle(second);
  request.set_accept(true);
  MustSettle(request);
  EXPECT_EQ(ValueOf(desk_, kLab, "chol"), "220");
}

TEST_F(SettleTest, ALockedRecordIsUnlockedBeforeItsDisputesAreDecided) {
  Dispute("200", "210");
  Lock(kLab);
  v1::SettleDiscrepancyRequest request = Settle(OnlyOpen(v1::DISCREPANCY_KIND_DISPUTE));
  request.set_keep(true);
  EXPECT_TRUE(absl::IsFailedPrecondition(SettleDiscrepancy(desk_, request).status()));
}

TEST_F(SettleTest, AHeldChangeIsDismissed) {
  MustWrite(desk_, kLab, "chol", "200");
  Lock(kLab);
  desk_.Deliver();
  desk_.CommitEdit(FakeDesk::Replica::kOther, kLab, "age", "50", "bob", desk_.log_size() - 1);
  const std::string held = OnlyOpen(v1::DISCREPANCY_KIND_HELD);
  EXPECT_EQ(ItemOf(desk_, kLab, "age").marked(0).outcome(), v1::OUTCOME_HELD);
  v1::SettleDiscrepancyRequest request = Settle(held);
  request.set_accept(true);
  EXPECT_EQ(MustSettle(request).discrepancy().state(), v1::DISCREPANCY_STATE_OPEN)
      << "the lock is still there";
  request = Settle(held);
  request.set_decline(true);
  EXPECT_EQ(MustSettle(request).discrepancy().state(), v1::DISCREPANCY_STATE_CLOSED);
  EXPECT_THAT(ItemOf(desk_, kLab, "age").marked(), IsEmpty());
}

TEST_F(SettleTest, ARefusedEntryIsOfferedAgainWhenItsVersionIsActive) {
  MustWrite(desk_, kLab, "chol", "200");
  v1::WriteRecordRequest write = WriteRequest(kLab, "fasting", "true");
  write.set_version(2);
  MustWrite(desk_, write);
  desk_.Deliver();
  const std::string refused = OnlyOpen(v1::DISCREPANCY_KIND_REFUSED);
  v1::SettleDiscrepancyRequest request = Settle(refused);
  request.set_accept(true);
  const absl::Status early = SettleDiscrepancy(desk_, request).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(early)) << early;
  EXPECT_EQ(desk_.outbox_size(), 0u);

  desk_.Activate(2);
  const v1::SettleDiscrepancyResponse response = MustSettle(request);
  EXPECT_EQ(response.outcome(), v1::OUTCOME_APPLIED);
  EXPECT_EQ(response.discrepancy().state(), v1::DISCREPANCY_STATE_CLOSED);
  EXPECT_EQ(ValueOf(desk_, kLab, "fasting"), "true");
  EXPECT_THAT(desk_.Outbox().back().offers_again(), Not(IsEmpty()));
  EXPECT_EQ(desk_.Outbox().back().author(), "dora");
  desk_.Deliver();
  EXPECT_THAT(Worklist(desk_, v1::DISCREPANCY_KIND_REFUSED), IsEmpty());
}

TEST_F(SettleTest, AnOldValueIsOfferedAgainAsTheNewVersionReadsIt) {
  MustWrite(desk_, kLab, "chol", "200");
  desk_.Deliver();
  const uint64_t active = desk_.log_size();
  desk_.Retire(1);
  desk_.Activate(2);
  desk_.CommitEdit(FakeDesk::Replica::kOther, kLab, "bili", "2 mg/dL", "bob", desk_.log_size());
  ASSERT_GT(desk_.log_size(), active);
  v1::SettleDiscrepancyRequest request = Settle(OnlyOpen(v1::DISCREPANCY_KIND_REFUSED));
  request.set_accept(true);
  MustSettle(request);
  EXPECT_EQ(ValueOf(desk_, kLab, "bili"), "34.208 umol/L");
}

TEST_F(SettleTest, ARefusedEntryIsDismissed) {
  MustWrite(desk_, kLab, "chol", "200");
  v1::WriteRecordRequest write = WriteRequest(kLab, "fasting", "true");
  write.set_version(2);
  MustWrite(desk_, write);
  v1::SettleDiscrepancyRequest request = Settle(OnlyOpen(v1::DISCREPANCY_KIND_REFUSED));
  request.set_decline(true);
  MustSettle(request);
  EXPECT_THAT(Worklist(desk_, v1::DISCREPANCY_KIND_UNSPECIFIED), IsEmpty());
  desk_.Deliver();
  EXPECT_THAT(Worklist(desk_, v1::DISCREPANCY_KIND_UNSPECIFIED), IsEmpty());
}

TEST_F(SettleTest, RecordsOfABirthThatIsBornAgainFollowIt) {
  v1::Change birth;
  birth.set_author("bob");
  *birth.mutable_version() = desk_.definitions().Find(2)->version();
  birth.mutable_birth()->set_kind(v1::BIRTH_KIND_SUBJECT);
  birth.mutable_birth()->set_label("PBC-002");
  const ChangeId subject = desk_.Commit(FakeDesk::Replica::kOther, birth);
  v1::Change edit;
  edit.set_author("bob");
  edit.mutable_record()->set_subject(subject.str());
  edit.mutable_record()->set_event(1);
  edit.mutable_record()->set_form(1);
  v1::ItemWrite* write = edit.mutable_edit()->add_writes();
  write->set_item(2);
  write->mutable_value()->set_decimal("180");
  const ChangeId value = desk_.Commit(FakeDesk::Replica::kOther, edit);

  for (const ChangeId& refused : {subject, value}) {
    v1::SettleDiscrepancyRequest request = Settle("refused-" + refused.hex().substr(0, 10));
    request.set_accept(true);
    EXPECT_EQ(MustSettle(request).outcome(), v1::OUTCOME_APPLIED);
  }
  EXPECT_EQ(ValueOf(desk_, "PBC-002/BASE/LAB", "chol"), "180");
}

TEST_F(SettleTest, APredictionIsTakenNoteOfHereAlone) {
  MustWrite(desk_, kLab, "chol", "200");
  desk_.Deliver();
  const ChangeId change = desk_.CommitEdit(FakeDesk::Replica::kOther, kLab, "age", "50", "bob", 1);
  const storage::DiscrepancyId id{change, v1::DISCREPANCY_KIND_PREDICTION, 0};
  v1::DiscrepancyRow row;
  row.set_kind(id.kind);
  row.set_state(v1::DISCREPANCY_STATE_OPEN);
  row.set_change(change.str());
  *row.mutable_record() = desk_.Key(kLab);
  row.set_predicted_outcome(v1::OUTCOME_APPLIED);
  row.set_received_outcome(v1::OUTCOME_DISPUTED);
  desk_.tables().PutDiscrepancy(id, row);
  v1::SettleDiscrepancyRequest request = Settle(id.ToString());
  request.set_accept(true);
  const v1::SettleDiscrepancyResponse response = MustSettle(request);
  EXPECT_THAT(response.change(), IsEmpty());
  EXPECT_THAT(response.discrepancy().summary(),
              HasSubstr("was shown as applied, and the centre's receipt says disputed"));
  EXPECT_EQ(response.discrepancy().state(), v1::DISCREPANCY_STATE_CLOSED);
  EXPECT_EQ(desk_.outbox_size(), 0u);
}

TEST_F(SettleTest, ADisputedLabelIsDecidedLikeAValue) {
  MustWrite(desk_, kLab, "chol", "200");
  desk_.Deliver();
  const std::string subject = desk_.Key(kLab).subject();
  const auto rename = [&](FakeDesk::Replica replica, const std::string& label, uint64_t base) {
    v1::Change change;
    change.set_author("bob");
    change.mutable_base()->set_epoch(7);
    change.mutable_base()->set_number(base);
    change.mutable_rename()->set_birth(subject);
    change.mutable_rename()->set_label(label);
    desk_.Commit(replica, change);
  };
  const uint64_t base = desk_.log_size();
  rename(FakeDesk::Replica::kOther, "PBC-101", base);
  rename(FakeDesk::Replica::kOwn, "PBC-201", base);
  v1::SettleDiscrepancyRequest request = Settle(OnlyOpen(v1::DISCREPANCY_KIND_DISPUTE));
  request.set_value("PBC/301");
  EXPECT_TRUE(absl::IsInvalidArgument(SettleDiscrepancy(desk_, request).status()));
  request.set_take("");
  const v1::SettleDiscrepancyResponse response = MustSettle(request);
  EXPECT_EQ(response.discrepancy().record(), "studies/pbc/sites/MAYO1/subjects/PBC-201");
  EXPECT_EQ(response.discrepancy().item(), "label");
  EXPECT_EQ(ValueOf(desk_, "PBC-201/BASE/LAB", "chol"), "200");
}

TEST_F(SettleTest, AProposalThatTwoSubjectsAreOneIsAccepted) {
  MustWrite(desk_, kLab, "chol", "200");
  MustWrite(desk_, "PBC-002/BASE/LAB", "chol", "200");
  desk_.Deliver();
  v1::Change change;
  change.set_author("dm");
  change.mutable_same_thing()->set_birth(desk_.Key(kLab).subject());
  change.mutable_same_thing()->set_other(desk_.Key("PBC-002/BASE/LAB").subject());
  desk_.Commit(FakeDesk::Replica::kCentre, change);
  const std::string id = OnlyOpen(v1::DISCREPANCY_KIND_PROPOSAL);
  EXPECT_THAT(Worklist(desk_, v1::DISCREPANCY_KIND_PROPOSAL)[0].summary(),
              HasSubstr("PBC-001 and PBC-002 are the same"));
  v1::SettleDiscrepancyRequest request = Settle(id);
  request.set_accept(true);
  EXPECT_EQ(MustSettle(request).discrepancy().state(), v1::DISCREPANCY_STATE_CLOSED);
  desk_.Deliver();
  const auto other = ResolveBirth(desk_.view(), "PBC-002");
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(desk_.tables().Birth(*other)->same_as(), desk_.Key(kLab).subject());
}

TEST_F(SettleTest, ValuesThatStayAreKeptWhereTheyWereEntered) {
  MustWrite(desk_, kLab, "name", "Mary");
  desk_.Deliver();
  desk_.CommitEdit(FakeDesk::Replica::kOther, kLab, "name", "", "bob", desk_.log_size() - 1);
  v1::SettleDiscrepancyRequest request = Settle(OnlyOpen(v1::DISCREPANCY_KIND_DISPUTE));
  request.set_keep(true);
  MustSettle(request);
  EXPECT_THAT(desk_.Outbox().back().SerializeAsString(), Not(HasSubstr("Mary")));
  const auto record = PresentRecord(desk_.view(), desk_.partition_name(), desk_.Key(kLab), 0,
                                    /*include_site_only=*/true);
  EXPECT_THAT(record->DebugString(), HasSubstr("Mary"));
}

TEST_F(SettleTest, ValuesThatStayAreSettledByAValue) {
  MustWrite(desk_, kLab, "name", "Mary");
  desk_.Deliver();
  desk_.CommitEdit(FakeDesk::Replica::kOther, kLab, "name", "", "bob", desk_.log_size() - 1);
  v1::SettleDiscrepancyRequest request = Settle(OnlyOpen(v1::DISCREPANCY_KIND_DISPUTE));
  request.set_value("Mary Canary");
  MustSettle(request);
  EXPECT_THAT(desk_.Outbox().back().SerializeAsString(), Not(HasSubstr("Canary")));
  const auto record = PresentRecord(desk_.view(), desk_.partition_name(), desk_.Key(kLab), 0,
                                    /*include_site_only=*/true);
  EXPECT_THAT(record->DebugString(), HasSubstr("Mary Canary"));
}

TEST_F(SettleTest, QueriesAreAskedAnsweredAndClosed) {
  MustWrite(desk_, kLab, "chol", "200");
  v1::OpenQueryRequest open;
  open.set_record(kLab);
  open.set_item("chol");
  open.set_text("Please check the unit.");
  open.set_author("monitor");
  open.set_request_id("q1");
  const auto query = OpenQuery(desk_, open);
  ASSERT_TRUE(query.ok()) << query.status();
  EXPECT_EQ(query->item(), "chol");
  EXPECT_THAT(query->summary(), HasSubstr("chol of PBC-001/BASE/LAB: Please check the unit."));
  EXPECT_EQ(OpenQuery(desk_, open)->id(), query->id());
  EXPECT_THAT(ItemOf(desk_, kLab, "chol").discrepancies(), SizeIs(1));

  v1::AnswerQueryRequest answer;
  answer.set_name(query->id());
  answer.set_author("anna");
  EXPECT_TRUE(absl::IsInvalidArgument(AnswerQuery(desk_, answer).status()));
  answer.set_text("It is mg/dL.");
  const auto answered = AnswerQuery(desk_, answer);
  ASSERT_TRUE(answered.ok()) << answered.status();
  EXPECT_EQ(answered->state(), v1::DISCREPANCY_STATE_ANSWERED);
  ASSERT_THAT(answered->messages(), SizeIs(2));
  EXPECT_EQ(answered->messages(1).author(), "anna");
  EXPECT_EQ(answered->messages(1).time().seconds(), 1'795'000'000);

  v1::CloseQueryRequest close;
  close.set_name(query->name());
  close.set_author("monitor");
  ASSERT_TRUE(CloseQuery(desk_, close).ok());
  const absl::Status again = CloseQuery(desk_, close).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(again));
  EXPECT_THAT(std::string(again.message()), HasSubstr("closed by monitor"));
  desk_.Deliver();
  EXPECT_THAT(Worklist(desk_, v1::DISCREPANCY_KIND_QUERY), IsEmpty());
}

TEST_F(SettleTest, ActsOnARecordCoverWhatStandsAndAreSaidOnce) {
  MustWrite(desk_, kLab, "chol", "200");
  v1::ActOnRecordRequest act;
  act.set_name(kLab);
  act.set_author("dora");
  act.set_kind(v1::RECORD_ACT_KIND_UNLOCK);
  act.set_reason("for a correction");
  EXPECT_TRUE(absl::IsFailedPrecondition(ActOnRecord(desk_, act, conflict_).status()));
  act.set_kind(v1::RECORD_ACT_KIND_SIGN);
  act.set_etag(MustGet(desk_, kLab).etag());
  const auto signed_record = ActOnRecord(desk_, act, conflict_);
  ASSERT_TRUE(signed_record.ok()) << signed_record.status();
  EXPECT_EQ(signed_record->outcome(), v1::OUTCOME_APPLIED);
  ASSERT_THAT(signed_record->record().marks(), SizeIs(1));
  EXPECT_EQ(signed_record->record().marks(0).author(), "dora");
  act.clear_etag();
  const absl::Status twice = ActOnRecord(desk_, act, conflict_).status();
  EXPECT_THAT(std::string(twice.message()), HasSubstr("was signed by dora"));
  act.set_author("emil");
  EXPECT_TRUE(ActOnRecord(desk_, act, conflict_).ok()) << "a second person may sign";

  v1::WriteRecordRequest write = WriteRequest(kLab, "chol", "210");
  write.set_etag(MustGet(desk_, kLab).etag());
  const std::string before = write.etag();
  MustWrite(desk_, write);
  EXPECT_THAT(MustGet(desk_, kLab).marks(), IsEmpty());
  act.set_etag(before);
  EXPECT_TRUE(absl::IsAborted(ActOnRecord(desk_, act, conflict_).status()));
  ASSERT_TRUE(conflict_.has_value());
  EXPECT_EQ(conflict_->items(0).standing(), "210");
  act.clear_etag();
  act.set_kind(v1::RECORD_ACT_KIND_VOID);
  act.clear_reason();
  EXPECT_TRUE(absl::IsInvalidArgument(ActOnRecord(desk_, act, conflict_).status()));
  act.set_reason("wrong patient");
  ASSERT_TRUE(ActOnRecord(desk_, act, conflict_).ok());
  EXPECT_TRUE(MustGet(desk_, kLab).voided());
  act.set_kind(v1::RECORD_ACT_KIND_SIGN);
  EXPECT_THAT(std::string(ActOnRecord(desk_, act, conflict_).status().message()),
              HasSubstr("trialsync record reinstate"));
}

TEST_F(SettleTest, SubjectsAreMadeRenamedAndSaidToBeOne) {
  v1::CreateSubjectRequest create;
  create.set_code("PBC-001");
  create.set_author("anna");
  create.set_request_id("c1");
  const auto subject = CreateSubject(desk_, create);
  ASSERT_TRUE(subject.ok()) << subject.status();
  EXPECT_TRUE(subject->pending());
  EXPECT_EQ(CreateSubject(desk_, create)->birth(), subject->birth());
  create.set_request_id("c2");
  EXPECT_TRUE(absl::IsAlreadyExists(CreateSubject(desk_, create).status()));
  create.set_code("PBC/2");
  EXPECT_TRUE(absl::IsInvalidArgument(CreateSubject(desk_, create).status()));
  create.set_code("PBC-002");
  ASSERT_TRUE(CreateSubject(desk_, create).ok());

  v1::RenameSubjectRequest rename;
  rename.set_name("PBC-002");
  rename.set_new_code("PBC-001");
  rename.set_author("anna");
  rename.set_reason("typing error");
  EXPECT_TRUE(absl::IsAlreadyExists(RenameSubject(desk_, rename).status()));
  rename.set_new_code("PBC-003");
  EXPECT_EQ(RenameSubject(desk_, rename)->code(), "PBC-003");
  EXPECT_TRUE(absl::IsNotFound(RenameSubject(desk_, rename).status())) << "the old name is gone";

  v1::MergeSubjectsRequest merge;
  merge.set_name("PBC-003");
  merge.set_other("PBC-001");
  merge.set_author("anna");
  merge.set_reason("one patient");
  const auto merged = MergeSubjects(desk_, merge);
  ASSERT_TRUE(merged.ok()) << merged.status();
  EXPECT_EQ(merged->code(), "PBC-001") << "the earlier one stays";
  EXPECT_TRUE(absl::IsFailedPrecondition(MergeSubjects(desk_, merge).status()));
}

}  // namespace
}  // namespace trialsync::sync
