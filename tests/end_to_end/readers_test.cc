// SPDX-License-Identifier: Apache-2.0
// People who look at everything while others write, a version is published and the link rests now
// and then: reads run beside the loop and beside each other, and see something whole each time.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/end_to_end/probe.h"
#include "tests/end_to_end/trial.h"
#include "tests/end_to_end/writer.h"

namespace trialsync::end_to_end {
namespace {

constexpr char kFirstVersion[] = "deploy/studies/pbc/v1.yaml";
constexpr char kSecondVersion[] = "deploy/studies/pbc/v2.yaml";
constexpr int kReadersOfEach = 2;
constexpr int kRounds = 12;
constexpr int kLinkRests = 3;

std::string MetricsAddress(const Daemon& daemon) {
  return ReadFile(daemon.data_directory() + "/metrics_address");
}

void ServeMetrics(Daemon& daemon) {
  daemon.Kill();
  daemon.Start({"--metrics-listen", "127.0.0.1:0"});
  ASSERT_TRUE(WaitUntil([&] { return !MetricsAddress(daemon).empty(); }));
}

// Goes on looking at one daemon, from a thread of its own.
class Reader {
 public:
  Reader(const Daemon* daemon, std::string parent) : daemon_(daemon), parent_(std::move(parent)) {}
  ~Reader() { Stop(); }

  void Start() {
    thread_ = std::thread([this] {
      client_ = daemon_->Connect();
      while (!stopping_) {
        LookAtRecords();
        LookAtTheRest();
        ++rounds_;
      }
    });
  }
  void Stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }

  int rounds() const { return rounds_; }
  // Requires Stop(). Empty if all is well.
  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  template <typename Request>
  auto Ask(const Request& request) {
    auto response = client_->Call(request);
    if (!response.ok()) {
      complaints_.push_back(
          absl::StrCat(Request::descriptor()->name(), ": ", response.status().ToString()));
    }
    return response.ok() ? *std::move(response) : typename decltype(response)::value_type();
  }

  void LookAtRecords() {
    v1::ListRecordsRequest list;
    list.set_parent(parent_);
    const v1::ListRecordsResponse records = Ask(list);
    if (records.records_size() < shown_) complaints_.push_back("a record has gone");
    shown_ = std::max(shown_, records.records_size());
    if (records.records().empty()) return;
    v1::GetRecordRequest get;
    get.set_name(records.records(0).name());
    Ask(get);
    v1::GetRecordHistoryRequest history;
    history.set_name(get.name());
    if (Ask(history).entries().empty()) complaints_.push_back("a record without a history");
  }

  void LookAtTheRest() {
    v1::ListSubjectsRequest subjects;
    subjects.set_parent(parent_);
    Ask(subjects);
    v1::ListDiscrepanciesRequest discrepancies;
    discrepancies.set_parent(parent_);
    Ask(discrepancies);
    v1::ListStudyVersionsRequest versions;
    versions.set_parent("studies/pbc");
    const v1::ListStudyVersionsResponse published = Ask(versions);
    for (const v1::StudyVersion& version : published.versions()) {
      v1::GetStudyVersionRequest get;
      get.set_name(version.name());
      Ask(get);
    }
    Ask(v1::GetStatusRequest());
    const std::string difference = Verify(*daemon_);
    if (!difference.empty()) complaints_.push_back(difference);
    const std::string metrics = HttpGet(MetricsAddress(*daemon_), "/metrics");
    if (!absl::StrContains(metrics, "\ntrialsync_faulty 0\n")) complaints_.push_back(metrics);
  }

  const Daemon* const daemon_;
  const std::string parent_;
  std::thread thread_;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> rounds_ = 0;
  // The thread's alone, as long as it runs.
  std::unique_ptr<command::Client> client_;
  int shown_ = 0;
  std::vector<std::string> complaints_;
};

void PublishAndActivate(const Daemon& coordinator, const std::string& site) {
  const auto client = coordinator.Connect();
  v1::PublishStudyVersionRequest publication;
  publication.set_yaml(ReadFile(kSecondVersion));
  publication.set_file_name(kSecondVersion);
  publication.set_author("data.manager");
  publication.set_reason("amendment");
  EXPECT_EQ(client->Call(publication).status(), absl::OkStatus());
  v1::ActivateStudyVersionRequest activation;
  activation.set_name("studies/pbc/versions/2");
  activation.set_site(site);
  activation.set_approval_date("2026-06-15");
  activation.set_approval_reference("EC-2");
  activation.set_author("data.manager");
  activation.set_reason("approved");
  EXPECT_EQ(client->Call(activation).status(), absl::OkStatus());
}

void SetLink(const Daemon& site, bool enabled) {
  v1::SetLinkRequest link;
  link.set_enabled(enabled);
  EXPECT_EQ(site.Connect()->Call(link).status(), absl::OkStatus());
}

TEST(ReadersTest, SeeSomethingWholeWhileOthersWrite) {
  Trial trial("pbc", kFirstVersion);
  ServeMetrics(trial.coordinator());
  Trial::Site& site = trial.AddSite("MAYO1");
  ServeMetrics(site.daemon);
  Ledger ledger;
  Writer first(&site, &ledger, "first", 1);
  Writer second(&site, &ledger, "second", 2);
  std::list<Reader> readers;
  for (const Daemon* daemon : {&site.daemon, &trial.coordinator()}) {
    for (int i = 0; i < kReadersOfEach; ++i) readers.emplace_back(daemon, site.parent);
  }
  for (Writer* writer : {&first, &second}) writer->Start();
  for (Reader& reader : readers) reader.Start();

  const auto seen = [&readers](int rounds) {
    return WaitUntil(
        [&] {
          return std::all_of(readers.begin(), readers.end(),
                             [&](const Reader& reader) { return reader.rounds() >= rounds; });
        },
        3 * kPatience);
  };
  ASSERT_TRUE(seen(kRounds / 3));
  PublishAndActivate(trial.coordinator(), site.name);
  for (int i = 0; i < kLinkRests; ++i) {
    SetLink(site.daemon, false);
    SetLink(site.daemon, true);
  }
  EXPECT_TRUE(seen(kRounds));
  for (Reader& reader : readers) reader.Stop();
  for (Writer* writer : {&first, &second}) writer->Stop();
  ASSERT_TRUE(WaitUntil([&] { return InStep(trial); }));

  for (const Reader& reader : readers) {
    EXPECT_EQ(absl::StrJoin(reader.complaints(), "\n"), "");
    std::printf("%d rounds\n", reader.rounds());
  }
  for (const Writer* writer : {&first, &second}) {
    EXPECT_EQ(absl::StrJoin(writer->complaints(), "\n"), "");
  }
  const auto centre = trial.coordinator().Connect();
  EXPECT_EQ(absl::StrJoin(ledger.Compare(*centre, site.parent, kWrittenItem), "\n"), "");
  EXPECT_EQ(SiteStatus(site)->active_versions_size(), 2);
  std::printf("%zu values were written beside them\n", ledger.value_count());
  EXPECT_EQ(site.daemon.Stop(), 0);
  EXPECT_EQ(trial.coordinator().Stop(), 0);
}

}  // namespace
}  // namespace trialsync::end_to_end
