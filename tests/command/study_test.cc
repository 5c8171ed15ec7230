// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "daemon/command/run.h"
#include "tests/command/command_fixture.h"
#include "trialsync/v1/study_service.pb.h"

namespace trialsync::command {
namespace {

using ::testing::HasSubstr;

constexpr char kFirst[] = R"(study: demo
version: 1
title: {en: Demo}
code_lists:
  sex: {m: {en: male}, f: {en: female}}
forms:
  DEMO:
    id: 1
    label: {en: Demography}
    items:
      sex: {id: 1, type: coded, code_list: sex, label: {en: Sex}}
events:
  BASE: {id: 1, forms: [DEMO], label: {en: Baseline}}
)";

class StudyTest : public CommandTest {};

TEST_F(StudyTest, TwoFilesAreComparedWithoutAServer) {
  const std::string first = WriteFile("v1.yaml", kFirst);
  std::string text = kFirst;
  text.replace(text.find("version: 1"), 10, "version: 2\nprevious: {version: 1}");
  const std::string same = WriteFile("v2.yaml", text);
  EXPECT_EQ(Run({"study", "check", same, "--against", first}), ExitCode::kOk) << err_;
  EXPECT_THAT(out_, HasSubstr("version 2: can be published"));
  text.replace(text.find("m: {en: male}, "), 15, "");
  const std::string broken = WriteFile("v2b.yaml", text);
  EXPECT_EQ(Run({"study", "check", broken, "--against", first}), ExitCode::kNo) << err_;
  EXPECT_THAT(out_, HasSubstr("BREAKS"));
  EXPECT_THAT(out_, HasSubstr("DEMO.sex"));
}

TEST_F(StudyTest, AMistakeInTheFileIsTheAnswerNo) {
  const std::string first = WriteFile("v1.yaml", kFirst);
  const std::string bad = WriteFile("bad.yaml", "study: demo\ncolour: red\n");
  EXPECT_EQ(Run({"study", "check", bad, "--against", first}), ExitCode::kNo);
  EXPECT_THAT(err_, HasSubstr("bad.yaml:2:1: colour"));
  EXPECT_EQ(Run({"study", "check", directory() + "/none.yaml"}), ExitCode::kUsage);
}

TEST_F(StudyTest, MistakesComeAsJsonToo) {
  const std::string bad = WriteFile("bad.yaml", "study: demo\ncolour: red\n");
  EXPECT_EQ(Run({"study", "check", bad, "--against", bad, "-o", "json"}), ExitCode::kNo);
  EXPECT_THAT(out_, HasSubstr("{\"file\": \"" + bad + "\", \"line\": 2, \"column\": 1, " +
                              "\"message\": \"colour"));
  EXPECT_THAT(out_, ::testing::StartsWith("{\n \"mistakes\": ["));
  EXPECT_EQ(err_, "");
}

TEST_F(StudyTest, TheServerCountsWhatIsTouched) {
  v1::CheckStudyVersionRequest asked;
  server_.On<v1::CheckStudyVersionRequest, v1::CheckStudyVersionResponse>(
      [&](const auto& request, v1::CheckStudyVersionResponse* response) {
        asked = request;
        v1::VersionFinding* finding = response->add_findings();
        finding->set_breaking(true);
        finding->set_covered(request.against() == "studies/pbc/versions/1");
        finding->set_subject("LAB.bili");
        finding->set_values_touched(1945);
        return absl::OkStatus();
      });
  const std::string file = WriteFile("v1.yaml", kFirst);
  EXPECT_EQ(Run({"study", "check", file}), ExitCode::kNo);
  EXPECT_EQ(asked.yaml(), kFirst);
  EXPECT_EQ(asked.file_name(), file);
  EXPECT_THAT(out_, HasSubstr("BREAKS   LAB.bili  1945"));
  EXPECT_EQ(Run({"study", "check", file, "--against", "pbc@1"}), ExitCode::kOk);
  EXPECT_THAT(out_, HasSubstr("covered  LAB.bili  1945"));
  EXPECT_EQ(Run({"study", "check", file, "--against", "pbc@x"}), ExitCode::kUsage);
}

TEST_F(StudyTest, PublishesListsAndShows) {
  server_.On<v1::PublishStudyVersionRequest, v1::StudyVersion>(
      [](const v1::PublishStudyVersionRequest& request, v1::StudyVersion* version) {
        EXPECT_EQ(request.yaml(), kFirst);
        EXPECT_EQ(request.author(), "anna");
        version->set_name("studies/demo/versions/1");
        return absl::OkStatus();
      });
  server_.On<v1::ListStudyVersionsRequest, v1::ListStudyVersionsResponse>(
      [](const v1::ListStudyVersionsRequest& request, v1::ListStudyVersionsResponse* response) {
        EXPECT_EQ(request.parent(), "studies/-");
        v1::StudyVersion* version = response->add_versions();
        version->set_name("studies/demo/versions/1");
        v1::StudyVersionActivation* activation = version->add_activations();
        activation->set_site("studies/demo/sites/MAYO1");
        activation->set_state(v1::StudyVersionActivation::RETIRED);
        return absl::OkStatus();
      });
  server_.On<v1::GetStudyVersionRequest, v1::StudyVersion>(
      [](const v1::GetStudyVersionRequest& request, v1::StudyVersion* version) {
        version->set_name(request.name());
        version->set_yaml(kFirst);
        v1::FormDefinition* form = version->mutable_definition()->add_forms();
        form->set_name("DEMO");
        v1::ItemDefinition* item = form->add_items();
        item->set_name("sex");
        item->set_type(v1::ITEM_TYPE_CODED);
        item->set_site_only(true);
        item->mutable_hard_range()->set_maximum("400");
        item->mutable_soft_range()->set_minimum("30");
        v1::Check* check = form->add_checks();
        check->set_name("order");
        check->set_rule("a > b");
        v1::StudyVersionActivation* activation = version->add_activations();
        activation->set_site("studies/demo/sites/MAYO1");
        activation->set_state(v1::StudyVersionActivation::ACTIVE);
        activation->set_commit(7);
        activation->set_approval_date("2026-03-01");
        activation->set_approval_reference("EC-17");
        return absl::OkStatus();
      });
  EXPECT_EQ(Run({"study", "publish", WriteFile("v1.yaml", kFirst)}), ExitCode::kOk);
  EXPECT_THAT(out_, HasSubstr("published studies/demo/versions/1"));
  EXPECT_EQ(Run({"study", "list"}), ExitCode::kOk);
  EXPECT_THAT(out_, HasSubstr("demo@1"));
  EXPECT_THAT(out_, HasSubstr("MAYO1 (retired)"));
  EXPECT_EQ(Run({"study", "show", "demo"}), ExitCode::kOk);
  EXPECT_THAT(out_, HasSubstr("studies/demo/versions/latest"));
  EXPECT_THAT(out_, HasSubstr("DEMO  sex   coded"));
  EXPECT_THAT(out_, HasSubstr("stays at the site"));
  EXPECT_THAT(out_, HasSubstr("MAYO1  active  7       2026-03-01  EC-17"));
  EXPECT_THAT(out_, HasSubstr("queried unless at most"));
  EXPECT_THAT(out_, HasSubstr("DEMO  order  queried  a > b"));
  EXPECT_EQ(Run({"study", "show", "demo@1", "--yaml"}), ExitCode::kOk);
  EXPECT_EQ(out_, kFirst);
}

TEST_F(StudyTest, ActivatesAndRetires) {
  v1::ActivateStudyVersionRequest activate;
  server_.On<v1::ActivateStudyVersionRequest, v1::StudyVersionActivation>(
      [&](const auto& request, v1::StudyVersionActivation* response) {
        activate = request;
        response->set_state(v1::StudyVersionActivation::ACTIVE);
        response->set_site("studies/pbc/sites/MAYO1");
        response->set_commit(3);
        return absl::OkStatus();
      });
  v1::RetireStudyVersionRequest retire;
  server_.On<v1::RetireStudyVersionRequest, v1::StudyVersionActivation>(
      [&](const auto& request, auto*) {
        retire = request;
        return absl::OkStatus();
      });
  EXPECT_EQ(Run({"study", "activate", "pbc@2", "--site", "MAYO1", "--approval-date", "2026-03-01",
                 "--approval-reference", "EC-17"}),
            ExitCode::kOk);
  EXPECT_EQ(activate.name(), "studies/pbc/versions/2");
  EXPECT_EQ(activate.site(), "MAYO1");
  EXPECT_EQ(activate.approval_date(), "2026-03-01");
  EXPECT_EQ(activate.approval_reference(), "EC-17");
  EXPECT_EQ(out_, "pbc@2 is active at studies/pbc/sites/MAYO1 since commit 3\n");
  EXPECT_EQ(Run({"study", "retire", "pbc@1", "--site", "MAYO1", "--reason", "v2"}), ExitCode::kOk);
  EXPECT_EQ(retire.name(), "studies/pbc/versions/1");
  EXPECT_EQ(retire.reason(), "v2");
  EXPECT_EQ(Run({"study", "retire", "pbc@0", "--site", "MAYO1", "--reason", "x"}),
            ExitCode::kUsage);
  for (const char* name : {"pbc", "pbc@latest"}) {
    EXPECT_EQ(Run({"study", "activate", name, "--site", "MAYO1"}), ExitCode::kUsage);
    EXPECT_THAT(err_, HasSubstr("Write, for example, pbc@1"));
  }
}

TEST_F(StudyTest, WithoutAServerADefinitionIsCheckedByItself) {
  std::ostringstream out;
  std::ostringstream err;
  std::istringstream in;
  Console console{out, err, in, false};
  const std::string good = WriteFile("v1.yaml", kFirst);
  EXPECT_EQ(command::Run({"study", "check", good}, console), ExitCode::kOk) << err.str();
  EXPECT_THAT(out.str(), HasSubstr("version 1: is valid; nothing was compared"));
  const std::string bad = WriteFile("bad.yaml", "study: demo\ncolour: red\n");
  EXPECT_EQ(command::Run({"study", "check", bad}, console), ExitCode::kNo);
  EXPECT_THAT(err.str(), HasSubstr("bad.yaml:2:1: colour"));
}

}  // namespace
}  // namespace trialsync::command
