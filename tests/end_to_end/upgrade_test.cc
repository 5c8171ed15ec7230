// SPDX-License-Identifier: Apache-2.0
// Stores that earlier releases wrote, as stores/make.sh made them once: this release opens them,
// shows what they showed, and goes on with them. A store of a later format is left as it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "storage/rocksdb_kv.h"
#include "storage/tables.h"
#include "tests/end_to_end/trial.h"

namespace trialsync::end_to_end {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;

constexpr char kStores[] = "tests/end_to_end/stores/";

void Unpack(const std::string& archive, const std::string& directory) {
  Process tar({"/bin/tar", "-xzf", archive, "-C", directory}, directory + "/tar.log");
  ASSERT_EQ(tar.WaitForExit(kPatience), 0) << ReadFile(directory + "/tar.log");
}

// What `trialsync export` writes of form LAB.
std::string Exported(const Daemon& daemon, const std::string& directory) {
  const Said said = RunCommand(daemon, "nurse", {"export", "--form", "LAB", "--out", directory});
  EXPECT_EQ(said.exit_code, 0) << said.text;
  return ReadFile(directory + "/LAB.csv");
}

class UpgradeTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    for (const char* end : {"coordinator", "site"}) {
      Unpack(Store(std::string(end) + ".tar.gz"), Path(""));
    }
  }

  std::string Store(const std::string& file) const { return kStores + GetParam() + "/" + file; }
  std::string Path(const std::string& name) const { return directory_.path() + "/" + name; }

  TemporaryDirectory directory_;
};

TEST_P(UpgradeTest, OpensShowsAndGoesOn) {
  Daemon coordinator({"coordinator", "--insecure"}, Path("coordinator"));
  coordinator.Start();
  EXPECT_EQ(Exported(coordinator, Path("centre")), ReadFile(Store("coordinator.csv")));
  EXPECT_EQ(Verify(coordinator), "");

  TcpProxy link;
  link.SetRefuse(true);
  link.SetTarget(coordinator.address());
  Daemon site(
      {"site", "--study", "pbc", "--site", "MAYO1", "--coordinator", link.address(), "--insecure"},
      Path("site"));
  site.Start();
  EXPECT_EQ(Exported(site, Path("hospital")), ReadFile(Store("site.csv")));
  EXPECT_EQ(Verify(site), "");

  // What an old store had not sent arrives.
  link.SetRefuse(false);
  ASSERT_TRUE(WaitUntil([&] {
    const auto here = SiteStatus(*site.Connect());
    const auto there = StatusAtCentre(coordinator, "MAYO1");
    return here && there && here->outbox_count() == 0 && here->log().root() == there->log().root();
  }));
  EXPECT_EQ(Exported(coordinator, Path("after")), ReadFile(Store("site.csv")));
  for (const Daemon* daemon : {&coordinator, &site}) EXPECT_EQ(Verify(*daemon), "");
}

TEST_P(UpgradeTest, ALaterFormatIsLeftAsItIs) {
  {
    const auto store = storage::RocksDbKv::Open({.path = Path("site/store"), .log = {}});
    ASSERT_EQ(store.status(), absl::OkStatus());
    storage::Transaction transaction((*store)->NewSnapshot());
    storage::StoreTables tables(&transaction);
    v1::StoreIdentity identity = *tables.Identity();
    identity.set_format(storage::kDiskFormat + 1);
    tables.PutIdentity(identity);
    ASSERT_EQ((*store)->Write(transaction.TakeBatch(), storage::Durability::kSync),
              absl::OkStatus());
  }
  const std::string head = ReadFile(Path("site/head"));
  Process daemon(
      DaemonCommand({"site", "--study", "pbc", "--site", "MAYO1", "--coordinator", "127.0.0.1:1",
                     "--insecure", "--listen", "127.0.0.1:0", "--data", Path("site")}),
      Path("log"));
  EXPECT_EQ(daemon.WaitForExit(kPatience), 1);
  EXPECT_THAT(ReadFile(Path("log")), HasSubstr("install the newer release again"));
  EXPECT_EQ(ReadFile(Path("site/head")), head);
  const auto store = storage::RocksDbKv::Open({.path = Path("site/store"), .log = {}});
  ASSERT_EQ(store.status(), absl::OkStatus());
  storage::Transaction transaction((*store)->NewSnapshot());
  EXPECT_EQ(storage::StoreTables(&transaction).Identity()->format(), storage::kDiskFormat + 1);
}

std::vector<std::string> Formats() {
  std::vector<std::string> formats;
  for (const auto& entry : fs::directory_iterator(kStores)) {
    if (entry.is_directory()) formats.push_back(entry.path().filename().string());
  }
  return formats;
}

std::string Named(const testing::TestParamInfo<std::string>& format) {
  std::string name = format.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Formats, UpgradeTest, testing::ValuesIn(Formats()), Named);

}  // namespace
}  // namespace trialsync::end_to_end
