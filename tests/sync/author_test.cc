// SPDX-License-Identifier: Apache-2.0
#include "sync/author.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "sync/present.h"
#include "tests/sync/fake_desk.h"

namespace trialsync::sync {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kLab[] = "PBC-001/BASE/LAB";

// A site's desk; values are those of the patient PBC-001 at BASE.
class AuthorTest : public testing::Test {
 protected:
  // Writes and expects an error, whose conflict is in `conflict_`.
  absl::Status Fails(Desk& desk, const v1::WriteRecordRequest& request) {
    const auto response = WriteRecord(desk, request, conflict_);
    EXPECT_FALSE(response.ok());
    return response.status();
  }

  FakeDesk desk_{FakeDesk::Side::kSite};
  std::optional<v1::WriteConflict> conflict_;
};

TEST_F(AuthorTest, AFirstEntryMakesSubjectVisitAndValue) {
  v1::WriteRecordRequest request = WriteRequest("PBC-001/VISIT~2/LAB", "bili", "1.5 mg/dL");
  request.set_create_missing(true);
  request.set_request_id("r1");
  const v1::WriteRecordResponse response = MustWrite(desk_, request);
  EXPECT_THAT(response.changes(), SizeIs(3));
  ASSERT_THAT(response.results(), SizeIs(1));
  EXPECT_EQ(response.results(0).outcome(), v1::OUTCOME_APPLIED);
  EXPECT_EQ(response.record().name(),
            "studies/pbc/sites/MAYO1/subjects/PBC-001/events/VISIT~2/forms/LAB");
  EXPECT_EQ(ValueOf(desk_, "PBC-001/VISIT~2/LAB", "bili"), "1.5 mg/dL");

  const std::vector<v1::Change> outbox = desk_.Outbox();
  ASSERT_THAT(outbox, SizeIs(3));
  EXPECT_EQ(outbox[0].birth().label(), "PBC-001");
  EXPECT_EQ(outbox[1].birth().label(), "2");
  EXPECT_EQ(outbox[2].edit().writes(0).value().quantity().number(), "1.5");
  EXPECT_THAT(outbox[0].request_id(), IsEmpty());
  EXPECT_EQ(outbox[2].request_id(), "r1");
  EXPECT_EQ(outbox[2].base().number(), desk_.log_size());
  EXPECT_EQ(outbox[2].version().number(), 1u);
}

TEST_F(AuthorTest, WhatIsNotThereIsMadeOnlyWhenAsked) {
  const absl::Status status = Fails(desk_, WriteRequest(kLab, "chol", "200"));
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("PBC-001"));
  EXPECT_EQ(desk_.outbox_size(), 0u);
}

TEST_F(AuthorTest, EveryWrongValueIsToldAndNothingIsSaved) {
  v1::WriteRecordRequest request = WriteRequest(kLab, "bili", "much");
  request.set_create_missing(true);
  request.add_items()->set_item("chol");
  request.mutable_items(1)->set_text("12");
  request.add_items()->set_item("age");
  request.mutable_items(2)->set_text("old");
  request.add_items()->set_item("billi");
  request.mutable_items(3)->set_text("1");
  const absl::Status status = Fails(desk_, request);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  const std::string message(status.message());
  EXPECT_THAT(message, HasSubstr("bili: 'much'"));
  EXPECT_THAT(message, HasSubstr("\nage: 'old'"));
  EXPECT_THAT(message, HasSubstr("\nbilli: the form LAB has no such item; it has bili, chol"));
  EXPECT_THAT(message, Not(HasSubstr("chol: ")));
  EXPECT_EQ(desk_.outbox_size(), 0u);
}

TEST_F(AuthorTest, SomebodyHasToDoIt) {
  v1::WriteRecordRequest request = WriteRequest(kLab, "chol", "200");
  request.clear_author();
  const absl::Status status = Fails(desk_, request);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_EQ(status.message(), "who does this? give --author");
}

TEST_F(AuthorTest, AValueThatStandsNeedsTheEtagUnderWhichItWasRead) {
  MustWrite(desk_, kLab, "chol", "200");
  const absl::Status status = Fails(desk_, WriteRequest(kLab, "chol", "210"));
  EXPECT_TRUE(absl::IsAborted(status)) << status;
  ASSERT_TRUE(conflict_.has_value());
  ASSERT_THAT(conflict_->items(), SizeIs(1));
  const v1::ItemConflict& item = conflict_->items(0);
  EXPECT_EQ(item.item(), "chol");
  EXPECT_EQ(item.standing(), "200");
  EXPECT_EQ(item.offered(), "210");
  EXPECT_EQ(item.author(), "anna");
  EXPECT_EQ(item.authored_time().seconds(), 1'795'000'000);
  EXPECT_EQ(ValueOf(desk_, kLab, "chol"), "200");

  v1::WriteRecordRequest request = WriteRequest(kLab, "chol", "210");
  request.mutable_items(0)->set_etag(item.etag());
  EXPECT_EQ(MustWrite(desk_, request).results(0).outcome(), v1::OUTCOME_APPLIED);
  EXPECT_EQ(ValueOf(desk_, kLab, "chol"), "210");

  request = WriteRequest(kLab, "chol", "220");
  request.set_etag(conflict_->etag());
  EXPECT_TRUE(absl::IsAborted(Fails(desk_, request))) << "the etag is of the value before";
}

TEST_F(AuthorTest, ACorrectionOfAnotherReplicaMakesAnEtagStale) {
  MustWrite(desk_, kLab, "chol", "200");
  desk_.Deliver();
  const std::string etag = MustGet(desk_, kLab).etag();
  desk_.CommitEdit(FakeDesk::Replica::kOther, kLab, "chol", "205", "bob", desk_.log_size());
  v1::WriteRecordRequest request = WriteRequest(kLab, "chol", "210");
  request.set_etag(etag);
  EXPECT_TRUE(absl::IsAborted(Fails(desk_, request)));
  ASSERT_TRUE(conflict_.has_value());
  EXPECT_EQ(conflict_->items(0).author(), "bob");
  EXPECT_EQ(conflict_->items(0).standing(), "205");
}

TEST_F(AuthorTest, AnEtagStaysGoodWhileAnotherItemChanges) {
  MustWrite(desk_, kLab, "chol", "200");
  const std::string etag = MustGet(desk_, kLab).etag();
  MustWrite(desk_, kLab, "bili", "1.5 mg/dL");
  v1::WriteRecordRequest request = WriteRequest(kLab, "chol", "210");
  request.set_etag(etag);
  MustWrite(desk_, request);
}

TEST_F(AuthorTest, WhatStandsAlreadyIsNotWrittenAgain) {
  MustWrite(desk_, kLab, "chol", "1.5");
  const v1::WriteRecordResponse response = MustWrite(desk_, WriteRequest(kLab, "chol", "1.5"));
  EXPECT_THAT(response.changes(), IsEmpty());
  EXPECT_EQ(response.results(0).outcome(), v1::OUTCOME_UNSPECIFIED);
  EXPECT_TRUE(absl::IsAborted(Fails(desk_, WriteRequest(kLab, "chol", "1.50"))))
      << "equal, but not to the letter";
}

TEST_F(AuthorTest, AReasonIsNeededOverAValueOnly) {
  v1::WriteRecordRequest request = WriteRequest(kLab, "chol", "200");
  request.clear_reason();
  request.set_create_missing(true);
  MustWrite(desk_, request);
  request.mutable_items(0)->set_text("210");
  request.set_etag(MustGet(desk_, kLab).etag());
  const absl::Status status = Fails(desk_, request);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("--reason"));
}

TEST_F(AuthorTest, AnImportLeavesOrUpdatesButNeverADecision) {
  MustWrite(desk_, kLab, "chol", "200");
  v1::WriteRecordRequest request = WriteRequest(kLab, "chol", "210");
  request.set_on_different_value(v1::VALUE_CONFLICT_REPORT);
  v1::WriteRecordResponse response = MustWrite(desk_, request);
  EXPECT_THAT(response.changes(), IsEmpty());
  EXPECT_EQ(response.results(0).standing(), "200");
  EXPECT_THAT(response.results(0).message(), HasSubstr("200 stands, written by anna"));

  request.set_on_different_value(v1::VALUE_CONFLICT_UPDATE);
  EXPECT_EQ(MustWrite(desk_, request).results(0).outcome(), v1::OUTCOME_APPLIED);

  // A dispute is decided; the import leaves the decision.
  desk_.Deliver();
  const uint64_t before = desk_.log_size();
  desk_.CommitEdit(FakeDesk::Replica::kOther, kLab, "chol", "230", "bob", before - 1);
  v1::SettleDiscrepancyRequest settle;
  settle.set_name(Worklist(desk_, v1::DISCREPANCY_KIND_DISPUTE).at(0).id());
  settle.set_keep(true);
  settle.set_author("dora");
  settle.set_reason("source says so");
  ASSERT_TRUE(SettleDiscrepancy(desk_, settle).ok());
  request.mutable_items(0)->set_text("240");
  response = MustWrite(desk_, request);
  EXPECT_THAT(response.changes(), IsEmpty());
  EXPECT_THAT(response.results(0).message(), HasSubstr("210 stands, decided by dora"));
}

TEST_F(AuthorTest, ALockedRecordTakesNothingAndSaysWhoLockedIt) {
  MustWrite(desk_, kLab, "chol", "200");
  v1::ActOnRecordRequest act;
  act.set_name(kLab);
  act.set_author("dora");
  act.set_kind(v1::RECORD_ACT_KIND_LOCK);
  ASSERT_TRUE(ActOnRecord(desk_, act, conflict_).ok());
  for (const char* item : {"chol", "age"}) {
    const absl::Status status = Fails(desk_, WriteRequest(kLab, item, "50"));
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("was locked by dora"));
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("trialsync record unlock PBC-001/BASE/LAB"));
    EXPECT_FALSE(conflict_.has_value());
  }
  EXPECT_THAT(MustWrite(desk_, WriteRequest(kLab, "chol", "200")).changes(), IsEmpty())
      << "nothing to write, nothing to refuse";
  act.set_kind(v1::RECORD_ACT_KIND_UNLOCK);
  act.set_reason("query pending");
  ASSERT_TRUE(ActOnRecord(desk_, act, conflict_).ok());
  MustWrite(desk_, kLab, "age", "50");
}

TEST_F(AuthorTest, ARequestAskedAgainTakesEffectOnce) {
  v1::WriteRecordRequest request = WriteRequest(kLab, "chol", "200");
  request.set_create_missing(true);
  request.set_request_id("r1");
  const std::string edit = MustWrite(desk_, request).changes(1);
  for (int delivered = 0; delivered < 2; ++delivered) {
    const v1::WriteRecordResponse again = MustWrite(desk_, request);
    EXPECT_THAT(again.changes(), ElementsAre(edit));
    EXPECT_EQ(again.results(0).outcome(), v1::OUTCOME_APPLIED);
    desk_.Deliver();
  }
  EXPECT_EQ(desk_.outbox_size(), 0u);
  EXPECT_EQ(desk_.log_size(), 7u) << "subject and value behind five acts of the centre";

  request.mutable_items(0)->set_text("210");
  EXPECT_TRUE(absl::IsAlreadyExists(Fails(desk_, request)));
  request.mutable_items(0)->set_text("200");
  request.set_reason("another reason");
  EXPECT_TRUE(absl::IsAlreadyExists(Fails(desk_, request)));
  request.set_author("bob");
  EXPECT_THAT(MustWrite(desk_, request).changes(), IsEmpty()) << "an id belongs to an account";
}

TEST_F(AuthorTest, ARequestAskedAgainAfterACorrectionIsAnsweredTheSame) {
  v1::WriteRecordRequest request = WriteRequest(kLab, "chol", "200");
  request.set_create_missing(true);
  request.set_request_id("r1");
  MustWrite(desk_, request);
  v1::WriteRecordRequest correction = WriteRequest(kLab, "chol", "210");
  correction.set_etag(MustGet(desk_, kLab).etag());
  MustWrite(desk_, correction);
  const uint64_t size = desk_.outbox_size();
  EXPECT_THAT(MustWrite(desk_, request).changes(), SizeIs(1));
  EXPECT_EQ(desk_.outbox_size(), size);
  EXPECT_EQ(ValueOf(desk_, kLab, "chol"), "210");
}

TEST_F(AuthorTest, AValueThatStaysAtTheHospitalIsInNoChange) {
  v1::WriteRecordRequest request = WriteRequest(kLab, "name", "Mary Canary");
  request.add_items()->set_item("age");
  request.mutable_items(1)->set_text("50");
  request.set_create_missing(true);
  MustWrite(desk_, request);
  for (const v1::Change& change : desk_.Outbox()) {
    EXPECT_THAT(change.SerializeAsString(), Not(HasSubstr("Canary")));
  }
  EXPECT_TRUE(desk_.Outbox().back().edit().writes(0).value().has_withheld());
  EXPECT_EQ(ValueOf(desk_, kLab, "name"), "(withheld)");
  const auto record = PresentRecord(desk_.view(), desk_.partition_name(), desk_.Key(kLab), 0,
                                    /*include_site_only=*/true);
  ASSERT_TRUE(record.ok());
  EXPECT_THAT(record->DebugString(), HasSubstr("Mary Canary"));

  EXPECT_THAT(MustWrite(desk_, request).changes(), IsEmpty()) << "it stands already";
  request.mutable_items(0)->set_text("Mary Canary-Smith");
  const absl::Status status = Fails(desk_, request);
  EXPECT_TRUE(absl::IsAborted(status));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("Canary")));
  EXPECT_THAT(conflict_->DebugString(), Not(HasSubstr("Canary")));
  request.set_etag(conflict_->etag());
  EXPECT_THAT(MustWrite(desk_, request).changes(), SizeIs(1));
}

TEST_F(AuthorTest, AValueThatAnotherReplicaKeepsShowsAsWithheld) {
  MustWrite(desk_, kLab, "name", "Mary");
  desk_.Deliver();
  desk_.CommitEdit(FakeDesk::Replica::kOther, kLab, "name", "", "bob", desk_.log_size());
  const auto record = PresentRecord(desk_.view(), desk_.partition_name(), desk_.Key(kLab), 0,
                                    /*include_site_only=*/true);
  ASSERT_TRUE(record.ok());
  EXPECT_THAT(record->DebugString(), Not(HasSubstr("Mary")));
}

TEST_F(AuthorTest, AMissingReasonOfSuchAnItemIsTold) {
  MustWrite(desk_, kLab, "name", "missing:refused");
  EXPECT_EQ(ValueOf(desk_, kLab, "name"), "missing:refused");
  EXPECT_EQ(desk_.Outbox().back().edit().writes(0).value().missing(), v1::MISSING_REASON_REFUSED);
}

TEST_F(AuthorTest, WithoutAnActiveVersionNothingIsWritten) {
  desk_.Retire(1);
  v1::WriteRecordRequest request = WriteRequest(kLab, "chol", "200");
  request.set_create_missing(true);
  const absl::Status status = Fails(desk_, request);
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("no version of study pbc is active for site MAYO1"));
}

TEST_F(AuthorTest, WorkUnderAVersionThatIsNotActiveIsKept) {
  MustWrite(desk_, kLab, "chol", "200");
  v1::WriteRecordRequest request = WriteRequest(kLab, "fasting", "true");
  request.set_version(2);
  const v1::WriteRecordResponse response = MustWrite(desk_, request);
  EXPECT_EQ(response.results(0).outcome(), v1::OUTCOME_REFUSED);
  EXPECT_THAT(response.results(0).message(), HasSubstr("not active"));
  EXPECT_EQ(desk_.Outbox().back().version().number(), 2u);
  const v1::Item item = ItemOf(desk_, kLab, "fasting");
  ASSERT_THAT(item.marked(), SizeIs(1));
  EXPECT_EQ(item.marked(0).text(), "true");
  EXPECT_EQ(item.marked(0).reason(), v1::REASON_VERSION_INACTIVE);
  request.set_version(9);
  EXPECT_TRUE(absl::IsFailedPrecondition(Fails(desk_, request)));
}

TEST_F(AuthorTest, ASplitItemIsReadUnderTheNewVersionBeforeItIsWritten) {
  MustWrite(desk_, kLab, "pressure", "120/80");
  desk_.Deliver();
  desk_.Activate(2);
  EXPECT_THAT(MustWrite(desk_, WriteRequest(kLab, "systolic", "120")).changes(), IsEmpty());
  EXPECT_TRUE(absl::IsAborted(Fails(desk_, WriteRequest(kLab, "diastolic", "85"))));
  EXPECT_EQ(conflict_->items(0).standing(), "80");
  EXPECT_TRUE(absl::IsInvalidArgument(Fails(desk_, WriteRequest(kLab, "pressure", "1/2"))));
}

TEST_F(AuthorTest, ValidatingTellsTheOutcomeAndSavesNothing) {
  v1::WriteRecordRequest request = WriteRequest(kLab, "chol", "200");
  request.set_create_missing(true);
  request.set_validate_only(true);
  request.add_items()->set_item("stage");
  request.mutable_items(1)->set_text("2");
  const v1::WriteRecordResponse response = MustWrite(desk_, request);
  EXPECT_THAT(response.changes(), IsEmpty());
  EXPECT_EQ(response.results(0).outcome(), v1::OUTCOME_APPLIED);
  EXPECT_EQ(response.results(1).outcome(), v1::OUTCOME_PROPOSED) << "the centre owns it";
  EXPECT_EQ(desk_.outbox_size(), 0u);
}

TEST_F(AuthorTest, ANameOfAnotherSiteIsNotKeptHere) {
  const absl::Status status = Fails(
      desk_, WriteRequest("studies/pbc/sites/ZJU/subjects/A/events/BASE/forms/LAB", "chol", "1"));
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
}

TEST(CentreAuthorTest, ProposesWhatTheSiteOwnsAndWritesWhatIsItsOwn) {
  FakeDesk centre(FakeDesk::Side::kCentre);
  const auto subject = [&] {
    v1::CreateSubjectRequest request;
    request.set_code("PBC-001");
    request.set_author("dm");
    return CreateSubject(centre, request);
  }();
  ASSERT_TRUE(subject.ok()) << subject.status();
  centre.CommitEdit(FakeDesk::Replica::kOther, kLab, "chol", "200", "bob", centre.log_size());
  v1::WriteRecordResponse response = MustWrite(centre, WriteRequest(kLab, "chol", "210"));
  EXPECT_EQ(response.results(0).outcome(), v1::OUTCOME_PROPOSED);
  EXPECT_EQ(ValueOf(centre, kLab, "chol"), "200");
  response = MustWrite(centre, WriteRequest(kLab, "stage", "3"));
  EXPECT_EQ(response.results(0).outcome(), v1::OUTCOME_APPLIED);

  std::optional<v1::WriteConflict> conflict;
  EXPECT_TRUE(absl::IsInvalidArgument(
      WriteRecord(centre, WriteRequest(kLab, "name", "Mary"), conflict).status()));
}

TEST_F(AuthorTest, ABatchWritesEachRowByItself) {
  v1::BatchWriteRecordsRequest batch;
  for (const char* value : {"200", "many", "220"}) {
    v1::WriteRecordRequest* write = batch.add_requests();
    *write =
        WriteRequest(absl::StrCat("PBC-00", batch.requests_size(), "/BASE/LAB"), "chol", value);
    write->set_create_missing(true);
  }
  const auto response = BatchWriteRecords(desk_, batch);
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->results(0).code(), 0);
  EXPECT_EQ(response->results(1).code(), static_cast<int>(absl::StatusCode::kInvalidArgument));
  ASSERT_THAT(response->results(1).invalid(), SizeIs(1));
  EXPECT_EQ(response->results(1).invalid(0).item(), "chol");
  EXPECT_EQ(response->results(2).code(), 0);
  EXPECT_EQ(desk_.outbox_size(), 4u);
}

TEST_F(AuthorTest, AllOrNothingWritesNothingWhereOneRowIsWrong) {
  v1::BatchWriteRecordsRequest batch;
  batch.set_all_or_nothing(true);
  *batch.add_requests() = WriteRequest(kLab, "chol", "200");
  *batch.add_requests() = WriteRequest(kLab, "chol", "210");
  for (auto& write : *batch.mutable_requests()) write.set_create_missing(true);
  auto response = BatchWriteRecords(desk_, batch);
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->results(0).code(), static_cast<int>(absl::StatusCode::kAborted));
  EXPECT_THAT(response->results(1).message(), HasSubstr("two values in this batch"));
  EXPECT_EQ(desk_.outbox_size(), 0u);

  batch.mutable_requests(1)->mutable_items(0)->set_text("200");
  response = BatchWriteRecords(desk_, batch);
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->results(0).code() + response->results(1).code(), 0);
  EXPECT_EQ(desk_.outbox_size(), 2u);
}

TEST_F(AuthorTest, AFullOutboxFailsAnAllOrNothingBatchAsAWhole) {
  v1::BatchWriteRecordsRequest batch;
  for (const char* subject : {"PBC-001", "PBC-002"}) {
    v1::WriteRecordRequest* write = batch.add_requests();
    *write = WriteRequest(absl::StrCat(subject, "/BASE/LAB"), "chol", "200");
    write->set_create_missing(true);
  }
  desk_.set_room(3);
  const auto each = BatchWriteRecords(desk_, batch);
  ASSERT_TRUE(each.ok());
  EXPECT_EQ(each->results(1).code(), static_cast<int>(absl::StatusCode::kResourceExhausted));
  batch.mutable_requests(0)->set_name("PBC-003/BASE/LAB");
  batch.set_all_or_nothing(true);
  EXPECT_TRUE(absl::IsResourceExhausted(BatchWriteRecords(desk_, batch).status()));
}

TEST_F(AuthorTest, AnImportOfTwoHundredRowsIsOneBatch) {
  v1::BatchWriteRecordsRequest batch;
  for (int row = 0; row < 200; ++row) {
    v1::WriteRecordRequest* write = batch.add_requests();
    *write = WriteRequest(absl::StrCat("PBC-", row / 6, "/VISIT~", row % 6 + 1, "/LAB"), "chol",
                          absl::StrCat(row));
    write->set_create_missing(true);
    write->add_items()->set_item("bili");
    write->mutable_items(1)->set_text("1.5 mg/dL");
  }
  const auto response = BatchWriteRecords(desk_, batch);
  ASSERT_TRUE(response.ok());
  for (const v1::BatchWriteResult& result : response->results()) EXPECT_EQ(result.code(), 0);
  EXPECT_EQ(desk_.outbox_size(), 200u + 200u + 34u);
}

}  // namespace
}  // namespace trialsync::sync
