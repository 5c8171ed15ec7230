// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/command/command_fixture.h"
#include "trialsync/v1/subject_service.pb.h"

namespace trialsync::command {
namespace {

using ::testing::HasSubstr;

class SubjectTest : public CommandTest {};

TEST_F(SubjectTest, AddsOneAtItsSite) {
  server_.On<v1::CreateSubjectRequest, v1::Subject>(
      [](const v1::CreateSubjectRequest& request, v1::Subject* subject) {
        EXPECT_EQ(request.parent(), "studies/pbc/sites/MAYO1");
        EXPECT_EQ(request.author(), "anna");
        if (request.code() == "PBC-001") return absl::AlreadyExistsError("there is a PBC-001");
        subject->set_name(request.parent() + "/subjects/" + request.code());
        return absl::OkStatus();
      });
  EXPECT_EQ(Run({"subject", "add", "PBC-002"}), ExitCode::kOk);
  EXPECT_EQ(out_, "studies/pbc/sites/MAYO1/subjects/PBC-002\n");
  EXPECT_EQ(Run({"subject", "add", "PBC-001"}), ExitCode::kRefused);
  EXPECT_EQ(err_, "trialsync: there is a PBC-001\n");
}

TEST_F(SubjectTest, ListsThemInAReadersOrder) {
  server_.On<v1::ListSubjectsRequest, v1::ListSubjectsResponse>(
      [](const auto&, v1::ListSubjectsResponse* response) {
        for (const char* code : {"P-10", "P-9", "P-1"}) {
          response->add_subjects()->set_name(std::string("studies/pbc/sites/MAYO1/subjects/") +
                                             code);
        }
        return absl::OkStatus();
      });
  EXPECT_EQ(Run({"subject", "list"}), ExitCode::kOk);
  EXPECT_LT(out_.find("P-1 "), out_.find("P-9"));
  EXPECT_LT(out_.find("P-9"), out_.find("P-10"));
}

TEST_F(SubjectTest, ListsSubjectsAndRepeats) {
  server_.On<v1::ListSubjectsRequest, v1::ListSubjectsResponse>(
      [](const auto&, v1::ListSubjectsResponse* response) {
        response->add_subjects()->set_name("studies/pbc/sites/MAYO1/subjects/PBC-001");
        v1::Subject* repeat = response->add_subjects();
        repeat->set_name("studies/pbc/sites/MAYO1/subjects/PBC-001/events/AE~1?2");
        repeat->set_same_as("PBC-001/AE~1");
        return absl::OkStatus();
      });
  EXPECT_EQ(Run({"subject", "list"}), ExitCode::kOk);
  EXPECT_THAT(out_, HasSubstr("MAYO1  PBC-001 "));
  EXPECT_THAT(out_, HasSubstr("MAYO1  PBC-001/AE~1?2 "));
  EXPECT_THAT(out_, HasSubstr("same as PBC-001/AE~1"));
}

TEST_F(SubjectTest, RenamesAndMergesSubjectsAndRepeats) {
  v1::RenameSubjectRequest rename;
  v1::MergeSubjectsRequest merge;
  server_.On<v1::RenameSubjectRequest, v1::Subject>([&](const auto& request, auto*) {
    rename = request;
    return absl::OkStatus();
  });
  server_.On<v1::MergeSubjectsRequest, v1::Subject>([&](const auto& request, auto*) {
    merge = request;
    return absl::OkStatus();
  });
  EXPECT_EQ(Run({"subject", "rename", "PBC-001/AE~1?2", "2", "--reason", "why"}), ExitCode::kOk);
  EXPECT_EQ(rename.name(), "studies/pbc/sites/MAYO1/subjects/PBC-001/events/AE~1?2");
  EXPECT_EQ(rename.new_code(), "2");
  EXPECT_EQ(Run({"subject", "merge", "PBC-001", "PBC-001?2", "--reason", "why"}), ExitCode::kOk);
  EXPECT_EQ(merge.name(), "studies/pbc/sites/MAYO1/subjects/PBC-001");
  EXPECT_EQ(merge.other(), "studies/pbc/sites/MAYO1/subjects/PBC-001?2");
  EXPECT_EQ(merge.reason(), "why");
  EXPECT_EQ(Run({"subject", "merge", "PBC-001", "PBC-001?2"}), ExitCode::kUsage);
  EXPECT_EQ(Run({"subject", "rename", "a/b/c/d", "x", "--reason", "why"}), ExitCode::kUsage);
}

}  // namespace
}  // namespace trialsync::command
