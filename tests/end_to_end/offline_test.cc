// SPDX-License-Identifier: Apache-2.0
// What people at hospitals and at the centre see of real daemons: work without a link, a conflict
// and its decision, stopping, and what a daemon refuses to do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "tests/end_to_end/probe.h"
#include "tests/end_to_end/trial.h"
#include "tests/end_to_end/writer.h"

namespace trialsync::end_to_end {
namespace {

using ::testing::HasSubstr;

constexpr char kStudyFile[] = "deploy/studies/pbc/v1.yaml";
constexpr char kRecord[] = "studies/pbc/sites/MAYO1/subjects/PBC-001/events/VISIT~1/forms/LAB";
// What an operator may wait for a daemon to end.
constexpr absl::Duration kStopTimeMax = absl::Seconds(10);

v1::WriteRecordRequest Bilirubin(const std::string& text, const std::string& author,
                                 const std::string& etag) {
  v1::WriteRecordRequest request;
  request.set_name(kRecord);
  v1::ItemInput* item = request.add_items();
  item->set_item("bili");
  item->set_text(text);
  request.set_author(author);
  request.set_reason("as in the laboratory's report");
  request.set_create_missing(true);
  request.set_etag(etag);
  return request;
}

std::string Etag(const Daemon& daemon) {
  v1::GetRecordRequest request;
  request.set_name(kRecord);
  const auto record = daemon.Connect()->Call(request);
  return record.ok() ? record->etag() : record.status().ToString();
}

std::string BilirubinAt(const Daemon& daemon) {
  v1::GetRecordRequest request;
  request.set_name(kRecord);
  const auto record = daemon.Connect()->Call(request);
  if (!record.ok()) return record.status().ToString();
  for (const v1::Item& item : record->items()) {
    if (item.item() == "bili") return item.text();
  }
  return "";
}

std::vector<v1::Discrepancy> Disputes(const Daemon& daemon) {
  v1::ListDiscrepanciesRequest request;
  request.set_parent("studies/pbc/sites/MAYO1");
  request.set_kind(v1::DISCREPANCY_KIND_DISPUTE);
  const auto list = daemon.Connect()->Call(request);
  if (!list.ok()) return {};
  return {list->discrepancies().begin(), list->discrepancies().end()};
}

// Runs a daemon that is expected to end by itself.
struct Ended {
  std::optional<int> exit_code;
  std::string said;
};
Ended RunToEnd(const std::vector<std::string>& arguments) {
  const TemporaryDirectory directory;
  const std::string log = directory.path() + "/log";
  Process process(DaemonCommand(arguments), log);
  const std::optional<int> exit_code = process.WaitForExit(kPatience);
  return {.exit_code = exit_code, .said = ReadFile(log)};
}

TEST(OfflineTest, EditsMadeWhileTheCentreIsDownArriveWhenItIsBack) {
  Trial trial("pbc", kStudyFile);
  Trial::Site& site = trial.AddSite("MAYO1");
  trial.coordinator().Kill();
  Ledger ledger;
  Writer nurse(&site, &ledger, "nurse", 1);
  nurse.WriteNew(20);
  nurse.WriteOver();

  const auto status = SiteStatus(site);
  ASSERT_TRUE(status);
  // 20 visits, their 20 first values, a subject and a correction.
  EXPECT_EQ(status->outbox_count(), 42u);
  EXPECT_TRUE(WaitUntil([&] { return !SiteStatus(site)->connected(); }));
  const auto at_site = site.daemon.Connect();
  EXPECT_EQ(absl::StrJoin(nurse.complaints(), "\n"), "");

  trial.StartCoordinator();
  ASSERT_TRUE(WaitUntil([&] { return InStep(trial); }));
  const auto at_centre = trial.coordinator().Connect();
  EXPECT_EQ(absl::StrJoin(ledger.Compare(*at_centre, site.parent, kWrittenItem), "\n"), "");
  EXPECT_EQ(absl::StrJoin(ledger.Compare(*at_site, site.parent, kWrittenItem), "\n"), "");
  EXPECT_EQ(Verify(trial.coordinator()), "");
  EXPECT_EQ(Verify(site.daemon), "");
}

TEST(OfflineTest, AConflictOfTwoReplicasIsSettledByAPersonAndTheDecisionArrives) {
  Trial trial("pbc", kStudyFile);
  Trial::Site& ward = trial.AddSite("MAYO1");
  Trial::Site& laboratory = trial.AddSite("MAYO1");
  ASSERT_TRUE(ward.daemon.Connect()->Call(Bilirubin("1.1 mg/dL", "nurse", "")).ok());
  ASSERT_TRUE(WaitUntil([&] { return InStep(trial); }));

  ward.Cut();
  laboratory.Cut();
  const auto of_ward =
      ward.daemon.Connect()->Call(Bilirubin("1.3 mg/dL", "nurse", Etag(ward.daemon)));
  ASSERT_TRUE(of_ward.ok()) << of_ward.status();
  const auto of_laboratory = laboratory.daemon.Connect()->Call(
      Bilirubin("1.8 mg/dL", "technician", Etag(laboratory.daemon)));
  ASSERT_TRUE(of_laboratory.ok()) << of_laboratory.status();

  ward.Mend();
  ASSERT_TRUE(WaitUntil([&] { return SiteStatus(ward)->outbox_count() == 0; }));
  laboratory.Mend();
  ASSERT_TRUE(WaitUntil([&] { return InStep(trial); }));
  for (const Daemon* daemon : {&ward.daemon, &laboratory.daemon, &trial.coordinator()}) {
    EXPECT_EQ(BilirubinAt(*daemon), "1.3 mg/dL");
    const auto disputes = Disputes(*daemon);
    ASSERT_EQ(disputes.size(), 1u);
    ASSERT_EQ(disputes[0].alternatives_size(), 2);
    EXPECT_EQ(disputes[0].alternatives(0).text(), "1.3 mg/dL");
    EXPECT_EQ(disputes[0].alternatives(1).text(), "1.8 mg/dL");
  }

  v1::SettleDiscrepancyRequest decision;
  decision.set_name(Disputes(laboratory.daemon)[0].name());
  decision.set_take("");
  decision.set_author("investigator");
  decision.set_reason("the laboratory's printout says 1.8");
  const auto settled = laboratory.daemon.Connect()->Call(decision);
  ASSERT_TRUE(settled.ok()) << settled.status();
  ASSERT_TRUE(WaitUntil([&] { return InStep(trial); }));
  for (const Daemon* daemon : {&ward.daemon, &laboratory.daemon, &trial.coordinator()}) {
    EXPECT_EQ(BilirubinAt(*daemon), "1.8 mg/dL");
    EXPECT_EQ(Disputes(*daemon).size(), 0u);
    EXPECT_EQ(Verify(*daemon), "");
  }
}

TEST(OfflineTest, ACentreThatHangsHoldsNobodyUp) {
  Trial trial("pbc", kStudyFile);
  Trial::Site& site = trial.AddSite("MAYO1");
  trial.coordinator().process().Signal(SIGSTOP);
  ASSERT_TRUE(site.daemon.Connect()->Call(Bilirubin("1.1 mg/dL", "nurse", "")).ok());
  EXPECT_EQ(BilirubinAt(site.daemon), "1.1 mg/dL");
  EXPECT_GT(SiteStatus(site)->outbox_count(), 0u);
  trial.coordinator().process().Signal(SIGCONT);
  EXPECT_TRUE(WaitUntil([&] { return InStep(trial); }));
  EXPECT_EQ(BilirubinAt(trial.coordinator()), "1.1 mg/dL");
}

TEST(OfflineTest, SigtermUnderLoadStopsCleanlyAndLosesNothing) {
  Trial trial("pbc", kStudyFile);
  Trial::Site& site = trial.AddSite("MAYO1");
  Ledger ledger;
  Writer first(&site, &ledger, "first", 1);
  Writer second(&site, &ledger, "second", 2);
  for (Writer* writer : {&first, &second}) writer->Start();
  absl::SleepFor(absl::Seconds(1));
  EXPECT_EQ(site.daemon.Stop(kStopTimeMax), 0);
  site.daemon.Start();
  absl::SleepFor(absl::Seconds(1));
  EXPECT_EQ(trial.coordinator().Stop(kStopTimeMax), 0);
  trial.StartCoordinator();
  for (Writer* writer : {&first, &second}) writer->Stop();
  // A refusal ("shutting down") makes the site come back at its slowest pace.
  ASSERT_TRUE(WaitUntil([&] { return InStep(trial); }, 2 * kPatience));
  const auto centre = trial.coordinator().Connect();
  EXPECT_EQ(absl::StrJoin(ledger.Compare(*centre, site.parent, kWrittenItem), "\n"), "");
  for (const Writer* writer : {&first, &second}) {
    EXPECT_EQ(absl::StrJoin(writer->complaints(), "\n"), "");
  }
}

TEST(OfflineTest, ASecondDaemonOnOneStoreSaysSo) {
  Trial trial("pbc", kStudyFile);
  const Ended second = RunToEnd({"coordinator", "--data", trial.coordinator().data_directory(),
                                 "--listen", "127.0.0.1:0", "--insecure"});
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_THAT(second.said, HasSubstr("in use"));
  EXPECT_TRUE(trial.coordinator().Connect()->Call(v1::GetStatusRequest()).ok());
}

// Nothing would be left to say that something was lost.
TEST(OfflineTest, ADirectoryThatHasLostStoreAndHeadFileIsNotBegunAnew) {
  Trial trial("pbc", kStudyFile);
  Trial::Site& site = trial.AddSite("MAYO1");
  site.daemon.Kill();
  const std::string data = site.daemon.data_directory();
  const std::vector<std::string> arguments = {
      "site",   "--study", "pbc",    "--site",      "MAYO1",     "--coordinator", "127.0.0.1:1",
      "--data", data,      "--listen", "127.0.0.1:0", "--insecure"};
  // Its rows have not left the write-ahead log yet.
  for (const auto& file : std::filesystem::directory_iterator(data + "/store")) {
    if (file.path().extension() == ".log") std::filesystem::remove(file.path());
  }
  std::filesystem::remove(data + "/head");
  const Ended emptied = RunToEnd(arguments);
  EXPECT_EQ(emptied.exit_code, 1);
  EXPECT_THAT(emptied.said, HasSubstr("is gone"));
  std::filesystem::remove_all(data + "/store");
  std::filesystem::remove(data + "/head");
  const Ended removed = RunToEnd(arguments);
  EXPECT_EQ(removed.exit_code, 1);
  EXPECT_THAT(removed.said, HasSubstr("is gone"));
}

TEST(OfflineTest, PlaintextStaysOnThisMachineAndMustBeAskedFor) {
  const TemporaryDirectory directory;
  const std::string data = directory.path() + "/data";
  for (const char* address : {"0.0.0.0:0", "192.0.2.1:7443", "[::]:0"}) {
    const Ended elsewhere =
        RunToEnd({"coordinator", "--data", data, "--listen", address, "--insecure"});
    EXPECT_EQ(elsewhere.exit_code, 2) << address;
    EXPECT_THAT(elsewhere.said, HasSubstr("is not an address of this machine"));
  }
  const Ended far =
      RunToEnd({"site", "--study", "pbc", "--site", "MAYO1", "--coordinator", "192.0.2.1:7443",
                "--data", data, "--listen", "127.0.0.1:0", "--insecure"});
  EXPECT_EQ(far.exit_code, 2);
  EXPECT_THAT(far.said, HasSubstr("--coordinator"));
  const Ended silent = RunToEnd({"coordinator", "--data", data, "--listen", "127.0.0.1:0"});
  EXPECT_EQ(silent.exit_code, 2);
  EXPECT_THAT(silent.said, HasSubstr("--insecure"));
  EXPECT_EQ(ReadFile(data + "/listen_address"), "");
}

TEST(OfflineTest, ADaemonCanBeLookedAt) {
  const TemporaryDirectory directory;
  Daemon daemon({"coordinator", "--insecure"}, directory.path() + "/coordinator");
  daemon.Start({"--metrics-listen", "127.0.0.1:0"});
  EXPECT_EQ(HealthOf(daemon.address()), 1);
  const std::string services = ReflectedServices(daemon.address());
  for (const char* service : {"SyncService", "RecordService", "WorklistService", "StudyService",
                              "SubjectService", "StatusService"}) {
    EXPECT_THAT(services, HasSubstr(absl::StrCat("trialsync.v1.", service)));
  }
  const std::string address_file = daemon.data_directory() + "/metrics_address";
  ASSERT_TRUE(WaitUntil([&] { return !ReadFile(address_file).empty(); }));
  const std::string http = ReadFile(address_file);
  EXPECT_THAT(HttpGet(http, "/healthz"), HasSubstr(" 200 OK"));
  const std::string metrics = HttpGet(http, "/metrics");
  EXPECT_THAT(metrics, HasSubstr(" 200 OK"));
  EXPECT_THAT(metrics, HasSubstr("\ntrialsync_faulty 0\n"));
  EXPECT_THAT(HttpGet(http, "/nothing"), HasSubstr(" 404 "));
}

}  // namespace
}  // namespace trialsync::end_to_end
