// SPDX-License-Identifier: Apache-2.0
// The restore drill of docs/backup.md on real daemons (faults B10, E1, E8).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/end_to_end/trial.h"
#include "tests/end_to_end/writer.h"

namespace trialsync::end_to_end {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;

class BackupTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(site_.daemon.Stop(), 0);
    site_.daemon.Start({"--backup", backups_});
  }

  v1::Backup Create() {
    const auto backup = site_.daemon.Connect()->Call(v1::CreateBackupRequest());
    EXPECT_EQ(backup.status(), absl::OkStatus());
    return backup.value_or(v1::Backup());
  }

  Said Run(const std::vector<std::string>& arguments) const {
    std::vector<std::string> command = {"backup"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return RunCommand(site_.daemon, "nurse", command);
  }

  std::string Missing(const Daemon& daemon) const {
    return absl::StrJoin(saved_.Compare(*daemon.Connect(), site_.parent, kWrittenItem), "\n");
  }

  Trial trial_{"pbc", "deploy/studies/pbc/v1.yaml"};
  Trial::Site& site_ = trial_.AddSite("MAYO1");
  const std::string backups_ = trial_.directory() + "/backups";
  Ledger saved_;
};

TEST_F(BackupTest, OneMadeDuringWritesIsWholeAndComesBack) {
  site_.Cut();
  Writer nurse(&site_, &saved_, "before", 1);
  nurse.WriteNew(40);
  nurse.Start();
  for (int i = 0; i < 4; ++i) Create();
  nurse.Stop();
  EXPECT_THAT(nurse.complaints(), testing::IsEmpty());
  const v1::Backup last = Create();
  EXPECT_GT(last.partitions(0).outbox_count(), 40u);
  for (uint32_t number = 1; number <= last.number(); ++number) {
    const Said verified = Run({"verify", backups_, "--number", absl::StrCat(number)});
    EXPECT_EQ(verified.exit_code, 0) << verified.text;
  }

  // What comes after the backup is sent, and then the disk is gone.
  Writer after(&site_, &saved_, "after", 2);
  after.WriteNew(5);
  site_.Mend();
  ASSERT_TRUE(WaitUntil([&] { return InStep(trial_); }));
  site_.daemon.Kill();
  const std::string data = site_.daemon.data_directory();
  const Said refused = Run({"restore", backups_, "--data", data});
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_THAT(refused.text, HasSubstr("not empty"));
  fs::remove_all(data);
  const Said restored = Run({"restore", backups_, "--data", data});
  ASSERT_EQ(restored.exit_code, 0) << restored.text;

  site_.daemon.Start();
  ASSERT_TRUE(WaitUntil([&] { return InStep(trial_); }));
  EXPECT_EQ(Missing(site_.daemon), "");
  EXPECT_EQ(Missing(trial_.coordinator()), "");
  EXPECT_EQ(Verify(site_.daemon), "");
  EXPECT_EQ(Verify(trial_.coordinator()), "");
  const auto report = site_.daemon.Connect()->Call(v1::ListRecoveriesRequest());
  ASSERT_EQ(report.status(), absl::OkStatus());
  ASSERT_EQ(report->recoveries_size(), 1);
  EXPECT_EQ(report->recoveries(0).cause(), v1::RECOVERY_CAUSE_RESTORED);
  EXPECT_EQ(report->recoveries(0).lost_last_seq(), 0u) << report->recoveries(0).summary();
}

// What the coordinator had committed after the backup comes back from the site (fault E3).
TEST_F(BackupTest, ACoordinatorIsPutBackAndRefilled) {
  Daemon& centre = trial_.coordinator();
  const std::string data = centre.data_directory();
  ASSERT_EQ(centre.Stop(), 0);
  trial_.StartCoordinator({"--backup", backups_ + "-centre"});
  Writer before(&site_, &saved_, "before", 1);
  before.WriteNew(5);
  ASSERT_TRUE(WaitUntil([&] { return InStep(trial_); }));
  const auto backup = centre.Connect()->Call(v1::CreateBackupRequest());
  ASSERT_EQ(backup.status(), absl::OkStatus());
  Writer after(&site_, &saved_, "after", 2);
  after.WriteNew(5);
  ASSERT_TRUE(WaitUntil([&] { return InStep(trial_); }));

  centre.Kill();
  const std::string key = trial_.directory() + "/signing_key";
  fs::rename(data + "/signing_key", key);
  fs::remove_all(data);
  const Said restored = Run({"restore", backups_ + "-centre", "--data", data});
  ASSERT_EQ(restored.exit_code, 0) << restored.text;
  EXPECT_THAT(restored.text, HasSubstr("signing_key"));
  fs::rename(key, data + "/signing_key");
  trial_.StartCoordinator();
  ASSERT_TRUE(WaitUntil([&] { return InStep(trial_); }));
  EXPECT_EQ(Missing(centre), "");
  EXPECT_EQ(Verify(centre), "");
  EXPECT_EQ(Verify(site_.daemon), "");
  const auto report = centre.Connect()->Call(v1::ListRecoveriesRequest());
  ASSERT_EQ(report.status(), absl::OkStatus());
  ASSERT_GT(report->recoveries_size(), 0);
  EXPECT_EQ(report->recoveries(0).cause(), v1::RECOVERY_CAUSE_RESTORED);
}

TEST_F(BackupTest, AFlippedBitFailsLoudly) {
  Writer writer(&site_, &saved_, "before", 1);
  writer.WriteNew(3);
  Create();
  for (const auto& file : fs::recursive_directory_iterator(backups_)) {
    if (file.path().extension() != ".sst") continue;
    std::fstream table(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    table.seekg(200);
    const char flipped = static_cast<char>(table.get() ^ 1);
    table.seekp(200);
    table.put(flipped);
  }
  const Said verified = Run({"verify", backups_});
  EXPECT_EQ(verified.exit_code, 1);
  EXPECT_THAT(verified.text, HasSubstr("IS DAMAGED"));
  const std::string data = trial_.directory() + "/new";
  EXPECT_NE(Run({"restore", backups_, "--data", data}).exit_code, 0);
  EXPECT_FALSE(fs::exists(data));

  // One that was interrupted is not taken for a new store.
  fs::create_directories(data + "/store.partial");
  Process daemon(
      DaemonCommand({"site", "--study", "pbc", "--site", "MAYO1", "--coordinator", "127.0.0.1:1",
                     "--insecure", "--listen", "127.0.0.1:0", "--data", data}),
      trial_.directory() + "/new.log");
  EXPECT_EQ(daemon.WaitForExit(kPatience), 1);
  EXPECT_THAT(ReadFile(trial_.directory() + "/new.log"), HasSubstr("not put back to its end"));
}

TEST_F(BackupTest, OnesThatAreNotWantedAnyMoreAreDeleted) {
  v1::CreateBackupRequest request;
  request.set_keep_count(2);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(site_.daemon.Connect()->Call(request).status(), absl::OkStatus());
  }
  const Said listed = Run({"list", backups_, "-o", "json"});
  EXPECT_EQ(listed.exit_code, 0);
  EXPECT_THAT(listed.text, HasSubstr("\"number\": 4"));
  EXPECT_THAT(listed.text, testing::Not(HasSubstr("\"number\": 2")));
}

TEST_F(BackupTest, IsRefusedWhereNobodySaidWhereto) {
  const auto refused = trial_.coordinator().Connect()->Call(v1::CreateBackupRequest());
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("--backup"));
}

}  // namespace
}  // namespace trialsync::end_to_end
