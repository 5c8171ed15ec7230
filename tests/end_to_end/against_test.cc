// SPDX-License-Identifier: Apache-2.0
// Two servers compare their logs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/end_to_end/trial.h"
#include "tests/end_to_end/writer.h"

namespace trialsync::end_to_end {
namespace {

using ::testing::HasSubstr;

constexpr char kStudyFile[] = "deploy/studies/pbc/v1.yaml";

Said VerifyAgainst(const Daemon& here, const Daemon& there) {
  return RunCommand(here, "nurse", {"verify", "--against", there.address()});
}

TEST(AgainstTest, TheSameLogIsTheSameAndAnotherOneIsNot) {
  Trial trial("pbc", kStudyFile);
  Trial::Site& site = trial.AddSite("MAYO1");
  Ledger saved;
  Writer writer(&site, &saved, "first", 1);
  writer.WriteNew(5);
  ASSERT_TRUE(WaitUntil([&] { return InStep(trial); }));
  const Said same = VerifyAgainst(site.daemon, trial.coordinator());
  EXPECT_EQ(same.exit_code, 0) << same.text;
  EXPECT_THAT(same.text, HasSubstr("pbc MAYO1: the same, "));

  // A site that is behind has the same log as far as it goes.
  Trial::Site& second = trial.AddSite("MAYO1");
  ASSERT_TRUE(WaitUntil([&] { return InStep(trial); }));
  second.Cut();
  writer.WriteNew(1);
  ASSERT_TRUE(WaitUntil([&] { return InStep(trial, site); }));
  const Said behind = VerifyAgainst(second.daemon, trial.coordinator());
  EXPECT_EQ(behind.exit_code, 0) << behind.text;
  EXPECT_THAT(behind.text, HasSubstr("; there are "));

  // The same study and site, but another coordinator's.
  Trial other("pbc", kStudyFile);
  other.AddSite("MAYO1");
  const Said differs = VerifyAgainst(site.daemon, other.coordinator());
  EXPECT_EQ(differs.exit_code, 1);
  EXPECT_THAT(differs.text, HasSubstr("DIFFERS from commit 1 on"));
}

}  // namespace
}  // namespace trialsync::end_to_end
