// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/command/command_fixture.h"

namespace trialsync::command {
namespace {

using ::testing::HasSubstr;

constexpr char kName[] = "studies/pbc/sites/MAYO1/subjects/PBC-001/events/VISIT~2/forms/LAB";

// A server that holds one value of bili, with etag e1.
class RecordSetTest : public CommandTest {
 protected:
  RecordSetTest() {
    server_.On<v1::WriteRecordRequest, v1::WriteRecordResponse>(
        [this](const v1::WriteRecordRequest& request, v1::WriteRecordResponse* response) {
          requests_.push_back(request);
          if (stands_ && request.etag() != "e1") {
            v1::WriteConflict conflict;
            conflict.set_record(request.name());
            conflict.set_etag("e1");
            v1::ItemConflict* item = conflict.add_items();
            item->set_item("bili");
            item->set_standing("1.5 mg/dL");
            item->set_offered(request.items(0).text());
            item->set_author("ben");
            return WithConflict(absl::AbortedError("a value stands"), conflict);
          }
          v1::ItemResult* result = response->add_results();
          result->set_item("bili");
          result->set_outcome(v1::OUTCOME_APPLIED);
          return absl::OkStatus();
        });
  }

  bool stands_ = true;
  std::vector<v1::WriteRecordRequest> requests_;
};

TEST_F(RecordSetTest, AFirstEntryNeedsNoReason) {
  stands_ = false;
  EXPECT_EQ(Run({"record", "set", "PBC-001/VISIT~2/LAB", "bili=<0.05 mg/dL", "note=a=b",
                 "x=", "--create", "--request-id", "r1", "--version", "2"}),
            ExitCode::kOk);
  ASSERT_EQ(requests_.size(), 1u);
  EXPECT_EQ(requests_[0].name(), kName);
  EXPECT_EQ(requests_[0].items(0).text(), "<0.05 mg/dL");
  EXPECT_EQ(requests_[0].items(1).item(), "note");
  EXPECT_EQ(requests_[0].items(1).text(), "a=b");
  EXPECT_EQ(requests_[0].items(2).text(), "");
  EXPECT_EQ(requests_[0].reason(), "initial entry");
  EXPECT_EQ(requests_[0].author(), "anna");
  EXPECT_EQ(requests_[0].request_id(), "r1");
  EXPECT_TRUE(requests_[0].create_missing());
  EXPECT_EQ(requests_[0].version(), 2u);
  EXPECT_THAT(out_, HasSubstr("bili  applied"));
}

TEST_F(RecordSetTest, OverAValueAScriptGetsTheEtagAndThree) {
  EXPECT_EQ(Run({"record", "set", kName, "bili=2 mg/dL", "--reason", "misread"}),
            ExitCode::kConflict);
  EXPECT_EQ(requests_.size(), 1u);
  EXPECT_THAT(err_, HasSubstr("1.5 mg/dL stands, by ben"));
  EXPECT_THAT(err_, HasSubstr("--etag e1"));
  EXPECT_EQ(out_, "");
}

TEST_F(RecordSetTest, OverAValueAPersonIsAsked) {
  interactive_ = true;
  answers_ = "n\n";
  EXPECT_EQ(Run({"record", "set", kName, "bili=2 mg/dL", "--reason", "misread"}),
            ExitCode::kConflict);
  EXPECT_EQ(requests_.size(), 1u);
  answers_ = "y\n";
  EXPECT_EQ(Run({"record", "set", kName, "bili=2 mg/dL", "--reason", "misread"}), ExitCode::kOk);
  ASSERT_EQ(requests_.size(), 3u);
  EXPECT_EQ(requests_[2].etag(), "e1");
  EXPECT_EQ(requests_[2].reason(), "misread");
}

TEST_F(RecordSetTest, NothingIsWrittenOverWithoutAReason) {
  interactive_ = true;
  answers_ = "y\n";
  EXPECT_EQ(Run({"record", "set", kName, "bili=2 mg/dL"}), ExitCode::kConflict);
  EXPECT_THAT(err_, HasSubstr("--reason TEXT"));
  EXPECT_EQ(requests_.size(), 1u);
  EXPECT_EQ(Run({"record", "set", kName, "bili=2 mg/dL", "--etag", "e1"}), ExitCode::kUsage);
  EXPECT_EQ(requests_.size(), 1u);
}

TEST_F(RecordSetTest, AnEtagWritesOver) {
  EXPECT_EQ(Run({"record", "set", kName, "bili=2", "--etag", "e1", "--reason", "misread"}),
            ExitCode::kOk);
}

TEST_F(RecordSetTest, AConflictAsJsonIsTheMessage) {
  EXPECT_EQ(Run({"record", "set", kName, "bili=2", "--reason", "misread", "-o", "json"}),
            ExitCode::kConflict);
  EXPECT_THAT(out_, HasSubstr("\"etag\": \"e1\""));
  EXPECT_THAT(out_, HasSubstr("\"standing\": \"1.5 mg/dL\""));
}

TEST_F(RecordSetTest, TheCoordinatorMustSayWhy) {
  BeCoordinator({"MAYO1"});
  stands_ = false;
  EXPECT_EQ(Run({"record", "set", kName, "bili=2"}), ExitCode::kUsage);
  EXPECT_TRUE(requests_.empty());
  EXPECT_EQ(Run({"record", "set", kName, "bili=2", "--reason", "lab report"}), ExitCode::kOk);
}

TEST_F(RecordSetTest, AnArgumentWithoutValueIsAMistake) {
  EXPECT_EQ(Run({"record", "set", kName, "bili"}), ExitCode::kUsage);
  EXPECT_EQ(Run({"record", "set", kName, "=2"}), ExitCode::kUsage);
  EXPECT_TRUE(requests_.empty());
}

class RecordTest : public CommandTest {};

TEST_F(RecordTest, GetShowsValuesAndWhatWaits) {
  v1::GetRecordRequest asked;
  server_.On<v1::GetRecordRequest, v1::Record>([&](const auto& request, v1::Record* record) {
    asked = request;
    record->set_name(kName);
    record->set_etag("e1");
    record->set_locked(true);
    *record->add_items() = MakeItem("bili", 206, "<0.05 mg/dL");
    record->mutable_items(0)->add_discrepancies("3f2a");
    v1::MarkedValue* marked = record->mutable_items(0)->add_marked();
    marked->set_outcome(v1::OUTCOME_REFUSED);
    marked->set_reason(v1::REASON_VERSION_INACTIVE);
    marked->set_text("7");
    return absl::OkStatus();
  });
  EXPECT_EQ(Run({"record", "get", "PBC-001/VISIT~2/LAB", "--version", "2", "--site-only"}),
            ExitCode::kOk);
  EXPECT_EQ(asked.version(), 2u);
  EXPECT_TRUE(asked.include_site_only());
  EXPECT_THAT(out_, HasSubstr("etag e1\nlocked\n"));
  EXPECT_THAT(out_, HasSubstr("<0.05 mg/dL"));
  EXPECT_THAT(out_, HasSubstr("see 3f2a, refused 7 (version inactive)"));
  EXPECT_EQ(Run({"record", "get", kName, "-o", "json"}), ExitCode::kOk);
  EXPECT_THAT(out_, HasSubstr("\"text\": \"\\u003c0.05 mg/dL\""));
}

TEST_F(RecordTest, ReadsUnderTheNewestActiveVersionAndShowsWhatWasRecorded) {
  v1::GetRecordRequest asked;
  server_.On<v1::GetRecordRequest, v1::Record>([&](const auto& request, v1::Record* record) {
    asked = request;
    *record->add_items() = MakeItem("weight", 1, "68.04 kg");
    record->mutable_items(0)->set_recorded("150 lb");
    *record->add_items() = MakeItem("systolic", 2, "");
    record->mutable_items(1)->set_not_convertible(true);
    return absl::OkStatus();
  });
  EXPECT_EQ(Run({"record", "get", kName}), ExitCode::kOk) << err_;
  EXPECT_EQ(asked.version(), 2u);
  EXPECT_THAT(out_, HasSubstr("68.04 kg (recorded: 150 lb)\n"));
  EXPECT_THAT(out_, HasSubstr("1        not convertible\n"));
  EXPECT_EQ(Run({"record", "get", kName, "--as-recorded"}), ExitCode::kOk) << err_;
  EXPECT_EQ(asked.version(), 0u);
  server_.On<v1::ListStudyVersionsRequest, v1::ListStudyVersionsResponse>(
      [](const auto&, v1::ListStudyVersionsResponse* response) {
        AddVersion(1, v1::StudyVersionActivation::RETIRED, response);
        return absl::OkStatus();
      });
  EXPECT_EQ(Run({"record", "get", kName}), ExitCode::kOk) << err_;
  EXPECT_EQ(asked.version(), 1u);
}

TEST_F(RecordTest, ALongValueIsShortenedForPeopleOnly) {
  const std::string text(100'000, 'x');
  server_.On<v1::GetRecordRequest, v1::Record>([&](const auto&, v1::Record* record) {
    *record->add_items() = MakeItem("remark", 1, text);
    return absl::OkStatus();
  });
  EXPECT_EQ(Run({"record", "get", kName}), ExitCode::kOk) << err_;
  EXPECT_LT(out_.size(), 2'000u);
  EXPECT_THAT(out_, HasSubstr("… (100000"));
  EXPECT_EQ(Run({"record", "get", kName, "-o", "json"}), ExitCode::kOk) << err_;
  EXPECT_THAT(out_, HasSubstr(text));
}

TEST_F(RecordTest, ListMergesAllPages) {
  server_.On<v1::ListRecordsRequest, v1::ListRecordsResponse>(
      [](const v1::ListRecordsRequest& request, v1::ListRecordsResponse* response) {
        EXPECT_EQ(request.parent(), "studies/pbc/sites/MAYO1");
        EXPECT_EQ(request.form(), "LAB");
        response->add_records()->set_name(kName + request.page_token());
        if (request.page_token().empty()) response->set_next_page_token("2");
        return absl::OkStatus();
      });
  EXPECT_EQ(Run({"record", "list", "--form", "LAB"}), ExitCode::kOk);
  EXPECT_THAT(out_, HasSubstr("MAYO1  PBC-001/VISIT~2/LAB   "));
  EXPECT_THAT(out_, HasSubstr("MAYO1  PBC-001/VISIT~2/LAB2  "));
  EXPECT_EQ(Run({"record", "list", "--form", "LAB", "-o", "json"}), ExitCode::kOk);
  EXPECT_THAT(out_, HasSubstr("forms/LAB2\""));
  EXPECT_THAT(out_, HasSubstr("\"nextPageToken\": \"\""));
}

TEST_F(RecordTest, HistoryTellsWhoWhenWhyAndFromWhatToWhat) {
  server_.On<v1::GetRecordHistoryRequest, v1::GetRecordHistoryResponse>(
      [](const v1::GetRecordHistoryRequest& request, v1::GetRecordHistoryResponse* response) {
        EXPECT_EQ(request.item(), "bili");
        EXPECT_TRUE(request.include_site_only());
        v1::HistoryEntry* entry = response->add_entries();
        entry->set_commit(12);
        entry->set_act("edit");
        entry->set_author("anna");
        entry->mutable_authored_time()->set_seconds(1763803800);
        entry->set_reason("misread");
        entry->set_version(1);
        entry->set_outcome(v1::OUTCOME_APPLIED);
        v1::HistoryItem* item = entry->add_items();
        item->set_item("bili");
        item->set_to("1.6");
        item->set_outcome(v1::OUTCOME_DISPUTED);
        response->add_entries();
        return absl::OkStatus();
      });
  EXPECT_EQ(Run({"record", "history", kName, "--item", "bili", "--site-only"}), ExitCode::kOk);
  EXPECT_THAT(out_, HasSubstr("commit 12  edit  applied\n  by anna at 2025-11-22T09:30:00Z"));
  EXPECT_THAT(out_, HasSubstr("reason: misread\n    bili: (empty) -> 1.6  disputed\n"));
  EXPECT_THAT(out_, HasSubstr("not yet sent"));
}

TEST_F(RecordTest, EachActIsSentAndSomeNeedAReason) {
  v1::ActOnRecordRequest asked;
  server_.On<v1::ActOnRecordRequest, v1::ActOnRecordResponse>(
      [&](const auto& request, v1::ActOnRecordResponse* response) {
        asked = request;
        response->set_outcome(v1::OUTCOME_APPLIED);
        return absl::OkStatus();
      });
  const std::vector<std::pair<std::string, v1::RecordActKind>> acts = {
      {"lock", v1::RECORD_ACT_KIND_LOCK},     {"unlock", v1::RECORD_ACT_KIND_UNLOCK},
      {"freeze", v1::RECORD_ACT_KIND_FREEZE}, {"sign", v1::RECORD_ACT_KIND_SIGN},
      {"verify", v1::RECORD_ACT_KIND_VERIFY}, {"complete", v1::RECORD_ACT_KIND_COMPLETE},
      {"void", v1::RECORD_ACT_KIND_VOID},     {"reinstate", v1::RECORD_ACT_KIND_REINSTATE}};
  for (const auto& [name, kind] : acts) {
    EXPECT_EQ(Run({"record", name, kName, "--reason", "why", "--etag", "e1"}), ExitCode::kOk);
    EXPECT_EQ(asked.kind(), kind);
    EXPECT_EQ(asked.etag(), "e1");
    EXPECT_EQ(asked.reason(), "why");
    EXPECT_THAT(out_, HasSubstr("PBC-001/VISIT~2/LAB: "));
    EXPECT_THAT(out_, HasSubstr("applied"));
  }
  EXPECT_EQ(Run({"record", "void", kName}), ExitCode::kUsage);
  EXPECT_EQ(Run({"record", "lock", kName}), ExitCode::kOk);
  EXPECT_EQ(asked.reason(), "lock");
}

}  // namespace
}  // namespace trialsync::command
