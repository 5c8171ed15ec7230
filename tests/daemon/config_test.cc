// SPDX-License-Identifier: Apache-2.0
#include "daemon/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "daemon/config_file.h"

namespace trialsync::daemon {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

std::vector<std::string> Words(const std::string& line) { return absl::StrSplit(line, ' '); }

std::string ErrorOf(const std::string& line) {
  const auto parsed = ParseCommandLine(Words(line));
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << line;
  return std::string(parsed.status().message());
}

// A file with this content, named for the running test.
std::string FileWith(const std::string& content) {
  const std::string name = absl::StrCat(
      testing::TempDir(), testing::UnitTest::GetInstance()->current_test_info()->name(), ".yaml");
  std::ofstream(name) << content;
  return name;
}

TEST(ConfigTest, TakesACoordinator) {
  const auto parsed = ParseCommandLine(
      Words("coordinator --data /d --listen 127.0.0.1:7443 --metrics-listen localhost:0 "
            "--log-level debug --insecure"));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const Config& config = parsed->config.value();
  EXPECT_EQ(config.role, Role::kCoordinator);
  EXPECT_EQ(config.data_directory, "/d");
  EXPECT_EQ(config.listen.ToString(), "127.0.0.1:7443");
  EXPECT_EQ(config.metrics_listen->ToString(), "localhost:0");
  EXPECT_EQ(config.log_level, LogLevel::kDebug);
}

TEST(ConfigTest, TakesASite) {
  const auto parsed = ParseCommandLine(
      Words("site --data d --study pbc --site MAYO1 --coordinator 127.0.0.1:7443 --listen "
            "127.0.0.1:0 --insecure"));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->config->role, Role::kSite);
  EXPECT_EQ(parsed->config->site, (SiteName{"pbc", "MAYO1"}));
  EXPECT_EQ(parsed->config->coordinator.port, 7443);
  EXPECT_FALSE(parsed->config->metrics_listen.has_value());
}

TEST(ConfigTest, BackupsAreKeptApartFromTheData) {
  const std::string rest = "coordinator --listen 127.0.0.1:1 --insecure --data /d/data --backup ";
  EXPECT_EQ(ParseCommandLine(Words(rest + "/d/database"))->config->backup_directory, "/d/database");
  for (const char* within : {"/d/data", "/d/data/backups", "/d/x/../data/./backups"}) {
    EXPECT_THAT(ErrorOf(rest + within), HasSubstr("--backup DIR is within --data"));
  }
}

TEST(ConfigTest, FileHasTheSameNamesAndFlagsWin) {
  const std::string file =
      FileWith("data: /from/file\nlisten: 127.0.0.1:1\ninsecure: true\nlog-level: error\n");
  const auto parsed =
      ParseCommandLine(Words("coordinator --config " + file + " --listen 127.0.0.1:2"));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->config->data_directory, "/from/file");
  EXPECT_EQ(parsed->config->listen.port, 2);
  EXPECT_EQ(parsed->config->log_level, LogLevel::kError);
}

TEST(ConfigTest, FileErrorsHaveLineAndColumn) {
  EXPECT_THAT(ErrorOf("coordinator --config " + FileWith("data: d\nlisten: l\n  datta: e\n")),
              HasSubstr(".yaml:3:"));
  EXPECT_THAT(
      ErrorOf("coordinator --config " + FileWith("data: d\n\nstudy: pbc\n")),
      HasSubstr(".yaml:3:1: there is no setting \"study\"; there are: backup, data, insecure"));
  EXPECT_THAT(ErrorOf("site --config " + FileWith("data: d\nsite: A\ndata: e\n")),
              HasSubstr(".yaml:3:1: the setting \"data\" is there twice"));
  EXPECT_THAT(ErrorOf("site --config " + FileWith("data: [d]\n")),
              HasSubstr(".yaml:1:7: the setting \"data\" wants one plain value"));
  EXPECT_THAT(ErrorOf("site --config " + FileWith("- data\n")), HasSubstr(".yaml:1:1: "));
  EXPECT_THAT(ErrorOf("site --config " + FileWith("data: d\ninsecure: perhaps\n")),
              HasSubstr(".yaml:2:11: "));
}

TEST(ConfigTest, BadValuesInAFileHaveLineAndColumnToo) {
  const std::string rest = "insecure: true\ndata: d\nlisten: 127.0.0.1:0\n";
  EXPECT_THAT(ErrorOf("coordinator --config " + FileWith("data: d\nlisten: 10.0.0.1:9\n")),
              HasSubstr(".yaml:2:9: listen "));
  EXPECT_THAT(ErrorOf("coordinator --config " + FileWith(rest + "log-level: loud\n")),
              HasSubstr(".yaml:4:12: log-level \"loud\""));
  EXPECT_THAT(ErrorOf("site --config " + FileWith(rest + "site: A/B\nstudy: s\n")),
              HasSubstr(".yaml:4:7: site \"A/B\""));
  EXPECT_THAT(ErrorOf("site --config " + FileWith(rest + "site: A\nstudy: Asthma\n")),
              HasSubstr(".yaml:5:8: study 'Asthma' is no name of a study"));
  EXPECT_THAT(
      ErrorOf("site --config " + FileWith(rest + "site: A\nstudy: s\ncoordinator: 127.0.0.1:0\n")),
      HasSubstr(".yaml:6:14: coordinator wants"));
}

TEST(ConfigTest, AStudyIsCalledAsItsDefinitionMayCallIt) {
  const std::string rest =
      " --site A --data d --listen 127.0.0.1:1 --coordinator 127.0.0.1:2 "
      "--insecure";
  EXPECT_THAT(ErrorOf("site --study Asthma" + rest),
              AllOf(StartsWith("--study 'Asthma'"), HasSubstr("lower case letter")));
  EXPECT_TRUE(ParseCommandLine(Words("site --study asthma" + rest)).ok());
}

TEST(ConfigTest, FileThatIsNotThereOrTooLarge) {
  EXPECT_EQ(ReadConfigFile("/nowhere/at/all.yaml", {}).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadConfigFile(FileWith(std::string(100'000, '#')), {}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ConfigTest, NeverLeavesTheMachineAndNeverByAccident) {
  const std::string rest = "coordinator --data d --listen ";
  EXPECT_THAT(ErrorOf(rest + "0.0.0.0:7443 --insecure"),
              AllOf(StartsWith("--listen"), HasSubstr("plaintext never leaves this machine")));
  EXPECT_THAT(ErrorOf(rest + "0.0.0.0:7443"), HasSubstr("plaintext never leaves this machine"));
  EXPECT_THAT(ErrorOf(rest + "127.0.0.1:7443"), EndsWith("with --insecure"));
  EXPECT_THAT(ErrorOf(rest + "127.0.0.1:1 --insecure --metrics-listen 10.0.0.1:9"),
              StartsWith("--metrics-listen"));
  EXPECT_THAT(ErrorOf("site --data d --study s --site t --listen 127.0.0.1:0 --insecure "
                      "--coordinator trial.example.org:7443"),
              StartsWith("--coordinator"));
}

TEST(ConfigTest, NamesWhatIsMissingOrWrong) {
  EXPECT_THAT(ErrorOf("coordinator --listen 127.0.0.1:1 --insecure"), HasSubstr("--data"));
  EXPECT_THAT(ErrorOf("coordinator --data d --insecure"), HasSubstr("--listen"));
  EXPECT_THAT(ErrorOf("coordinator --data d --study s"), HasSubstr("--study"));
  EXPECT_THAT(ErrorOf("site --data d --listen 127.0.0.1:1 --insecure"), HasSubstr("--study"));
  EXPECT_THAT(ErrorOf("site --data d --listen 127.0.0.1:1 --insecure --study s --site t "
                      "--coordinator 127.0.0.1:0"),
              HasSubstr("not 0"));
  EXPECT_THAT(ErrorOf("coordinator --data d --listen 127.0.0.1:1 --insecure --log-level loud"),
              HasSubstr("\"loud\""));
  EXPECT_FALSE(ParseCommandLine({}).ok());
}

TEST(ConfigTest, ARoleThatIsNotThereIsAnsweredWithTheNearestOne) {
  EXPECT_EQ(ErrorOf("sites --data d"),
            "there is no command \"trialsyncd sites\", did you mean site?; there are: coordinator, "
            "site");
  EXPECT_EQ(ParseCommandLine({}).status().message(),
            "behind \"trialsyncd\" a command is missing; there are: coordinator, site");
}

TEST(ConfigTest, HelpShowsExamplesAndExitCodes) {
  for (const char* line : {"--help", "site --help", "coordinator --help"}) {
    const auto parsed = ParseCommandLine(Words(line));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_FALSE(parsed->config.has_value());
    EXPECT_THAT(parsed->print, HasSubstr("Example"));
  }
  EXPECT_THAT(ParseCommandLine({"--help"})->print, HasSubstr("Exit codes"));
  EXPECT_THAT(ParseCommandLine(Words("site --help"))->print,
              AllOf(HasSubstr("--coordinator"), HasSubstr("DATA/metrics_address"),
                    HasSubstr("DATA/listen_address")));
}

}  // namespace
}  // namespace trialsync::daemon
