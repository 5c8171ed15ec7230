// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/command/command_fixture.h"
#include "trialsync/v1/study_service.pb.h"

namespace trialsync::command {
namespace {

using ::testing::HasSubstr;

// A server with two records of form LAB, on two pages, one of which is void, and none of DEMO.
class ExportTest : public CommandTest {
 protected:
  ExportTest() {
    server_.On<v1::ListStudyVersionsRequest, v1::ListStudyVersionsResponse>(
        [](const auto& request, v1::ListStudyVersionsResponse* response) {
          EXPECT_EQ(request.parent(), "studies/pbc");
          AddVersion(1, v1::StudyVersionActivation::ACTIVE, response);
          return absl::OkStatus();
        });
    server_.On<v1::GetStudyVersionRequest, v1::StudyVersion>(
        [](const auto&, v1::StudyVersion* version) {
          AddForm(version->mutable_definition(), 1, "DEMO", {{1, "sex"}});
          AddForm(version->mutable_definition(), 2, "LAB", {{2, "bili"}, {3, "chol"}});
          return absl::OkStatus();
        });
    server_.On<v1::ListRecordsRequest, v1::ListRecordsResponse>(
        [this](const v1::ListRecordsRequest& request, v1::ListRecordsResponse* response) {
          parent_ = request.parent();
          version_ = request.version();
          if (fail_) return absl::InternalError("cannot read");
          if (request.form() != "LAB") return absl::OkStatus();
          const bool first = request.page_token().empty();
          if (first) response->set_next_page_token("2");
          v1::Record* record = response->add_records();
          record->set_name("studies/pbc/sites/MAYO1/subjects/PBC-001/events/VISIT~" +
                           std::string(first ? "1" : "2") + "/forms/LAB");
          *record->add_items() = MakeItem("chol", 3, "missing:not_done");
          *record->add_items() = MakeItem("bili", 2, "<0.05 mg/dL");
          record->mutable_items(0)->add_discrepancies("3f2a");
          record->set_voided(!first);
          return absl::OkStatus();
        });
    target_ = directory() + "/out";
  }

  static void AddForm(v1::StudyDefinition* definition, uint32_t id, const std::string& name,
                      const std::vector<std::pair<uint32_t, std::string>>& items) {
    v1::FormDefinition* form = definition->add_forms();
    form->set_id(id);
    form->set_name(name);
    for (const auto& [item_id, item_name] : items) {
      v1::ItemDefinition* item = form->add_items();
      item->set_id(item_id);
      item->set_name(item_name);
    }
  }

  // Names in the test's directory, to see what was left behind.
  size_t EntryCount() const {
    const std::filesystem::directory_iterator entries(directory());
    return static_cast<size_t>(std::distance(begin(entries), end(entries)));
  }

  std::string target_;
  std::string parent_;
  uint32_t version_ = 0;
  bool fail_ = false;
};

TEST_F(ExportTest, WritesATableForEachForm) {
  EXPECT_EQ(Run({"export", "--all", "--format", "csv", "--out", target_}), ExitCode::kOk) << err_;
  EXPECT_EQ(parent_, "studies/pbc/sites/MAYO1");
  EXPECT_EQ(ReadWhole(target_ + "/LAB.csv"),
            "site,subject,event,form,remarks,bili,chol\r\n"
            "MAYO1,PBC-001,VISIT~1,LAB,chol=in_question,<0.05 mg/dL,missing:not_done\r\n");
  EXPECT_EQ(ReadWhole(target_ + "/DEMO.csv"), "site,subject,event,form,remarks,sex\r\n");
  EXPECT_THAT(err_, HasSubstr("LAB.csv: 1 record, read as version 1, 1 voided left out, "
                              "1 value in question"));
  EXPECT_EQ(EntryCount(), 1u);
}

TEST_F(ExportTest, WritesWholeRecordsAsJsonLines) {
  EXPECT_EQ(Run({"export", "--form", "LAB", "--format", "ndjson", "--out", target_}),
            ExitCode::kOk);
  const std::string text = ReadWhole(target_ + "/LAB.ndjson");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_THAT(text, HasSubstr("VISIT~2/forms/LAB\""));
  EXPECT_THAT(text, HasSubstr("\"voided\":true"));
  EXPECT_FALSE(std::filesystem::exists(target_ + "/DEMO.ndjson"));
}

TEST_F(ExportTest, ComesInAReadersOrderWhateverTheServers) {
  server_.On<v1::ListRecordsRequest, v1::ListRecordsResponse>(
      [](const v1::ListRecordsRequest& request, v1::ListRecordsResponse* response) {
        const bool first = request.page_token().empty();
        if (first) response->set_next_page_token("2");
        response->add_records()->set_name(
            std::string("studies/pbc/sites/MAYO1/subjects/PBC-001/events/VISIT~") +
            (first ? "10" : "9") + "/forms/LAB");
        return absl::OkStatus();
      });
  EXPECT_EQ(Run({"export", "--form", "LAB", "--out", target_}), ExitCode::kOk) << err_;
  EXPECT_EQ(ReadWhole(target_ + "/LAB.csv"),
            "site,subject,event,form,remarks,bili,chol\r\n"
            "MAYO1,PBC-001,VISIT~9,LAB,,,\r\n"
            "MAYO1,PBC-001,VISIT~10,LAB,,,\r\n");
}

TEST_F(ExportTest, AtTheCoordinatorAllSitesAreMeant) {
  BeCoordinator({"MAYO1", "MAYO2"});
  EXPECT_EQ(Run({"export", "--all", "--out", target_}), ExitCode::kOk);
  EXPECT_EQ(parent_, "studies/pbc/sites/-");
}

TEST_F(ExportTest, NeverReplacesADirectoryUnasked) {
  std::filesystem::create_directory(target_);
  WriteFile("out/mine.txt", "mine");
  WriteFile("out/LAB.csv", "old");
  EXPECT_EQ(Run({"export", "--all", "--out", target_}), ExitCode::kRefused);
  EXPECT_THAT(err_, HasSubstr("--force"));
  EXPECT_EQ(ReadWhole(target_ + "/LAB.csv"), "old");
  EXPECT_EQ(Run({"export", "--all", "--out", target_, "--force"}), ExitCode::kOk);
  EXPECT_THAT(ReadWhole(target_ + "/LAB.csv"), HasSubstr("PBC-001"));
  EXPECT_EQ(ReadWhole(target_ + "/mine.txt"), "mine");
  EXPECT_EQ(EntryCount(), 1u);
}

TEST_F(ExportTest, AnEmptyDirectoryIsTaken) {
  std::filesystem::create_directory(target_);
  EXPECT_EQ(Run({"export", "--all", "--out", target_ + "/"}), ExitCode::kOk);
  EXPECT_TRUE(std::filesystem::exists(target_ + "/LAB.csv"));
}

TEST_F(ExportTest, LeavesNothingBehindWhenItFails) {
  fail_ = true;
  EXPECT_EQ(Run({"export", "--all", "--out", target_}), ExitCode::kRefused);
  EXPECT_EQ(EntryCount(), 0u);
}

TEST_F(ExportTest, ReadsUnderTheNewestActiveVersionUnlessToldOtherwise) {
  EXPECT_EQ(Run({"export", "--form", "LAB", "--out", target_}), ExitCode::kOk) << err_;
  EXPECT_EQ(version_, 1u);
  EXPECT_EQ(Run({"export", "--form", "LAB", "--out", target_, "--force", "--version", "2"}),
            ExitCode::kOk);
  EXPECT_EQ(version_, 2u);
  EXPECT_THAT(err_, HasSubstr("read as version 2"));
  EXPECT_EQ(Run({"export", "--form", "LAB", "--out", target_, "--force", "--as-recorded"}),
            ExitCode::kOk);
  EXPECT_EQ(version_, 0u);
  EXPECT_THAT(err_, HasSubstr("LAB.csv: 1 record, as recorded"));
  EXPECT_EQ(Run({"export", "--all", "--out", target_, "--as-recorded", "--version", "1"}),
            ExitCode::kUsage);
}

TEST_F(ExportTest, SaysInJsonWhatWasWritten) {
  EXPECT_EQ(Run({"export", "--all", "--out", target_, "-o", "json"}), ExitCode::kOk) << err_;
  EXPECT_THAT(out_, HasSubstr("\"version\": 1,"));
  EXPECT_THAT(out_, HasSubstr("{\"file\": \"LAB.csv\", \"records\": 1, \"columns\": 2, "
                              "\"voided\": 1, \"valuesInQuestion\": 1, \"valuesWithheld\": 0, "
                              "\"valuesNotConvertible\": 0}"));
  EXPECT_EQ(ReadWhole(target_ + "/export.json"), out_);
}

// A server with one record, whose values a table has to tell from each other.
class ExportedTextsTest : public ExportTest {
 protected:
  ExportedTextsTest() {
    server_.On<v1::ListRecordsRequest, v1::ListRecordsResponse>(
        [](const v1::ListRecordsRequest& request, v1::ListRecordsResponse* response) {
          if (request.form() != "LAB") return absl::OkStatus();
          Add("=1", "(withheld)", response)->mutable_items(1)->mutable_value()->set_text("x");
          v1::Record* other = Add("P-2", "(withheld)", response);
          other->mutable_items(1)->mutable_value()->mutable_withheld();
          other->mutable_items(0)->set_not_convertible(true);
          other->mutable_items(0)->clear_text();
          v1::Record* formula = Add("P-3", "=HYPERLINK(1)", response);
          formula->mutable_items(1)->mutable_value()->set_text("=HYPERLINK(1)");
          return absl::OkStatus();
        });
  }

  static v1::Record* Add(const std::string& subject, const std::string& text,
                         v1::ListRecordsResponse* response) {
    v1::Record* record = response->add_records();
    record->set_name("studies/pbc/sites/MAYO1/subjects/" + subject + "/events/BASE/forms/LAB");
    *record->add_items() = MakeItem("bili", 2, "-1.5 mg/dL");
    *record->add_items() = MakeItem("chol", 3, text);
    return record;
  }
};

TEST_F(ExportedTextsTest, NoTextLooksLikeAValueThatIsNotShown) {
  EXPECT_EQ(Run({"export", "--form", "LAB", "--out", target_}), ExitCode::kOk) << err_;
  EXPECT_EQ(ReadWhole(target_ + "/LAB.csv"),
            "site,subject,event,form,remarks,bili,chol\r\n"
            "MAYO1,=1,BASE,LAB,,-1.5 mg/dL,(withheld)\r\n"
            "MAYO1,P-2,BASE,LAB,bili=not_convertible chol=withheld,,\r\n"
            "MAYO1,P-3,BASE,LAB,,-1.5 mg/dL,=HYPERLINK(1)\r\n");
  EXPECT_THAT(err_, HasSubstr("1 value withheld, 1 value not convertible"));
}

TEST_F(ExportedTextsTest, ASpreadsheetRunsNoText) {
  EXPECT_EQ(Run({"export", "--form", "LAB", "--out", target_, "--spreadsheet"}), ExitCode::kOk);
  const std::string table = ReadWhole(target_ + "/LAB.csv");
  EXPECT_THAT(table, HasSubstr("MAYO1,'=1,BASE,LAB,,-1.5 mg/dL,(withheld)\r\n"));
  EXPECT_THAT(table, HasSubstr(",-1.5 mg/dL,'=HYPERLINK(1)\r\n"));
  EXPECT_EQ(Run({"export", "--all", "--out", target_, "--spreadsheet", "--format", "ndjson"}),
            ExitCode::kUsage);
}

TEST_F(ExportTest, WantsToKnowWhichForms) {
  EXPECT_EQ(Run({"export", "--out", target_}), ExitCode::kUsage);
  EXPECT_EQ(Run({"export", "--all", "--form", "LAB", "--out", target_}), ExitCode::kUsage);
  EXPECT_EQ(Run({"export", "--form", "NONE", "--out", target_}), ExitCode::kUsage);
  EXPECT_THAT(err_, HasSubstr("there are DEMO, LAB"));
}

}  // namespace
}  // namespace trialsync::command
