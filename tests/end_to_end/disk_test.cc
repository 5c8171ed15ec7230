// SPDX-License-Identifier: Apache-2.0
// Disks that take no more writes, and take them again (faults B4, B6). A limit on the size of the
// daemon's files stands for the disk: its writes fail, while everything else goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <string>

#include "absl/strings/str_join.h"
#include "tests/end_to_end/trial.h"
#include "tests/end_to_end/writer.h"

namespace trialsync::end_to_end {
namespace {

using ::testing::HasSubstr;

// No file of the process may grow beyond so much.
void LimitFiles(Daemon& daemon, rlim_t bytes_max) {
  rlimit limit{};
  ASSERT_EQ(prlimit(daemon.process().pid(), RLIMIT_FSIZE, nullptr, &limit), 0);
  limit.rlim_cur = bytes_max;
  ASSERT_EQ(prlimit(daemon.process().pid(), RLIMIT_FSIZE, &limit, nullptr), 0);
}

absl::StatusOr<v1::Subject> AddSubject(const Trial::Site& site, const std::string& code) {
  v1::CreateSubjectRequest request;
  request.set_parent(site.parent);
  request.set_code(code);
  request.set_author("nurse");
  return site.daemon.Connect()->Call(request);
}

TEST(DiskTest, AFullOneTakesNothingAndTheDaemonRecoversByItself) {
  Trial trial("pbc", "deploy/studies/pbc/v1.yaml");
  Trial::Site& site = trial.AddSite("MAYO1");
  Ledger saved;
  Writer before(&site, &saved, "before", 1);
  before.WriteNew(3);
  ASSERT_TRUE(WaitUntil([&] { return InStep(trial); }));
  const std::string address = site.daemon.address();

  LimitFiles(site.daemon, 1);
  const auto refused = AddSubject(site, "PBC-900");
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnavailable) << refused.status();
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("not saved"));
  // It says so, and what was saved is shown.
  EXPECT_TRUE(WaitUntil([&] {
    const auto status = site.daemon.Connect()->Call(v1::GetStatusRequest());
    return status.ok() && !status->fault().empty();
  }));
  EXPECT_EQ(absl::StrJoin(saved.Compare(*site.daemon.Connect(), site.parent, kWrittenItem), "\n"),
            "");

  LimitFiles(site.daemon, RLIM_INFINITY);
  ASSERT_TRUE(WaitUntil([&] { return AddSubject(site, "PBC-901").ok(); }));
  EXPECT_EQ(site.daemon.address(), address);
  Writer after(&site, &saved, "after", 2);
  after.WriteNew(3);
  ASSERT_TRUE(WaitUntil([&] { return InStep(trial); }));
  for (const Daemon* daemon : {&site.daemon, &trial.coordinator()}) {
    EXPECT_EQ(absl::StrJoin(saved.Compare(*daemon->Connect(), site.parent, kWrittenItem), "\n"),
              "");
    EXPECT_EQ(Verify(*daemon), "");
  }
  EXPECT_EQ(site.daemon.Stop(), 0);
}

TEST(DiskTest, OneThatStaysFullIsTheExitCode) {
  Trial trial("pbc", "deploy/studies/pbc/v1.yaml");
  Trial::Site& site = trial.AddSite("MAYO1");
  LimitFiles(site.daemon, 1);
  EXPECT_FALSE(AddSubject(site, "PBC-900").ok());
  EXPECT_EQ(site.daemon.Stop(), 1);
}

}  // namespace
}  // namespace trialsync::end_to_end
