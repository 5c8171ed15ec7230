// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/importer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "daemon/command/limits.h"

namespace trialsync::command {
namespace {

using ::testing::HasSubstr;

const SiteName kSite{"pbc", "MAYO1"};

RowWrites MakeRows(size_t count, const std::string& text = "1") {
  RowWrites rows;
  for (size_t i = 0; i < count; ++i) {
    RowWrite& write = rows.writes.emplace_back();
    write.line = i + 2;
    write.columns = {"bili"};
    write.request.set_name(RecordName{kSite, absl::StrCat("S", i), "V", "LAB"}.ToString());
    v1::ItemInput* item = write.request.add_items();
    item->set_item("bilirubin");
    item->set_text(text);
  }
  return rows;
}

// A server that writes everything, and refuses what `fail` says.
class Server {
 public:
  absl::StatusOr<v1::BatchWriteRecordsResponse> Take(const v1::BatchWriteRecordsRequest& batch) {
    batches.push_back(batch);
    v1::BatchWriteRecordsResponse response;
    for (const v1::WriteRecordRequest& request : batch.requests()) {
      v1::BatchWriteResult* result = response.add_results();
      v1::ItemResult* item = result->mutable_response()->add_results();
      item->set_item(request.items(0).item());
      item->set_outcome(v1::OUTCOME_APPLIED);
      if (fail) fail(request, result);
    }
    return response;
  }

  absl::StatusOr<ImportReport> Import(RowWrites rows, const ImportOptions& options) {
    return SendRows(
        kSite, std::move(rows), options, [this](const auto& batch) { return Take(batch); },
        [this](uint64_t done, uint64_t total) { progress.emplace_back(done, total); });
  }

  std::function<void(const v1::WriteRecordRequest&, v1::BatchWriteResult*)> fail;
  std::vector<v1::BatchWriteRecordsRequest> batches;
  std::vector<std::pair<uint64_t, uint64_t>> progress;
};

// Refuses the second row.
void RefuseSecond(const v1::WriteRecordRequest& request, v1::BatchWriteResult* result) {
  if (request.name().find("/S1/") == std::string::npos) return;
  result->Clear();
  result->set_code(static_cast<int>(absl::StatusCode::kInvalidArgument));
  result->set_message("not valid");
}

TEST(ImporterTest, SendsEverythingInBatches) {
  Server server;
  const size_t count = kImportRequestsPerBatch * 2 + 1;
  const auto report = server.Import(MakeRows(count), {.author = "anna", .reason = "why"});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->written, count);
  EXPECT_EQ(report->outcomes.at("applied"), count);
  EXPECT_TRUE(report->done);
  ASSERT_EQ(server.batches.size(), 3u);
  const v1::WriteRecordRequest& request = server.batches[2].requests(0);
  EXPECT_EQ(request.author(), "anna");
  EXPECT_EQ(request.reason(), "why");
  EXPECT_TRUE(request.create_missing());
  EXPECT_FALSE(request.validate_only());
  EXPECT_EQ(request.on_different_value(), v1::VALUE_CONFLICT_REPORT);
  EXPECT_EQ(server.progress.back(), (std::pair<uint64_t, uint64_t>(count, count)));
}

TEST(ImporterTest, LongValuesMakeSmallBatches) {
  Server server;
  ASSERT_TRUE(server.Import(MakeRows(3, std::string(kImportBatchBytes, 'x')), {}).ok());
  EXPECT_EQ(server.batches.size(), 3u);
}

TEST(ImporterTest, ABadRowIsListedAndItsNeighboursGoIn) {
  Server server;
  server.fail = RefuseSecond;
  RowWrites rows = MakeRows(3);
  rows.problems.push_back({2, "", "too short"});
  const auto report = server.Import(std::move(rows), {});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->written, 2u);
  ASSERT_EQ(report->problems.size(), 2u);
  EXPECT_EQ(report->problems[0].message, "too short");
  EXPECT_EQ(report->problems[1].line, 3u);
  EXPECT_EQ(report->problems[1].message, "not valid");
}

TEST(ImporterTest, InvalidItemsAndConflictsNameTheirColumn) {
  Server server;
  server.fail = [](const v1::WriteRecordRequest& request, v1::BatchWriteResult* result) {
    RefuseSecond(request, result);
    if (result->code() != 0) {
      v1::ItemResult* invalid = result->add_invalid();
      invalid->set_item("bilirubin");
      invalid->set_message("x is no decimal");
      return;
    }
    result->Clear();
    result->set_code(static_cast<int>(absl::StatusCode::kAborted));
    v1::ItemConflict* conflict = result->mutable_conflict()->add_items();
    conflict->set_item("bilirubin");
    conflict->set_standing("2");
    conflict->set_author("ben");
  };
  const auto report = server.Import(MakeRows(2), {});
  ASSERT_TRUE(report.ok());
  ASSERT_EQ(report->problems.size(), 2u);
  EXPECT_EQ(report->problems[0].column, "bili");
  EXPECT_EQ(report->problems[0].message, "2 stands, by ben");
  EXPECT_EQ(report->problems[1].column, "bili");
  EXPECT_EQ(report->problems[1].message, "x is no decimal (nothing of this record was written)");
}

TEST(ImporterTest, WhatStandsIsCountedAndWhatDiffersIsTold) {
  Server server;
  server.fail = [](const v1::WriteRecordRequest& request, v1::BatchWriteResult* result) {
    v1::ItemResult* item = result->mutable_response()->mutable_results(0);
    item->clear_outcome();
    if (request.name().find("/S1/") != std::string::npos) item->set_message("2 stands, decided");
  };
  const auto report = server.Import(MakeRows(3), {});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->written, 0u);
  EXPECT_EQ(report->unchanged, 3u);
  ASSERT_EQ(report->problems.size(), 1u);
  EXPECT_EQ(report->problems[0].column, "bili");
  EXPECT_EQ(report->problems[0].message, "2 stands, decided");
}

TEST(ImporterTest, UpdateWritesOver) {
  Server server;
  ASSERT_TRUE(server.Import(MakeRows(1), {.update = true}).ok());
  EXPECT_EQ(server.batches[0].requests(0).on_different_value(), v1::VALUE_CONFLICT_UPDATE);
}

TEST(ImporterTest, ADryRunWritesNothing) {
  Server server;
  const auto report = server.Import(MakeRows(3), {.dry_run = true});
  ASSERT_TRUE(report.ok());
  EXPECT_FALSE(report->done);
  EXPECT_EQ(report->written, 3u);
  ASSERT_EQ(server.batches.size(), 1u);
  EXPECT_TRUE(server.batches[0].requests(2).validate_only());
}

TEST(ImporterTest, AllOrNothingChecksFirstAndThenWrites) {
  Server server;
  const auto report = server.Import(MakeRows(3), {.all_or_nothing = true});
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->done);
  EXPECT_EQ(report->written, 3u);
  ASSERT_EQ(server.batches.size(), 2u);
  EXPECT_TRUE(server.batches[0].requests(0).validate_only());
  EXPECT_FALSE(server.batches[1].requests(0).validate_only());
  EXPECT_TRUE(server.batches[1].all_or_nothing());
}

TEST(ImporterTest, AllOrNothingWritesNothingIfAnythingIsWrong) {
  Server server;
  server.fail = RefuseSecond;
  const auto report = server.Import(MakeRows(3), {.all_or_nothing = true});
  ASSERT_TRUE(report.ok());
  EXPECT_FALSE(report->done);
  EXPECT_EQ(report->problems.size(), 1u);
  for (const auto& batch : server.batches) {
    EXPECT_TRUE(batch.requests(0).validate_only());
  }

  Server quiet;
  RowWrites rows = MakeRows(1);
  rows.problems.push_back({9, "", "too short"});
  ASSERT_TRUE(quiet.Import(std::move(rows), {.all_or_nothing = true}).ok());
  EXPECT_EQ(quiet.batches.size(), 1u);
}

TEST(ImporterTest, AllOrNothingStopsAtABatchThatNoLongerFits) {
  Server server;
  server.fail = [](const v1::WriteRecordRequest& request, v1::BatchWriteResult* result) {
    if (!request.validate_only()) RefuseSecond(request, result);
  };
  const auto report =
      server.Import(MakeRows(kImportRequestsPerBatch + 1), {.all_or_nothing = true});
  EXPECT_EQ(report.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(server.batches.size(), 3u) << "two checked, one tried";
}

TEST(ImporterTest, ABrokenBatchSaysHowManyHadGoneIn) {
  size_t calls = 0;
  const auto report = SendRows(
      kSite, MakeRows(kImportRequestsPerBatch + 1), {},
      [&](const v1::BatchWriteRecordsRequest& batch)
          -> absl::StatusOr<v1::BatchWriteRecordsResponse> {
        if (++calls == 2) return absl::UnavailableError("gone");
        return Server().Take(batch);
      },
      [](uint64_t, uint64_t) {});
  EXPECT_EQ(report.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(report.status().message()), HasSubstr("200 of 201 records had gone in"));
}

}  // namespace
}  // namespace trialsync::command
