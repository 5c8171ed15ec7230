// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "study/yaml.h"
#include "tests/command/command_fixture.h"
#include "trialsync/v1/study_service.pb.h"

namespace trialsync::command {
namespace {

using ::testing::HasSubstr;

constexpr char kMap[] = R"(subject: 'PBC-{id}'
records:
  - {event: 'VISIT~{#}', form: LAB, items: {bili: '{bili} mg/dL'}}
)";

// A server that keeps values, refuses the text `x mg/dL`, and tells what stands otherwise.
class ImportTest : public CommandTest {
 protected:
  ImportTest() {
    server_.On<v1::BatchWriteRecordsRequest, v1::BatchWriteRecordsResponse>(
        [this](const v1::BatchWriteRecordsRequest& batch, v1::BatchWriteRecordsResponse* response) {
          EXPECT_EQ(batch.parent(), "studies/pbc/sites/MAYO1");
          for (const v1::WriteRecordRequest& request : batch.requests()) {
            Write(request, response->add_results());
          }
          return absl::OkStatus();
        });
    server_.On<v1::GetStudyVersionRequest, v1::StudyVersion>(
        [](const auto&, v1::StudyVersion* version) {
          version->mutable_definition()->add_events()->set_name("VISIT");
          v1::FormDefinition* form = version->mutable_definition()->add_forms();
          form->set_name("LAB");
          form->add_items()->set_name("bili");
          return absl::OkStatus();
        });
    map_ = WriteFile("m.yaml", kMap);
  }

  void Write(const v1::WriteRecordRequest& request, v1::BatchWriteResult* result) {
    reasons_.push_back(request.reason());
    const std::string& text = request.items(0).text();
    if (text == "x mg/dL") {
      result->set_code(static_cast<int>(absl::StatusCode::kInvalidArgument));
      v1::ItemResult* invalid = result->add_invalid();
      invalid->set_item("bili");
      invalid->set_message("x is no decimal");
      return;
    }
    v1::ItemResult* item = result->mutable_response()->add_results();
    item->set_item("bili");
    const auto stands = values_.find(request.name());
    if (stands != values_.end() && stands->second == text) return;
    if (stands != values_.end() && request.on_different_value() != v1::VALUE_CONFLICT_UPDATE) {
      item->set_message(stands->second + " stands");
      return;
    }
    item->set_outcome(v1::OUTCOME_APPLIED);
    if (!request.validate_only()) values_[request.name()] = text;
  }

  ExitCode Import(const std::string& csv, std::vector<std::string> more = {}) {
    csv_ = WriteFile("t.csv", csv);
    std::vector<std::string> arguments = {"import", csv_, "--map", map_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run(arguments);
  }

  std::string map_;
  std::string csv_;
  std::map<std::string, std::string> values_;
  std::vector<std::string> reasons_;
};

TEST_F(ImportTest, WhatTheMapMisspellsIsSaidOnce) {
  map_ = WriteFile("m2.yaml", R"(subject: 'PBC-{id}'
records:
  - {event: 'VIST~{#}', form: LAB, items: {bilii: '{bili} mg/dL'}}
  - {event: 'VISIT~{#}', form: LABS, items: {bili: '{bili}'}}
)");
  EXPECT_EQ(Import("id,bili\n1,14.5\n1,21.3\n"), ExitCode::kUsage);
  EXPECT_EQ(err_, "trialsync: " + map_ +
                      ": the study has no event VIST, did you mean VISIT?; it has: VISIT\n" + map_ +
                      ": the form LAB has no item bilii, did you mean bili?; it has: bili\n" +
                      map_ + ": the study has no form LABS, did you mean LAB?; it has: LAB\n");
  EXPECT_TRUE(values_.empty());
}

TEST_F(ImportTest, CountsOneAsOne) {
  EXPECT_EQ(Import("id,bili\n1,14.5\n"), ExitCode::kOk) << err_;
  EXPECT_EQ(out_, "1 row: 1 record written, 0 unchanged, 0 problems; 1 value applied\n");
}

TEST_F(ImportTest, TakesATableInAndASecondTimeChangesNothing) {
  EXPECT_EQ(Import("id,bili\n1,14.5\n1,21.3\n2,1.1\n"), ExitCode::kOk) << err_;
  EXPECT_EQ(out_, "3 rows: 3 records written, 0 unchanged, 0 problems; 3 values applied\n");
  EXPECT_EQ(err_, "");
  EXPECT_EQ(values_["studies/pbc/sites/MAYO1/subjects/PBC-1/events/VISIT~2/forms/LAB"],
            "21.3 mg/dL");
  EXPECT_EQ(reasons_[0], "initial entry");
  const auto before = values_;
  EXPECT_EQ(Import("id,bili\n1,14.5\n1,21.3\n2,1.1\n"), ExitCode::kOk);
  EXPECT_THAT(out_, HasSubstr("0 records written, 3 unchanged, 0 problems"));
  EXPECT_EQ(values_, before);
}

TEST_F(ImportTest, BadRowsAreListedAndGoodOnesGoIn) {
  EXPECT_EQ(Import("id,bili\n1,1\n2,x\n3\n4,4\n"), ExitCode::kNo);
  EXPECT_THAT(out_, HasSubstr(csv_ +
                              ":3: column bili: x is no decimal (nothing of this record was "
                              "written)\n" +
                              csv_ +
                              ":4: the row has 1 cell, the header 2; a cell with a separator, a "
                              "quote or a line end in it stands in quotes\n"));
  EXPECT_THAT(out_, HasSubstr("4 rows: 2 records written, 0 unchanged, 2 problems"));
  EXPECT_EQ(values_.size(), 2u);
}

TEST_F(ImportTest, AllOrNothingAndDryRunWriteNothing) {
  EXPECT_EQ(Import("id,bili\n1,1\n2,x\n", {"--all-or-nothing"}), ExitCode::kNo);
  EXPECT_THAT(out_, HasSubstr("Nothing was written."));
  EXPECT_EQ(Import("id,bili\n1,1\n", {"--dry-run"}), ExitCode::kOk);
  EXPECT_THAT(out_, HasSubstr("1 record would be written"));
  EXPECT_TRUE(values_.empty());
  EXPECT_EQ(Import("id,bili\n1,1\n2,2\n", {"--all-or-nothing"}), ExitCode::kOk);
  EXPECT_EQ(values_.size(), 2u);
}

TEST_F(ImportTest, AStoredValueIsReplacedOnlyWithUpdateAndAReason) {
  ASSERT_EQ(Import("id,bili\n1,1\n"), ExitCode::kOk);
  EXPECT_EQ(Import("id,bili\n1,2\n"), ExitCode::kNo);
  EXPECT_THAT(out_, HasSubstr(":2: column bili: 1 mg/dL stands\n"));
  EXPECT_EQ(Import("id,bili\n1,2\n", {"--update"}), ExitCode::kUsage);
  EXPECT_EQ(values_.begin()->second, "1 mg/dL");
  EXPECT_EQ(Import("id,bili\n1,2\n", {"--update", "--reason", "corrected file"}), ExitCode::kOk);
  EXPECT_EQ(values_.begin()->second, "2 mg/dL");
  EXPECT_EQ(reasons_.back(), "corrected file");
}

TEST_F(ImportTest, JsonHasTheProblems) {
  EXPECT_EQ(Import("id,bili\n1,1\n2,x\n", {"-o", "json"}), ExitCode::kNo);
  EXPECT_EQ(out_,
            "{\n \"rows\": 2,\n \"recordsWritten\": 1,\n \"recordsUnchanged\": 0,\n"
            " \"done\": true,\n \"outcomes\": {\"applied\": 1},\n \"problems\": [\n"
            "  {\"line\": 3, \"column\": \"bili\", \"message\": \"x is no decimal (nothing of this "
            "record was written)\"}\n ]\n}\n");
}

TEST_F(ImportTest, LongFilesShowProgress) {
  std::string csv = "id,bili\n";
  for (int i = 1; i <= 1000; ++i) csv += std::to_string(i) + ",1\n";
  EXPECT_EQ(Import(csv), ExitCode::kOk);
  EXPECT_THAT(err_, HasSubstr("import: records 200/1000\n"));
  EXPECT_THAT(err_, HasSubstr("import: records 1000/1000\n"));
}

TEST_F(ImportTest, FilesThatAreNotUnderstoodExitWithTwo) {
  EXPECT_EQ(Import("id,bili\n1,\"x\n"), ExitCode::kUsage);
  EXPECT_THAT(err_, HasSubstr("t.csv:2:3: a quote is opened"));
  EXPECT_EQ(Import("id,ast\n1,2\n"), ExitCode::kUsage);
  EXPECT_EQ(Run({"import", csv_, "--map", directory() + "/none.yaml"}), ExitCode::kUsage);
  map_ = WriteFile("other.yaml", "study: hbig48\n" + std::string(kMap));
  EXPECT_EQ(Import("id,bili\n1,1\n"), ExitCode::kUsage);
  EXPECT_TRUE(values_.empty());
}

// The maps that are delivered fit the tables that they are delivered for.
TEST_F(ImportTest, TheDeliveredMapsFitTheirTables) {
  for (const std::string study : {"pbc", "sleep"}) {
    const std::string folder = "deploy/studies/" + study + "/";
    server_.On<v1::GetStatusRequest, v1::Status>([study](const auto&, v1::Status* status) {
      status->set_role("site");
      status->add_partitions()->set_study(study);
      status->mutable_partitions(0)->set_site("MAYO1");
      return absl::OkStatus();
    });
    const auto definition = study::CompileStudy(ReadWhole(folder + "v1.yaml"), "v1.yaml");
    ASSERT_TRUE(definition.ok()) << definition.status();
    server_.On<v1::GetStudyVersionRequest, v1::StudyVersion>(
        [&definition](const auto&, v1::StudyVersion* version) {
          version->mutable_definition()->ParseFromString(*definition);
          return absl::OkStatus();
        });
    size_t count = 0;
    server_.On<v1::BatchWriteRecordsRequest, v1::BatchWriteRecordsResponse>(
        [&count](const auto& batch, v1::BatchWriteRecordsResponse* response) {
          for (int i = 0; i < batch.requests_size(); ++i, ++count) response->add_results();
          return absl::OkStatus();
        });
    const std::string file = study == "pbc" ? "pbcseq.csv" : "sleep.csv";
    EXPECT_EQ(Run({"import", folder + file, "--map", folder + "map.yaml"}), ExitCode::kOk)
        << out_ << err_;
    EXPECT_EQ(count, study == "pbc" ? 312u + 1945u : 20u);
  }
}

}  // namespace
}  // namespace trialsync::command
