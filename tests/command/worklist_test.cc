// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/command/command_fixture.h"
#include "trialsync/v1/worklist_service.pb.h"

namespace trialsync::command {
namespace {

using ::testing::HasSubstr;

void FillDispute(v1::Discrepancy* dispute) {
  dispute->set_id("3f2a");
  dispute->set_kind(v1::DISCREPANCY_KIND_DISPUTE);
  dispute->set_state(v1::DISCREPANCY_STATE_OPEN);
  dispute->set_record("studies/pbc/sites/MAYO1/subjects/PBC-001/events/VISIT~2/forms/LAB");
  dispute->set_item("bili");
  dispute->set_summary("two values; the hospital decides");
  v1::Alternative* standing = dispute->add_alternatives();
  standing->set_text("1.5");
  standing->set_author("anna");
  standing->set_standing(true);
  v1::Alternative* other = dispute->add_alternatives();
  other->set_text("1.6");
  other->set_author("ben");
  other->set_reason("misread");
  other->set_change("c0ffee");
}

class WorklistTest : public CommandTest {
 protected:
  WorklistTest() {
    server_.On<v1::ListDiscrepanciesRequest, v1::ListDiscrepanciesResponse>(
        [this](const auto& request, v1::ListDiscrepanciesResponse* response) {
          list_ = request;
          FillDispute(response->add_discrepancies());
          return absl::OkStatus();
        });
    server_.On<v1::GetDiscrepancyRequest, v1::Discrepancy>(
        [](const auto& request, v1::Discrepancy* response) {
          EXPECT_EQ(request.name(), "3f2a");
          FillDispute(response);
          return absl::OkStatus();
        });
    server_.On<v1::SettleDiscrepancyRequest, v1::SettleDiscrepancyResponse>(
        [this](const auto& request, v1::SettleDiscrepancyResponse* response) {
          settle_ = request;
          response->set_outcome(v1::OUTCOME_APPLIED);
          return absl::OkStatus();
        });
  }

  ExitCode Settle(std::vector<std::string> how) {
    std::vector<std::string> arguments = {"worklist", "settle", "3f2a", "--reason", "why"};
    arguments.insert(arguments.end(), how.begin(), how.end());
    return Run(arguments);
  }

  v1::ListDiscrepanciesRequest list_;
  v1::SettleDiscrepancyRequest settle_;
};

TEST_F(WorklistTest, ListsWhatWaits) {
  EXPECT_EQ(Run({"worklist"}), ExitCode::kOk);
  EXPECT_EQ(list_.parent(), "studies/pbc/sites/MAYO1");
  EXPECT_EQ(list_.kind(), v1::DISCREPANCY_KIND_UNSPECIFIED);
  EXPECT_FALSE(list_.include_closed());
  EXPECT_EQ(out_,
            "3f2a  dispute  open  PBC-001/VISIT~2/LAB bili\n"
            "    two values; the hospital decides\n");
}

TEST_F(WorklistTest, TheOldestComesFirstSiteBySite) {
  server_.On<v1::ListDiscrepanciesRequest, v1::ListDiscrepanciesResponse>(
      [](const auto&, v1::ListDiscrepanciesResponse* response) {
        for (const auto& [name, opened] :
             std::vector<std::pair<std::string, uint64_t>>{{"sites/B/discrepancies/b7", 7},
                                                           {"sites/A/discrepancies/unsent", 0},
                                                           {"sites/A/discrepancies/a9", 9},
                                                           {"sites/A/discrepancies/a2", 2}}) {
          v1::Discrepancy* discrepancy = response->add_discrepancies();
          discrepancy->set_name(name);
          discrepancy->set_id(name.substr(name.rfind('/') + 1));
          discrepancy->set_opened(opened);
        }
        return absl::OkStatus();
      });
  EXPECT_EQ(Run({"worklist"}), ExitCode::kOk);
  std::vector<size_t> places;
  for (const char* id : {"a2", "a9", "unsent", "b7"}) places.push_back(out_.find(id));
  EXPECT_TRUE(std::is_sorted(places.begin(), places.end())) << out_;
  EXPECT_NE(places.back(), std::string::npos);
}

TEST_F(WorklistTest, ARefusedSettlementIsNoSuccess) {
  server_.On<v1::SettleDiscrepancyRequest, v1::SettleDiscrepancyResponse>(
      [](const auto&, v1::SettleDiscrepancyResponse* response) {
        response->set_outcome(v1::OUTCOME_REFUSED);
        return absl::OkStatus();
      });
  EXPECT_EQ(Settle({"--decline"}), ExitCode::kRefused);
  EXPECT_THAT(out_, HasSubstr("not settled: the settlement was refused"));
}

TEST_F(WorklistTest, EveryKindCanBeAskedFor) {
  const std::vector<std::pair<std::string, v1::DiscrepancyKind>> kinds = {
      {"dispute", v1::DISCREPANCY_KIND_DISPUTE},      {"proposal", v1::DISCREPANCY_KIND_PROPOSAL},
      {"query", v1::DISCREPANCY_KIND_QUERY},          {"held", v1::DISCREPANCY_KIND_HELD},
      {"refused", v1::DISCREPANCY_KIND_REFUSED},      {"label", v1::DISCREPANCY_KIND_LABEL},
      {"prediction", v1::DISCREPANCY_KIND_PREDICTION},
      {"contradicted", v1::DISCREPANCY_KIND_CONTRADICTED}};
  for (const auto& [word, kind] : kinds) {
    EXPECT_EQ(Run({"worklist", "--kind", word, "--all"}), ExitCode::kOk);
    EXPECT_EQ(list_.kind(), kind);
    EXPECT_TRUE(list_.include_closed());
  }
}

TEST_F(WorklistTest, AtTheCoordinatorAllSitesAreListed) {
  BeCoordinator({"MAYO1", "MAYO2"});
  EXPECT_EQ(Run({"worklist", "-o", "json"}), ExitCode::kOk);
  EXPECT_EQ(list_.parent(), "studies/pbc/sites/-");
  EXPECT_THAT(out_, HasSubstr("\"kind\": \"DISCREPANCY_KIND_DISPUTE\""));
}

TEST_F(WorklistTest, ShowTellsBothValues) {
  EXPECT_EQ(Run({"worklist", "show", "3f2a"}), ExitCode::kOk);
  EXPECT_THAT(out_, HasSubstr("stands  1.5\n"));
  EXPECT_THAT(out_, HasSubstr("other   1.6\n          by ben"));
  EXPECT_THAT(out_, HasSubstr("change c0ffee\n          reason: misread"));
}

TEST_F(WorklistTest, SettlesInEachWay) {
  EXPECT_EQ(Settle({"--keep"}), ExitCode::kOk);
  EXPECT_TRUE(settle_.keep());
  EXPECT_EQ(settle_.name(), "3f2a");
  EXPECT_EQ(settle_.reason(), "why");
  EXPECT_EQ(settle_.author(), "anna");
  EXPECT_EQ(Settle({"--take"}), ExitCode::kOk);
  EXPECT_EQ(settle_.settlement_case(), v1::SettleDiscrepancyRequest::kTake);
  EXPECT_EQ(settle_.take(), "");
  EXPECT_EQ(Settle({"--take", "c0ffee"}), ExitCode::kOk);
  EXPECT_EQ(settle_.take(), "c0ffee");
  EXPECT_EQ(Settle({"--value", "-1.5"}), ExitCode::kOk);
  EXPECT_EQ(settle_.value(), "-1.5");
  EXPECT_EQ(Settle({"--accept"}), ExitCode::kOk);
  EXPECT_TRUE(settle_.accept());
  EXPECT_EQ(Settle({"--decline"}), ExitCode::kOk);
  EXPECT_TRUE(settle_.decline());
}

TEST_F(WorklistTest, ExactlyOneWayAndAReason) {
  EXPECT_EQ(Settle({}), ExitCode::kUsage);
  EXPECT_EQ(Settle({"--keep", "--accept"}), ExitCode::kUsage);
  EXPECT_EQ(Run({"worklist", "settle", "3f2a", "--keep"}), ExitCode::kUsage);
  EXPECT_EQ(settle_.name(), "");
}

TEST_F(WorklistTest, QueriesAreOpenedAnsweredAndClosed) {
  v1::OpenQueryRequest open;
  v1::AnswerQueryRequest answer;
  v1::CloseQueryRequest close;
  server_.On<v1::OpenQueryRequest, v1::Discrepancy>([&](const auto& request, auto*) {
    open = request;
    return absl::OkStatus();
  });
  server_.On<v1::AnswerQueryRequest, v1::Discrepancy>([&](const auto& request, auto*) {
    answer = request;
    return absl::OkStatus();
  });
  server_.On<v1::CloseQueryRequest, v1::Discrepancy>([&](const auto& request, auto* response) {
    close = request;
    response->add_messages()->set_text("Thank you.");
    return absl::OkStatus();
  });
  EXPECT_EQ(Run({"query", "open", "PBC-001/VISIT~2/LAB", "bili", "--text", "Unit?"}),
            ExitCode::kOk);
  EXPECT_EQ(open.record(), "studies/pbc/sites/MAYO1/subjects/PBC-001/events/VISIT~2/forms/LAB");
  EXPECT_EQ(open.item(), "bili");
  EXPECT_EQ(open.author(), "anna");
  EXPECT_EQ(Run({"query", "answer", "3f2a", "--text", "mg/dL"}), ExitCode::kOk);
  EXPECT_EQ(answer.name(), "3f2a");
  EXPECT_EQ(answer.text(), "mg/dL");
  EXPECT_EQ(Run({"query", "close", "3f2a", "--text", "Thank you."}), ExitCode::kOk);
  EXPECT_EQ(close.text(), "Thank you.");
  EXPECT_THAT(out_, HasSubstr("Thank you."));
}

}  // namespace
}  // namespace trialsync::command
