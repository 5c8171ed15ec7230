// SPDX-License-Identifier: Apache-2.0
#include "sync/present.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "sync/paging.h"
#include "tests/sync/fake_desk.h"

namespace trialsync::sync {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kLab[] = "PBC-001/BASE/LAB";

class PresentTest : public testing::Test {
 protected:
  // A subject that the other replica made, under any code.
  ChangeId CommitSubject(const std::string& code) {
    v1::Change change;
    change.set_author("bob");
    change.mutable_birth()->set_kind(v1::BIRTH_KIND_SUBJECT);
    change.mutable_birth()->set_label(code);
    return desk_.Commit(FakeDesk::Replica::kOther, change);
  }

  // Short names of all records on pages of `page_size`.
  std::vector<std::string> List(v1::ListRecordsRequest request, int page_size = 0) {
    std::vector<std::string> names;
    request.set_page_size(page_size);
    do {
      desk_.Refresh();
      const auto page = ListRecords(desk_.view(), desk_.partition_name(), request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) return names;
      EXPECT_LE(page->records_size(), page_size > 0 ? page_size : kPageSizeDefault);
      for (const v1::Record& record : page->records()) {
        names.push_back(ParseRecordName(record.name(), desk_.partition_name())->Short());
      }
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return names;
  }

  std::vector<v1::HistoryEntry> History(const std::string& item, int page_size = 0) {
    std::vector<v1::HistoryEntry> entries;
    v1::GetRecordHistoryRequest request;
    request.set_name(kLab);
    request.set_item(item);
    request.set_page_size(page_size);
    do {
      const auto page = PresentHistory(desk_.view(), desk_.partition_name(), request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) return entries;
      entries.insert(entries.end(), page->entries().begin(), page->entries().end());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return entries;
  }

  FakeDesk desk_{FakeDesk::Side::kSite};
  std::optional<v1::WriteConflict> conflict_;
};

TEST_F(PresentTest, ARecordAskedAloneShowsItsWholeForm) {
  MustWrite(desk_, kLab, "chol", "200");
  const v1::Record record = MustGet(desk_, kLab);
  std::vector<std::string> items;
  for (const v1::Item& item : record.items()) items.push_back(item.item());
  EXPECT_THAT(items, ElementsAre("bili", "chol", "remark", "stage", "name", "pressure", "age"));
  const v1::Item& chol = record.items(1);
  EXPECT_EQ(chol.text(), "200");
  EXPECT_EQ(chol.author(), "anna");
  EXPECT_EQ(chol.version(), 1u);
  EXPECT_TRUE(chol.pending());
  EXPECT_FALSE(record.items(0).has_value());
  EXPECT_EQ(record.pending_count(), 1u);
  desk_.Deliver();
  EXPECT_FALSE(ItemOf(desk_, kLab, "chol").pending());
  EXPECT_EQ(MustGet(desk_, kLab).pending_count(), 0u);
}

TEST_F(PresentTest, BirthsOfOneLabelCarryTheirRank) {
  MustWrite(desk_, kLab, "chol", "200");
  const ChangeId second = CommitSubject("PBC-001");
  // In the log the other one is the first now; the own one is still in the outbox.
  EXPECT_EQ(*ResolveBirth(desk_.view(), "PBC-001"), second);
  EXPECT_EQ(ValueOf(desk_, "PBC-001?2/BASE/LAB", "chol"), "200");
  v1::ListSubjectsRequest request;
  request.set_page_size(1);
  std::vector<std::string> names;
  do {
    const auto page = ListSubjects(desk_.view(), desk_.partition_name(), request);
    ASSERT_TRUE(page.ok());
    for (const v1::Subject& subject : page->subjects()) {
      names.push_back(absl::StrCat(subject.name(), " ", subject.record_count()));
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(names, ElementsAre("studies/pbc/sites/MAYO1/subjects/PBC-001 0",
                                 "studies/pbc/sites/MAYO1/subjects/PBC-001?2 1"));
  const std::vector<v1::Discrepancy> labels = Worklist(desk_, v1::DISCREPANCY_KIND_LABEL);
  ASSERT_THAT(labels, SizeIs(1));
  EXPECT_EQ(labels[0].record(), "studies/pbc/sites/MAYO1/subjects/PBC-001?2");
  EXPECT_THAT(labels[0].summary(), HasSubstr("PBC-001?2 was made apart from PBC-001"));
}

TEST_F(PresentTest, NamesAreFollowedOrSayWhatIsWrong) {
  MustWrite(desk_, "PBC-001/BASE/AE~1", "term", "headache");
  const auto resolve = [&](const std::string& name) {
    return ResolveRecord(desk_.view(), *ParseRecordName(name, desk_.partition_name())).status();
  };
  EXPECT_TRUE(resolve("PBC-001/BASE/AE~1").ok());
  EXPECT_TRUE(resolve("PBC-001/BASE/LAB").ok()) << "a fixed form has no birth";
  EXPECT_TRUE(absl::IsNotFound(resolve("PBC-009/BASE/LAB")));
  EXPECT_TRUE(absl::IsNotFound(resolve("PBC-001?2/BASE/LAB")));
  EXPECT_TRUE(absl::IsNotFound(resolve("PBC-001/WEEK/LAB")));
  EXPECT_TRUE(absl::IsNotFound(resolve("PBC-001/VISIT~1/AE~1"))) << "not filled there";
  EXPECT_TRUE(absl::IsNotFound(resolve("PBC-001/BASE/AE~2")));
  EXPECT_TRUE(absl::IsInvalidArgument(resolve("PBC-001/BASE~1/LAB")));
  EXPECT_TRUE(absl::IsInvalidArgument(resolve("PBC-001/VISIT/LAB")));
  for (const char* name : {"PBC-001/BASE/AE~1",
                           "studies/pbc/sites/MAYO1/subjects/PBC-001/events/"
                           "BASE/forms/AE~1"}) {
    const auto birth = ResolveBirth(desk_.view(), name);
    ASSERT_TRUE(birth.ok()) << birth.status();
    EXPECT_EQ(PresentSubject(desk_.view(), desk_.partition_name(), *birth)->name(),
              "studies/pbc/sites/MAYO1/subjects/PBC-001/events/BASE/forms/AE~1");
  }
}

TEST_F(PresentTest, ListsPagesOfWhatIsConfirmedAndWhatIsNot) {
  MustWrite(desk_, kLab, "chol", "200");
  MustWrite(desk_, "PBC-001/VISIT~1/LAB", "chol", "200");
  desk_.Deliver();
  MustWrite(desk_, "PBC-001/VISIT~2/LAB", "chol", "200");
  MustWrite(desk_, "PBC-002/BASE/LAB", "chol", "200");
  MustWrite(desk_, "PBC-002/BASE/AE~1", "term", "headache");
  EXPECT_THAT(List({}), SizeIs(5));
  EXPECT_EQ(List({}, 1), List({}));
  EXPECT_EQ(List({}, 2), List({}));
  EXPECT_EQ(List({}, 5), List({}));

  v1::ListRecordsRequest request;
  request.set_subject("PBC-002");
  EXPECT_THAT(List(request),
              testing::UnorderedElementsAre("PBC-002/BASE/LAB", "PBC-002/BASE/AE~1"));
  request.set_form("LAB");
  EXPECT_THAT(List(request), ElementsAre("PBC-002/BASE/LAB"));
  request.Clear();
  request.set_event("VISIT");
  EXPECT_THAT(List(request),
              testing::UnorderedElementsAre("PBC-001/VISIT~1/LAB", "PBC-001/VISIT~2/LAB"));
  request.set_event("VISIT~2");
  EXPECT_THAT(List(request, 1), ElementsAre("PBC-001/VISIT~2/LAB"));
  request.Clear();
  request.set_subject("PBC-009");
  EXPECT_THAT(List(request), IsEmpty()) << "another site may have it";
  request.Clear();
  request.set_form("LBA");
  EXPECT_TRUE(
      absl::IsInvalidArgument(ListRecords(desk_.view(), desk_.partition_name(), request).status()));
}

TEST_F(PresentTest, AListShowsOnlyWhatIsThere) {
  MustWrite(desk_, kLab, "chol", "200");
  const auto list = ListRecords(desk_.view(), desk_.partition_name(), {});
  ASSERT_TRUE(list.ok());
  ASSERT_THAT(list->records(), SizeIs(1));
  ASSERT_THAT(list->records(0).items(), SizeIs(1));
  EXPECT_EQ(list->records(0).items(0).item(), "chol");
}

TEST_F(PresentTest, PagesSayWhatTheyCannotDo) {
  v1::ListRecordsRequest request;
  request.set_page_size(-1);
  EXPECT_TRUE(
      absl::IsInvalidArgument(ListRecords(desk_.view(), desk_.partition_name(), request).status()));
  request.set_page_size(0);
  for (const char* token : {"x", "!", "aGlzdG9yeTphYmM"}) {
    request.set_page_token(token);
    EXPECT_TRUE(absl::IsInvalidArgument(
        ListRecords(desk_.view(), desk_.partition_name(), request).status()));
  }
  EXPECT_EQ(*PageSize(kPageSizeMax + 1), static_cast<size_t>(kPageSizeMax));
  EXPECT_EQ(*PageSize(0), static_cast<size_t>(kPageSizeDefault));
}

TEST_F(PresentTest, ValuesAreReadUnderTheVersionAskedFor) {
  MustWrite(desk_, kLab, "bili", "2 mg/dL");
  MustWrite(desk_, kLab, "pressure", "120/80");
  const auto record =
      PresentRecord(desk_.view(), desk_.partition_name(), desk_.Key(kLab), 2, false);
  ASSERT_TRUE(record.ok()) << record.status();
  std::vector<std::string> items;
  for (const v1::Item& item : record->items()) {
    if (!item.text().empty()) items.push_back(absl::StrCat(item.item(), "=", item.text()));
  }
  EXPECT_THAT(items, ElementsAre("bili=34.208 umol/L", "pressure=120/80", "systolic=120",
                                 "diastolic=80", "fasting=missing:unknown"));
  EXPECT_EQ(record->items(0).version(), 1u) << "as it was written";
  EXPECT_EQ(ValueOf(desk_, kLab, "bili"), "2 mg/dL");
  EXPECT_TRUE(absl::IsNotFound(
      PresentRecord(desk_.view(), desk_.partition_name(), desk_.Key(kLab), 9, false).status()));
}

TEST_F(PresentTest, AHistorySaysWhoWhenWhyFromWhatToWhat) {
  MustWrite(desk_, kLab, "chol", "200");
  desk_.Deliver();
  const uint64_t first = desk_.log_size();
  desk_.AdvanceTime(absl::Hours(1));
  desk_.CommitEdit(FakeDesk::Replica::kOther, kLab, "chol", "210", "bob", first);
  desk_.CommitEdit(FakeDesk::Replica::kCentre, kLab, "chol", "300", "dm", desk_.log_size());
  MustWrite(desk_, kLab, "age", "50");
  v1::WriteRecordRequest request = WriteRequest(kLab, "chol", "220");
  request.set_etag(MustGet(desk_, kLab).etag());
  MustWrite(desk_, request);

  const std::vector<v1::HistoryEntry> entries = History("");
  ASSERT_THAT(entries, SizeIs(5));
  EXPECT_EQ(entries[0].items(0).from(), "");
  EXPECT_EQ(entries[0].items(0).to(), "200");
  EXPECT_EQ(entries[0].commit(), first);
  EXPECT_TRUE(entries[0].has_received_time());
  EXPECT_EQ(entries[1].author(), "bob");
  EXPECT_EQ(entries[1].reason(), "seen in the source");
  EXPECT_EQ(entries[1].authored_time().seconds(), 1'795'003'600);
  EXPECT_EQ(entries[1].items(0).from(), "200");
  EXPECT_EQ(entries[1].outcome(), v1::OUTCOME_APPLIED);
  EXPECT_FALSE(entries[1].centre());
  EXPECT_TRUE(entries[2].centre());
  EXPECT_EQ(entries[2].outcome(), v1::OUTCOME_PROPOSED);
  EXPECT_EQ(entries[3].items(0).item(), "age");
  EXPECT_EQ(entries[4].commit(), 0u);
  EXPECT_EQ(entries[4].items(0).from(), "210");
  EXPECT_EQ(entries[4].items(0).to(), "220");

  EXPECT_THAT(History("chol"), SizeIs(4));
  EXPECT_THAT(History("", 2), SizeIs(5));
  v1::GetRecordHistoryRequest wrong;
  wrong.set_name(kLab);
  wrong.set_item("billi");
  EXPECT_TRUE(
      absl::IsNotFound(PresentHistory(desk_.view(), desk_.partition_name(), wrong).status()));
}

TEST_F(PresentTest, AHeldChangeStandsInHistoryWhereItTookEffect) {
  MustWrite(desk_, kLab, "chol", "200");
  v1::ActOnRecordRequest act;
  act.set_name(kLab);
  act.set_author("dora");
  act.set_kind(v1::RECORD_ACT_KIND_LOCK);
  ASSERT_TRUE(ActOnRecord(desk_, act, conflict_).ok());
  desk_.Deliver();
  const uint64_t before_lock = desk_.log_size() - 1;
  desk_.CommitEdit(FakeDesk::Replica::kOther, kLab, "chol", "210", "bob", before_lock);
  EXPECT_EQ(History("chol")[1].outcome(), v1::OUTCOME_HELD);
  act.set_kind(v1::RECORD_ACT_KIND_UNLOCK);
  act.set_reason("a correction");
  ASSERT_TRUE(ActOnRecord(desk_, act, conflict_).ok());
  desk_.Deliver();
  const std::vector<v1::HistoryEntry> entries = History("");
  ASSERT_THAT(entries, SizeIs(4));
  EXPECT_EQ(entries[1].act(), "lock");
  EXPECT_EQ(entries[2].outcome(), v1::OUTCOME_APPLIED) << "admitted by the unlock";
  EXPECT_EQ(entries[2].items(0).from(), "200");
  EXPECT_EQ(entries[3].act(), "unlock");
}

TEST_F(PresentTest, ADisputeIsTheSameStoryForBothSides) {
  MustWrite(desk_, kLab, "chol", "200");
  desk_.Deliver();
  const ChangeId challenger =
      desk_.CommitEdit(FakeDesk::Replica::kOther, kLab, "chol", "210", "bob", desk_.log_size() - 1);
  const auto id = ResolveDiscrepancy(desk_.view(), "dispute-" + challenger.hex().substr(0, 6));
  ASSERT_TRUE(id.ok()) << id.status();
  const auto shown = PresentDiscrepancy(desk_.view(), desk_.partition_name(), *id);
  ASSERT_TRUE(shown.ok());
  EXPECT_EQ(shown->name(), "studies/pbc/sites/MAYO1/discrepancies/" + id->ToString());
  EXPECT_EQ(shown->item(), "chol");
  EXPECT_EQ(shown->summary(),
            "chol of PBC-001/BASE/LAB: 200 stood when bob wrote 210 without having seen it; the "
            "site decides which value is right.");
  ASSERT_THAT(shown->alternatives(), SizeIs(2));
  EXPECT_TRUE(shown->alternatives(0).standing());
  EXPECT_EQ(shown->alternatives(0).text(), "200");
  EXPECT_EQ(shown->alternatives(0).author(), "anna");
  EXPECT_EQ(shown->alternatives(1).text(), "210");
  EXPECT_EQ(shown->alternatives(1).reason(), "seen in the source");
  EXPECT_FALSE(shown->pending());
  EXPECT_EQ(shown->opened(), desk_.log_size());
  EXPECT_THAT(ItemOf(desk_, kLab, "chol").discrepancies(), ElementsAre(id->ToString()));
}

TEST_F(PresentTest, ADiscrepancyIsFoundByItsBeginning) {
  MustWrite(desk_, kLab, "chol", "200");
  desk_.Deliver();
  const uint64_t base = desk_.log_size() - 1;
  std::vector<std::string> digits;
  for (const char* value : {"210", "220", "230"}) {
    digits.push_back(
        desk_.CommitEdit(FakeDesk::Replica::kOther, kLab, "chol", value, "bob", base).hex());
  }
  for (const std::string& hex : digits) {
    EXPECT_TRUE(ResolveDiscrepancy(desk_.view(), hex.substr(0, 6)).ok());
    EXPECT_EQ(ResolveDiscrepancy(desk_.view(), hex)->change.hex(), hex);
  }
  EXPECT_TRUE(absl::IsNotFound(
      ResolveDiscrepancy(desk_.view(), "held-" + digits[0].substr(0, 6)).status()));
  EXPECT_TRUE(absl::IsNotFound(ResolveDiscrepancy(desk_.view(), "ffffffffffff").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ResolveDiscrepancy(desk_.view(), "abc").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ResolveDiscrepancy(desk_.view(), "no such").status()));

  v1::Change edit;
  edit.set_author("bob");
  edit.mutable_base()->set_epoch(7);
  edit.mutable_base()->set_number(base);
  *edit.mutable_record() = desk_.Key(kLab);
  for (const uint32_t item : {2u, 8u}) {
    v1::ItemWrite* write = edit.mutable_edit()->add_writes();
    write->set_item(item);
    if (item == 2) write->mutable_value()->set_decimal("240");
    if (item == 8) write->mutable_value()->set_integer(200);
  }
  const std::string two = desk_.Commit(FakeDesk::Replica::kOther, edit).hex();
  const absl::Status several = ResolveDiscrepancy(desk_.view(), two.substr(0, 8)).status();
  EXPECT_TRUE(absl::IsInvalidArgument(several)) << "a dispute, and a query for the age";
  EXPECT_THAT(std::string(several.message()), HasSubstr("query-"));
}

TEST_F(PresentTest, TheWorklistIsPagedAndFiltered) {
  MustWrite(desk_, kLab, "chol", "200");
  MustWrite(desk_, kLab, "age", "200");
  desk_.Deliver();
  for (const char* value : {"210", "220"}) {
    desk_.CommitEdit(FakeDesk::Replica::kOther, kLab, "chol", value, "bob", 5);
  }
  MustWrite(desk_, "PBC-002/BASE/LAB", "age", "130");
  EXPECT_THAT(Worklist(desk_, v1::DISCREPANCY_KIND_UNSPECIFIED), SizeIs(4));
  EXPECT_THAT(Worklist(desk_, v1::DISCREPANCY_KIND_QUERY), SizeIs(2));
  v1::ListDiscrepanciesRequest request;
  request.set_record(kLab);
  request.set_page_size(2);
  auto page = ListDiscrepancies(desk_.view(), desk_.partition_name(), request);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(page->discrepancies(), SizeIs(2));
  request.set_page_token(page->next_page_token());
  page = ListDiscrepancies(desk_.view(), desk_.partition_name(), request);
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(page->discrepancies(), SizeIs(1));
  EXPECT_THAT(page->next_page_token(), IsEmpty());
  request.Clear();
  request.set_record("PBC-002/BASE/LAB");
  page = ListDiscrepancies(desk_.view(), desk_.partition_name(), request);
  ASSERT_THAT(page->discrepancies(), SizeIs(1));
  EXPECT_TRUE(page->discrepancies(0).pending());
}

TEST_F(PresentTest, WhatTheLatestRuleSettledIsListedAsSettled) {
  MustWrite(desk_, kLab, "remark", "stable");
  desk_.Deliver();
  desk_.CommitEdit(FakeDesk::Replica::kOther, kLab, "remark", "worse", "bob", desk_.log_size() - 1);
  EXPECT_EQ(ValueOf(desk_, kLab, "remark"), "worse");
  EXPECT_THAT(Worklist(desk_, v1::DISCREPANCY_KIND_UNSPECIFIED), IsEmpty());
  v1::ListDiscrepanciesRequest request;
  request.set_include_closed(true);
  const auto list = ListDiscrepancies(desk_.view(), desk_.partition_name(), request);
  ASSERT_TRUE(list.ok());
  ASSERT_THAT(list->discrepancies(), SizeIs(1));
  EXPECT_THAT(list->discrepancies(0).summary(), HasSubstr("settled by the rule"));
  ASSERT_THAT(list->discrepancies(0).alternatives(), SizeIs(2));
  EXPECT_EQ(list->discrepancies(0).alternatives(0).text(), "worse");
  EXPECT_TRUE(list->discrepancies(0).alternatives(0).standing());
  EXPECT_EQ(list->discrepancies(0).alternatives(1).text(), "stable");
}

}  // namespace
}  // namespace trialsync::sync
