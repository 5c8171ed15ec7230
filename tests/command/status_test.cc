// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "daemon/command/text.h"
#include "tests/command/command_fixture.h"

namespace trialsync::command {
namespace {

using ::testing::HasSubstr;

void FillPeer(v1::PartitionStatus* partition, bool in_step) {
  v1::PeerStatus* peer = partition->add_peers();
  peer->set_peer("0123456789abcdef0123456789abcdef");
  peer->set_connected(true);
  peer->set_in_step(in_step);
  peer->mutable_last_contact_time()->set_seconds(absl::ToUnixSeconds(absl::Now()) - 120);
}

class StatusTest : public CommandTest {
 protected:
  void Answer(const v1::Status& status) {
    server_.On<v1::GetStatusRequest, v1::Status>([status](const auto&, v1::Status* response) {
      *response = status;
      return absl::OkStatus();
    });
  }

  void AnswerVerify(std::vector<v1::VerifyProgress> messages, absl::Status end) {
    server_.OnStream<v1::VerifyRequest, v1::VerifyProgress>(
        [messages, end](const auto&, std::vector<v1::VerifyProgress>* response) {
          *response = messages;
          return end;
        });
  }
};

v1::VerifyProgress Verdict(const std::string& site, bool finished, bool ok) {
  v1::VerifyProgress verdict;
  verdict.set_study("pbc");
  verdict.set_site(site);
  verdict.set_commits_done(5);
  verdict.set_commits_total(9);
  verdict.set_finished(finished);
  verdict.set_ok(ok);
  if (finished && !ok) verdict.set_difference("record X: the log says 1, the store 2");
  return verdict;
}

TEST_F(StatusTest, ASiteTellsItsOutboxAndItsRefusal) {
  v1::Status status;
  status.set_role("site");
  v1::PartitionStatus* partition = status.add_partitions();
  partition->set_study("pbc");
  partition->set_site("MAYO1");
  partition->set_outbox_count(12);
  partition->mutable_oldest_unsent_time()->set_seconds(absl::ToUnixSeconds(absl::Now()) - 7300);
  FillPeer(partition, /*in_step=*/false);
  v1::Refusal* refusal = partition->mutable_peers(0)->mutable_refusal();
  refusal->set_reason(v1::REFUSAL_REASON_REPLICA_NOT_ENROLLED);
  refusal->set_message("this replica is not enrolled");
  refusal->set_mend("trialsync enrol");
  Answer(status);
  EXPECT_EQ(Run({"status"}), ExitCode::kNo);
  EXPECT_THAT(out_, HasSubstr("12 changes not yet sent, the oldest for 2 h"));
  EXPECT_THAT(out_, HasSubstr("resting"));
  EXPECT_THAT(out_, HasSubstr("not in step"));
  EXPECT_THAT(out_, HasSubstr("refused (replica not enrolled)"));
  EXPECT_THAT(out_, HasSubstr("mend: trialsync enrol"));
  refusal->set_reason(v1::REFUSAL_REASON_SHUTTING_DOWN);
  Answer(status);
  EXPECT_EQ(Run({"status"}), ExitCode::kOk) << "it ends by itself";
}

TEST_F(StatusTest, ACoordinatorHasARowForEachSiteAndReplicaWithin80Columns) {
  v1::Status status;
  status.set_role("coordinator");
  for (const char* site : {"MAYO1", "MAYO2"}) {
    v1::PartitionStatus* partition = status.add_partitions();
    partition->set_study("pbc");
    partition->set_site(site);
    partition->mutable_log()->set_size(1234567);
    partition->mutable_log()->set_root(std::string(32, '\xab'));
    partition->add_active_versions()->set_number(1);
    partition->add_active_versions()->set_number(2);
    FillPeer(partition, /*in_step=*/true);
  }
  Answer(status);
  EXPECT_EQ(Run({"status"}), ExitCode::kOk);
  EXPECT_THAT(out_, HasSubstr("pbc    MAYO2"));
  EXPECT_THAT(out_, HasSubstr("1234567  abababababab  1, 2\n"));
  EXPECT_THAT(out_, HasSubstr("MAYO2  0123456789ab  up    in step"));
  EXPECT_THAT(out_, HasSubstr("(2 min)"));
  for (const absl::string_view line : absl::StrSplit(out_, '\n')) {
    EXPECT_LE(DisplayWidth(std::string(line)), 80u) << line;
  }
}

TEST_F(StatusTest, WithoutALinkNobodySaysThatTheyAreInStepNow) {
  v1::Status status;
  status.set_role("site");
  FillPeer(status.add_partitions(), /*in_step=*/true);
  v1::PeerStatus* peer = status.mutable_partitions(0)->mutable_peers(0);
  peer->set_connected(false);
  Answer(status);
  EXPECT_EQ(Run({"status"}), ExitCode::kOk);
  EXPECT_THAT(out_, HasSubstr(", no link; in step as of "));
  peer->clear_last_contact_time();
  Answer(status);
  EXPECT_EQ(Run({"status"}), ExitCode::kOk);
  EXPECT_THAT(out_, HasSubstr(", not known: no contact yet"));
  status.set_role("coordinator");
  Answer(status);
  EXPECT_EQ(Run({"status"}), ExitCode::kOk);
  EXPECT_THAT(out_, HasSubstr("down  not known"));
}

TEST_F(StatusTest, ARefusalNamesTheCoordinatorByItsWholeAddress) {
  v1::Status status;
  status.set_role("site");
  v1::PeerStatus* peer = status.add_partitions()->add_peers();
  peer->set_peer("127.0.0.1:7443");
  peer->mutable_refusal()->set_message("the coordinator has no study x");
  Answer(status);
  EXPECT_EQ(Run({"status"}), ExitCode::kNo);
  EXPECT_THAT(out_, HasSubstr("and 127.0.0.1:7443: the coordinator has no study x"));
}

TEST_F(StatusTest, ACoordinatorWithoutSitesSaysWhatComesNext) {
  BeCoordinator({});
  EXPECT_EQ(Run({"status"}), ExitCode::kOk);
  EXPECT_THAT(out_, HasSubstr("No site takes part yet: trialsync study publish FILE"));
}

TEST_F(StatusTest, AFaultExitsWithOne) {
  v1::Status status;
  status.set_role("site");
  status.set_fault("the disk is full");
  Answer(status);
  EXPECT_EQ(Run({"status"}), ExitCode::kNo);
  EXPECT_THAT(out_, HasSubstr("FAULT: the disk is full"));
}

TEST_F(StatusTest, WatchLooksAgainUntilTheServerIsGone) {
  auto looks = std::make_shared<int>(0);
  server_.On<v1::GetStatusRequest, v1::Status>([looks](const auto&, v1::Status* response) {
    response->set_role("site");
    return ++*looks < 3 ? absl::OkStatus() : absl::UnavailableError("stopping");
  });
  EXPECT_EQ(Run({"status", "--watch", "-o", "json"}), ExitCode::kUnreachable);
  EXPECT_EQ(*looks, 3);
}

TEST_F(StatusTest, VerifyIsOkIfEveryPartitionIs) {
  AnswerVerify({Verdict("A", false, false), Verdict("A", true, true), Verdict("B", true, true)},
               absl::OkStatus());
  EXPECT_EQ(Run({"verify"}), ExitCode::kOk);
  EXPECT_THAT(out_, HasSubstr("pbc A: ok"));
  EXPECT_THAT(out_, HasSubstr("pbc B: ok"));
  EXPECT_THAT(err_, HasSubstr("verify A: commits 5/9"));
}

TEST_F(StatusTest, VerifyExitsWithOneAtADifferenceOrAnUnfinishedPartition) {
  AnswerVerify({Verdict("A", true, false), Verdict("B", true, true)}, absl::OkStatus());
  EXPECT_EQ(Run({"verify"}), ExitCode::kNo);
  EXPECT_THAT(out_, HasSubstr("pbc A: DIFFERS: record X: the log says 1"));
  AnswerVerify({Verdict("A", false, false)}, absl::OkStatus());
  EXPECT_EQ(Run({"verify", "-o", "json"}), ExitCode::kNo);
  EXPECT_THAT(out_, HasSubstr("{\"partitions\": [\n{"));
  EXPECT_THAT(out_, HasSubstr("\"finished\": false"));
}

TEST_F(StatusTest, VerifyThatBreaksOffIsNotAVerdict) {
  AnswerVerify({Verdict("A", true, true)}, absl::InternalError("cannot read"));
  EXPECT_EQ(Run({"verify"}), ExitCode::kRefused);
  EXPECT_EQ(out_, "");
}

TEST_F(StatusTest, LinkIsSetUpAndDown) {
  std::vector<bool> asked;
  server_.On<v1::SetLinkRequest, v1::Status>([&](const auto& request, v1::Status* response) {
    asked.push_back(request.enabled());
    response->set_role("site");
    return absl::OkStatus();
  });
  EXPECT_EQ(Run({"link", "down"}), ExitCode::kOk);
  EXPECT_EQ(Run({"link", "up"}), ExitCode::kOk);
  EXPECT_EQ(asked, (std::vector<bool>{false, true}));
}

}  // namespace
}  // namespace trialsync::command
