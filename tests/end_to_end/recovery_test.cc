// SPDX-License-Identifier: Apache-2.0
// What becomes of real stores that lose their tail, are put back from an old copy, or are used
// twice; and of a coordinator that is put back or loses its store (faults B2, B3, B8, E1 to E4).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "tests/end_to_end/trial.h"
#include "tests/end_to_end/writer.h"

namespace trialsync::end_to_end {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAreArray;

constexpr char kStudyFile[] = "deploy/studies/pbc/v1.yaml";

v1::ListRecoveriesResponse Recoveries(const Daemon& daemon) {
  return daemon.Connect()->Call(v1::ListRecoveriesRequest()).value_or(v1::ListRecoveriesResponse());
}

bool Recovers(const Trial::Site& site) {
  const auto status = site.daemon.Connect()->Call(v1::GetStatusRequest());
  return status.ok() && status->has_recovery();
}

// The write-ahead logs of a store that is not open.
std::vector<fs::path> LogsOf(const Daemon& daemon) {
  std::vector<fs::path> logs;
  for (const auto& file : fs::directory_iterator(daemon.data_directory() + "/store")) {
    if (file.path().extension() == ".log") logs.push_back(file.path());
  }
  return logs;
}

// Puts one data directory in the place of another.
void Copy(const std::string& from, const std::string& to) {
  fs::remove_all(to);
  fs::copy(from, to, fs::copy_options::recursive);
}

std::string Missing(const Ledger& ledger, const Daemon& daemon, const Trial::Site& site) {
  return absl::StrJoin(ledger.Compare(*daemon.Connect(), site.parent, kWrittenItem), "\n");
}

// A site with a store whose tables hold its first values, its log what follows, and what it wrote
// last nowhere else.
class LostTail : public testing::Test {
 protected:
  void SetUp() override {
    Writer before(&site_, &kept_, "before", 1);
    before.WriteNew(5);
    ASSERT_TRUE(WaitUntil([&] { return InStep(trial_); }));
    site_.daemon.Kill();
    site_.daemon.Start();  // what its log had goes into tables
    Writer sent(&site_, &kept_, "sent", 2);
    sent.WriteNew(5);
    ASSERT_TRUE(WaitUntil([&] { return InStep(trial_); }));
    site_.Cut();
    Writer unsent(&site_, &lost_, "unsent", 3);
    unsent.WriteNew(3);
    site_.daemon.Kill();
  }

  // After the store was damaged: it takes nothing, then it has all that the coordinator had.
  void ExpectRefilled() {
    site_.daemon.Start();
    EXPECT_TRUE(Recovers(site_));
    v1::CreateSubjectRequest request;
    request.set_parent(site_.parent);
    request.set_code("PBC-999");
    request.set_author("nurse");
    const auto refused = site_.daemon.Connect()->Call(request);
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnavailable) << refused.status();
    const auto hidden = site_.daemon.Connect()->Call(v1::ListSubjectsRequest());
    EXPECT_EQ(hidden.status().code(), absl::StatusCode::kUnavailable) << hidden.status();

    site_.Mend();
    ASSERT_TRUE(WaitUntil([&] { return !Recovers(site_) && InStep(trial_); }));
    EXPECT_EQ(Missing(kept_, site_.daemon, site_), "");
    EXPECT_EQ(Missing(kept_, trial_.coordinator(), site_), "");
    // The site's next Hello tells the coordinator of it.
    const Daemon& centre = trial_.coordinator();
    ASSERT_TRUE(WaitUntil([&] { return Recoveries(centre).recoveries_size() == 1; }));
    for (const Daemon* daemon : {&site_.daemon, &trial_.coordinator()}) {
      const v1::ListRecoveriesResponse recoveries = Recoveries(*daemon);
      ASSERT_EQ(recoveries.recoveries_size(), 1);
      const v1::Recovery& report = recoveries.recoveries(0);
      EXPECT_EQ(report.cause(), v1::RECOVERY_CAUSE_TAIL_LOST);
      EXPECT_THAT(report.summary(), HasSubstr("LOST"));
      // A subject, three visits, and a value each.
      EXPECT_EQ(report.lost_last_seq() - report.lost_first_seq() + 1, 7u) << report.summary();
    }
    EXPECT_EQ(Verify(site_.daemon), "");
    Writer after(&site_, &kept_, "after", 4);
    after.WriteNew(2);
    ASSERT_TRUE(WaitUntil([&] { return InStep(trial_); }));
    EXPECT_EQ(Missing(kept_, trial_.coordinator(), site_), "");
    EXPECT_EQ(Verify(trial_.coordinator()), "");
  }

  Trial trial_{"pbc", kStudyFile};
  Trial::Site& site_ = trial_.AddSite("MAYO1");
  Ledger kept_;
  Ledger lost_;
};

TEST_F(LostTail, ADeletedWriteAheadLogIsNoticedAndRefilled_B3) {
  for (const fs::path& log : LogsOf(site_.daemon)) fs::remove(log);
  ExpectRefilled();
}

TEST_F(LostTail, AFlippedBitInTheWriteAheadLogIsNoticedAndRefilled_B2) {
  for (const fs::path& log : LogsOf(site_.daemon)) {
    // At its beginning: the whole of it is dropped.
    std::fstream file(log, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(20);
    const int byte = file.get();
    file.seekp(20);
    file.put(static_cast<char>(byte ^ 1));
  }
  ExpectRefilled();
}

TEST(RecoveryTest, AStoreThatIsGoneBecomesANewReplicaAndPullsItsPartitionBack_B8) {
  Trial trial("pbc", kStudyFile);
  Trial::Site& site = trial.AddSite("MAYO1");
  Ledger ledger;
  Writer nurse(&site, &ledger, "nurse", 1);
  nurse.WriteNew(5);
  ASSERT_TRUE(WaitUntil([&] { return InStep(trial); }));
  site.Cut();
  Ledger lost;
  Writer(&site, &lost, "unsent", 2).WriteNew(3);
  site.daemon.Kill();
  fs::remove_all(site.daemon.data_directory() + "/store");
  site.daemon.Start();
  site.Mend();
  ASSERT_TRUE(WaitUntil([&] { return !Recovers(site) && InStep(trial, site); }));
  EXPECT_EQ(Missing(ledger, site.daemon, site), "");
  ASSERT_EQ(Recoveries(site.daemon).recoveries_size(), 1);
  const v1::Recovery report = Recoveries(site.daemon).recoveries(0);
  EXPECT_EQ(report.cause(), v1::RECOVERY_CAUSE_STORE_GONE);
  // The head file knew of a subject, three visits, and a value each.
  EXPECT_EQ(report.lost_last_seq() - report.lost_first_seq() + 1, 7u) << report.summary();
  EXPECT_EQ(Verify(site.daemon), "");
}

TEST(RecoveryTest, AnOldCopyThatIsPutBackGetsWhatItHadSentAndKeepsWhatItMakes_E1) {
  Trial trial("pbc", kStudyFile);
  Trial::Site& site = trial.AddSite("MAYO1");
  const std::string data = site.daemon.data_directory();
  Ledger ledger;
  Writer(&site, &ledger, "before", 1).WriteNew(5);
  ASSERT_TRUE(WaitUntil([&] { return InStep(trial); }));
  site.daemon.Kill();
  Copy(data, data + ".copy");
  site.daemon.Start();
  Writer(&site, &ledger, "between", 2).WriteNew(5);
  ASSERT_TRUE(WaitUntil([&] { return InStep(trial); }));
  site.daemon.Kill();
  Copy(data + ".copy", data);
  site.Cut();
  site.daemon.Start();
  Writer(&site, &ledger, "after", 3).WriteNew(5);
  site.Mend();
  ASSERT_TRUE(WaitUntil([&] { return InStep(trial) && Recoveries(site.daemon).recoveries_size() == 1; }));
  for (const Daemon* daemon : {&site.daemon, &trial.coordinator()}) {
    EXPECT_EQ(Missing(ledger, *daemon, site), "");
    EXPECT_EQ(Verify(*daemon), "");
  }
  const v1::Recovery report = Recoveries(site.daemon).recoveries(0);
  EXPECT_EQ(report.cause(), v1::RECOVERY_CAUSE_WENT_BACK);
  EXPECT_EQ(report.pulled_back_changes_size(), 11);
  EXPECT_EQ(report.stamped_again_changes_size(), 11);
  EXPECT_EQ(report.lost_last_seq(), 0u);
}

TEST(RecoveryTest, ACopyUsedAtTheSameTimeBecomesAReplicaOfItsOwn_E2) {
  Trial trial("pbc", kStudyFile);
  Trial::Site& site = trial.AddSite("MAYO1");
  Trial::Site& copy = trial.AddSite("MAYO1");
  Ledger ledger;
  Writer(&site, &ledger, "before", 1).WriteNew(5);
  ASSERT_TRUE(WaitUntil([&] { return InStep(trial); }));
  for (Trial::Site* one : {&site, &copy}) one->daemon.Kill();
  Copy(site.daemon.data_directory(), copy.daemon.data_directory());
  site.daemon.Start();
  ASSERT_TRUE(WaitUntil([&] { return InStep(trial, site); }));
  copy.daemon.Start();
  // One of the two is told, whichever was there first.
  const auto fenced = [&]() -> Trial::Site* {
    for (Trial::Site* one : {&site, &copy}) {
      if (Recovers(*one)) return one;
    }
    return nullptr;
  };
  ASSERT_TRUE(WaitUntil([&] { return fenced() != nullptr; }));
  Writer(&site, &ledger, "one", 2).WriteNew(3);
  Writer(&copy, &ledger, "other", 3).WriteNew(3);
  Trial::Site& told = *fenced();
  EXPECT_THAT(Recoveries(told.daemon).recoveries(0).summary(), HasSubstr("become-replica"));
  ASSERT_TRUE(told.daemon.Connect()->Call(v1::BecomeReplicaRequest()).ok());
  ASSERT_TRUE(WaitUntil([&] { return fenced() == nullptr && InStep(trial); }));
  for (const Daemon* daemon : {&site.daemon, &copy.daemon, &trial.coordinator()}) {
    EXPECT_EQ(Missing(ledger, *daemon, site), "");
    EXPECT_EQ(Verify(*daemon), "");
  }
}

// A coordinator that is put back to a copy of its data directory, taken while it did not run.
class RestoredCoordinator : public testing::Test {
 protected:
  void SetUp() override {
    Writer(&site_, &ledger_, "before", 1).WriteNew(5);
    ASSERT_TRUE(WaitUntil([&] { return InStep(trial_); }));
    centre_.Kill();
    Copy(data_, data_ + ".copy");
    trial_.StartCoordinator();
    site_.Mend();
    Writer(&site_, &ledger_, "between", 2).WriteNew(5);
    ASSERT_TRUE(WaitUntil([&] { return InStep(trial_); }));
    lost_size_ = SiteStatus(site_)->log().size();
    centre_.Kill();
  }

  void ExpectAllIsBack() {
    site_.Mend();
    ASSERT_TRUE(WaitUntil([&] { return InStep(trial_) && !Refills().empty(); }));
    Writer(&site_, &ledger_, "after", 3).WriteNew(5);
    ASSERT_TRUE(WaitUntil([&] { return InStep(trial_); }));
    for (const Daemon* daemon : {&site_.daemon, &centre_}) {
      EXPECT_EQ(Missing(ledger_, *daemon, site_), "");
      EXPECT_EQ(Verify(*daemon), "");
    }
    ASSERT_EQ(Refills().size(), 1u);
    const v1::Recovery refill = Refills().front();
    EXPECT_TRUE(refill.has_ended_time());
    EXPECT_EQ(refill.last_pulled(), lost_size_);
    EXPECT_EQ(static_cast<uint64_t>(refill.refilled_changes_size()),
              refill.last_pulled() - refill.first_pulled() + 1);
    EXPECT_NE(SiteStatus(site_)->log().epoch(), 0u);
  }

  std::vector<v1::Recovery> Refills() {
    std::vector<v1::Recovery> refills;
    const v1::ListRecoveriesResponse report = Recoveries(centre_);
    for (const v1::Recovery& recovery : report.recoveries()) {
      if (recovery.cause() == v1::RECOVERY_CAUSE_REFILLED) refills.push_back(recovery);
    }
    return refills;
  }

  Trial trial_{"pbc", kStudyFile};
  Trial::Site& site_ = trial_.AddSite("MAYO1");
  Daemon& centre_ = trial_.coordinator();
  const std::string data_ = centre_.data_directory();
  Ledger ledger_;
  uint64_t lost_size_ = 0;
};

TEST_F(RestoredCoordinator, GetsBackFromTheSiteWhatItHadCommitted_E3) {
  Copy(data_ + ".copy", data_);
  trial_.StartCoordinator({"--restored"});
  const v1::ListRecoveriesResponse recoveries = Recoveries(centre_);
  ASSERT_FALSE(recoveries.recoveries().empty());
  EXPECT_EQ(recoveries.recoveries(0).cause(), v1::RECOVERY_CAUSE_RESTORED);
  ExpectAllIsBack();
}

TEST_F(RestoredCoordinator, DoesSoWhenNobodySaysThatItWasPutBack_E3) {
  Copy(data_ + ".copy", data_);
  trial_.StartCoordinator();
  ExpectAllIsBack();
}

TEST_F(RestoredCoordinator, NoticesByItsHeadFileThatItsStoreIsAnOldOne_E3) {
  Copy(data_ + ".copy/store", data_ + "/store");
  trial_.StartCoordinator();
  ASSERT_FALSE(Recoveries(centre_).recoveries().empty());
  EXPECT_EQ(Recoveries(centre_).recoveries(0).cause(), v1::RECOVERY_CAUSE_TAIL_LOST);
  ExpectAllIsBack();
}

TEST_F(RestoredCoordinator, WithNothingButItsKeyGetsEverythingBack_E4) {
  fs::remove_all(data_ + "/store");
  trial_.StartCoordinator({"--restored"});
  ExpectAllIsBack();
}

// A coordinator that is put back and works on with one replica, before the other one is heard from,
// which has what was lost.
class ForkedCoordinator : public testing::Test {
 protected:
  void SetUp() override {
    Writer(&near_, &ledger_, "before", 1).WriteNew(5);
    ASSERT_TRUE(WaitUntil([&] { return InStep(trial_); }));
    centre_.Kill();
    Copy(data_, data_ + ".copy");
    near_.Cut();
    trial_.StartCoordinator();
    far_.Mend();
    Writer(&far_, &ledger_, "lost", 2).WriteNew(5);
    ASSERT_TRUE(WaitUntil([&] { return InStep(trial_, far_); }));
    far_.Cut();
    centre_.Kill();
    Copy(data_ + ".copy", data_);
    trial_.StartCoordinator({"--restored"});
    near_.Mend();
    Writer(&near_, &ledger_, "since", 3).WriteNew(5);
    ASSERT_TRUE(WaitUntil([&] { return InStep(trial_, near_); }));
    near_.Cut();
    Writer(&near_, &ledger_, "on top of it", 4).WriteNew(5);
  }

  void ExpectAllAreEqual() {
    ASSERT_TRUE(WaitUntil([&] { return InStep(trial_) && !Recovers(near_) && !Recovers(far_); }));
    for (const Daemon* daemon : {&near_.daemon, &far_.daemon, &centre_}) {
      EXPECT_EQ(Missing(ledger_, *daemon, near_), "");
      EXPECT_EQ(Verify(*daemon), "");
    }
  }

  // The one recovery with this cause; an empty one, and a failure, if there is none.
  v1::Recovery Report(const Daemon& daemon, v1::RecoveryCause cause) {
    const v1::ListRecoveriesResponse report = Recoveries(daemon);
    for (const v1::Recovery& recovery : report.recoveries()) {
      if (recovery.cause() == cause) return recovery;
    }
    ADD_FAILURE() << report.ShortDebugString();
    return {};
  }

  Trial trial_{"pbc", kStudyFile};
  Trial::Site& near_ = trial_.AddSite("MAYO1");
  Trial::Site& far_ = trial_.AddSite("MAYO1");
  Daemon& centre_ = trial_.coordinator();
  const std::string data_ = centre_.data_directory();
  Ledger ledger_;
};

TEST_F(ForkedCoordinator, KeepsWhatComesBackAndCommitsAgainWhatCameSince_E3) {
  far_.Mend();
  ASSERT_TRUE(WaitUntil([&] { return InStep(trial_, far_); }));
  near_.Mend();
  ExpectAllAreEqual();
  const v1::Recovery refill = Report(centre_, v1::RECOVERY_CAUSE_REFILLED);
  const v1::Recovery rewind = Report(near_.daemon, v1::RECOVERY_CAUSE_REWOUND);
  // A subject, three visits and values of each.
  EXPECT_EQ(refill.refilled_changes_size(), 11);
  EXPECT_EQ(refill.committed_again_changes_size(), 11);
  EXPECT_THAT(refill.committed_again_changes(),
              UnorderedElementsAreArray(rewind.pulled_back_changes()));
  EXPECT_EQ(rewind.stamped_again_changes_size(), 11);
  EXPECT_EQ(rewind.lost_last_seq(), 0u);
  EXPECT_THAT(RunCommand(centre_, "curie", {"recovery", "show"}).text,
              HasSubstr(refill.committed_again_changes(0)));
}

TEST_F(ForkedCoordinator, GetsThereThroughKills_E3) {
  for (int round = 0; round < 5; ++round) {
    for (Trial::Site* site : {&far_, &near_}) site->Mend();
    absl::SleepFor(absl::Milliseconds(20 * round));
    centre_.Kill();
    trial_.StartCoordinator();
    for (Trial::Site* site : {&far_, &near_}) site->Mend();
    absl::SleepFor(absl::Milliseconds(20 * round));
    Trial::Site& killed = round % 2 == 0 ? near_ : far_;
    killed.daemon.Kill();
    killed.daemon.Start();
  }
  for (Trial::Site* site : {&far_, &near_}) site->Mend();
  ExpectAllAreEqual();
  EXPECT_FALSE(
      Report(centre_, v1::RECOVERY_CAUSE_REFILLED).committed_again_changes().empty());
}

}  // namespace
}  // namespace trialsync::end_to_end
