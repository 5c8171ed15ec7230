// SPDX-License-Identifier: Apache-2.0
// How fast a site catches up after a long time offline, what that costs, and how long one change
// takes, on real daemons; and the same backlog through bound.cc. Started by run.sh.
//
// *Catch-up.* A backlog is written offline at a site, once. For each run the two stores, as they
// were before the link came up, are copied and the daemons started on them. The proxy between the
// two (tests/end_to_end/tcp_proxy.h) takes the time from accepting the site's connection to the
// last bytes that it sends before it falls silent: that is its Progress for the last receipt, which
// it sends when that is durable; a ping of the transport behind it does not count. Nobody asks the
// daemons anything in between. The bound runs in turn with it, through the same proxy; its sender
// ends its stream when the last acknowledgement is durable.
//
// *Latency.* One visit after the other is written online; the time from the answer ("saved") until
// GetRecord shows nothing pending any more, asked every 0.1 ms. One such call takes about 0.2 ms,
// by which the figures are too high, and it competes for the processor, as a nurse's screen would.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "proto/check.h"
#include "tests/bench/workload.h"
#include "tests/end_to_end/trial.h"

namespace trialsync::bench {
namespace {

namespace fs = std::filesystem;
using end_to_end::Daemon;
using end_to_end::Process;
using end_to_end::TcpProxy;
using end_to_end::Trial;
using end_to_end::WaitUntil;

constexpr char kStudy[] = "bench";
constexpr char kStudyFile[] = "tests/bench/study.yaml";
constexpr char kSite[] = "HOSPITAL";
constexpr uint64_t kSeed = 20261122;
// When nothing went up for so long it is asked whether the transfer is through. Heartbeats, which
// would end a silence, come after 5 s.
constexpr absl::Duration kQuiet = absl::Milliseconds(1500);
constexpr absl::Duration kRunTimeMax = absl::Minutes(10);

struct Options {
  int64_t changes = 200'000;
  int runs = 5;
  int latency_changes = 1000;
  // Where a profiler may look: the daemons' ids are told before each run.
  bool tell_processes = false;
};

// What one run of either gave.
struct Run {
  double changes_per_second = 0;
  double bytes_up_per_change = 0;
  double bytes_down_per_change = 0;
  double site_cpu_seconds_per_million = 0;
  double centre_cpu_seconds_per_million = 0;
};

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "bench: %s\n", what.c_str());
  std::exit(1);
}

double Percentile(std::vector<double> values, double part) {
  TS_CHECK(!values.empty());
  std::sort(values.begin(), values.end());
  const auto index = static_cast<size_t>(part * static_cast<double>(values.size() - 1) + 0.5);
  return values[index];
}

// The median of one figure of all runs.
double Median(const std::vector<Run>& runs, double Run::*figure) {
  std::vector<double> values;
  for (const Run& run : runs) values.push_back(run.*figure);
  return Percentile(values, 0.5);
}

// Writes `count` visits at the site, 200 a call; tells how far it is.
void WriteVisits(Daemon& daemon, const std::string& parent, int64_t count) {
  constexpr int64_t kVisitsPerCall = 200;
  Workload workload(parent, kSeed);
  const auto client = daemon.Connect();
  const absl::Time begin = absl::Now();
  for (int64_t done = 0; done < count;) {
    v1::BatchWriteRecordsRequest batch;
    batch.set_parent(parent);
    const int64_t end = std::min(count, done + kVisitsPerCall);
    for (; done < end; ++done) *batch.add_requests() = workload.Next();
    const auto answer = client->Call(batch);
    if (!answer.ok()) Fail(absl::StrCat("writing: ", answer.status().ToString()));
    for (const v1::BatchWriteResult& result : answer->results()) {
      if (result.code() != 0) Fail(absl::StrCat("writing: ", result.message()));
    }
    if (done % 20'000 == 0 || done == count) {
      std::fprintf(stderr, "wrote %lld of %lld visits offline, %.0f a second\n",
                   static_cast<long long>(done), static_cast<long long>(count),
                   static_cast<double>(done) / absl::ToDoubleSeconds(absl::Now() - begin));
    }
  }
}

// Everything that is made once.
struct Prepared {
  explicit Prepared(const Options& options);

  std::string Path(const std::string& name) const { return directory.path() + "/" + name; }

  end_to_end::TemporaryDirectory directory;
  uint64_t changes = 0;
};

Prepared::Prepared(const Options& options) {
  Trial trial(kStudy, kStudyFile);
  Trial::Site& site = trial.AddSite(kSite);
  site.link.SetRefuse(true);
  site.link.CutNow();
  WriteVisits(site.daemon, site.parent, options.changes);
  changes = end_to_end::SiteStatus(site)->outbox_count();
  if (site.daemon.Stop() != 0 || trial.coordinator().Stop() != 0) Fail("a daemon did not stop");
  const auto recursive = fs::copy_options::recursive;
  fs::copy(site.daemon.data_directory(), Path("site"), recursive);
  fs::copy(trial.coordinator().data_directory(), Path("coordinator"), recursive);

  Process fill({TRIALSYNC_BOUND, "fill", Path("site/store"), Path("sender")}, Path("fill.log"));
  if (fill.WaitForExit(kRunTimeMax) != 0) Fail(end_to_end::ReadFile(Path("fill.log")));
  std::printf("%llu changes in the backlog: %s", static_cast<unsigned long long>(changes),
              end_to_end::ReadFile(Path("fill.log")).c_str());
}

// Waits until what goes up has ended and `through` agrees, and makes a run's figures from what
// passed.
Run AwaitCatchUp(const TcpProxy& link, uint64_t changes, const std::function<bool()>& through) {
  TcpProxy::Traffic now;
  absl::Time asked = absl::Now();
  const bool ended = WaitUntil(
      [&] {
        now = link.traffic();
        if (absl::Now() - std::max(now.last_up_time, asked) < kQuiet) return false;
        asked = absl::Now();
        return through();
      },
      kRunTimeMax);
  if (!ended) Fail("the transfer did not end");
  const auto count = static_cast<double>(changes);
  Run run;
  run.changes_per_second = count / absl::ToDoubleSeconds(now.last_up_time - now.accept_time);
  run.bytes_up_per_change = static_cast<double>(now.bytes_up) / count;
  run.bytes_down_per_change = static_cast<double>(now.bytes_down) / count;
  return run;
}

double CpuSecondsPerMillion(absl::Duration cpu, uint64_t changes) {
  return absl::ToDoubleSeconds(cpu) * 1e6 / static_cast<double>(changes);
}

// A directory with a fresh copy of what was prepared under `name`.
std::string FreshCopy(const Prepared& prepared, const std::string& name) {
  const std::string path = prepared.Path("run-" + name);
  fs::remove_all(path);
  fs::copy(prepared.Path(name), path, fs::copy_options::recursive);
  return path;
}

// Whether the site has a receipt for all of its changes.
bool IsThrough(const Daemon& site, const Daemon& coordinator, uint64_t changes) {
  const auto own = end_to_end::SiteStatus(*site.Connect());
  const auto centre = end_to_end::StatusAtCentre(coordinator, kSite);
  return own && centre && own->outbox_count() == 0 && own->log().size() >= changes &&
         own->log().root() == centre->log().root();
}

Run RunTrialsync(const Prepared& prepared, const Options& options) {
  Daemon coordinator({"coordinator", "--insecure"}, FreshCopy(prepared, "coordinator"));
  coordinator.Start();
  TcpProxy link;
  link.SetTarget(coordinator.address());
  link.SetRefuse(true);
  Daemon site(
      {"site", "--study", kStudy, "--site", kSite, "--coordinator", link.address(), "--insecure"},
      FreshCopy(prepared, "site"));
  site.Start();
  if (options.tell_processes) {
    std::fprintf(stderr, "processes: site %d, coordinator %d\n", site.process().pid(),
                 coordinator.process().pid());
    absl::SleepFor(absl::Seconds(2));
  }
  const absl::Duration site_cpu = site.process().CpuTime();
  const absl::Duration centre_cpu = coordinator.process().CpuTime();
  link.SetRefuse(false);
  // Before it is asked for the status, which counts all records.
  absl::Duration site_cpu_end;
  absl::Duration centre_cpu_end;
  Run run = AwaitCatchUp(link, prepared.changes, [&] {
    site_cpu_end = site.process().CpuTime();
    centre_cpu_end = coordinator.process().CpuTime();
    return IsThrough(site, coordinator, prepared.changes);
  });
  run.site_cpu_seconds_per_million =
      CpuSecondsPerMillion(site_cpu_end - site_cpu, prepared.changes);
  run.centre_cpu_seconds_per_million =
      CpuSecondsPerMillion(centre_cpu_end - centre_cpu, prepared.changes);
  return run;
}

Run RunBound(const Prepared& prepared) {
  const std::string received = prepared.Path("run-receiver");
  const std::string address_file = prepared.Path("run-receiver.address");
  fs::remove_all(received);
  fs::remove(address_file);
  const std::string log = prepared.Path("bound.log");
  Process receiver({TRIALSYNC_BOUND, "receive", received, address_file}, log);
  if (!WaitUntil([&] { return end_to_end::ReadFile(address_file).ends_with('\n'); })) {
    Fail("the bound's receiver did not start");
  }
  TcpProxy link;
  std::string address = end_to_end::ReadFile(address_file);
  address.pop_back();
  link.SetTarget(address);
  const absl::Duration receiver_cpu = receiver.CpuTime();
  const std::string sent = prepared.Path("bound-sent.log");
  fs::remove(sent);
  Process sender({TRIALSYNC_BOUND, "send", FreshCopy(prepared, "sender"), link.address()}, sent);
  Run run =
      AwaitCatchUp(link, prepared.changes, [&] { return end_to_end::ReadFile(sent) == "done\n"; });
  run.site_cpu_seconds_per_million = CpuSecondsPerMillion(sender.CpuTime(), prepared.changes);
  run.centre_cpu_seconds_per_million =
      CpuSecondsPerMillion(receiver.CpuTime() - receiver_cpu, prepared.changes);
  return run;
}

void PrintRun(const char* name, const Run& run) {
  std::printf(
      "%-10s %9.0f changes/s   wire %.1f B up, %.1f B down a change   CPU s per million: "
      "sender %.2f, receiver %.2f\n",
      name, run.changes_per_second, run.bytes_up_per_change, run.bytes_down_per_change,
      run.site_cpu_seconds_per_million, run.centre_cpu_seconds_per_million);
  std::fflush(stdout);
}

// Runs both in turn, and gives the ratio of the medians.
double MeasureCatchUp(const Prepared& prepared, const Options& options) {
  std::vector<Run> real;
  std::vector<Run> bound;
  for (int i = 0; i < options.runs; ++i) {
    real.push_back(RunTrialsync(prepared, options));
    PrintRun("trialsync", real.back());
    bound.push_back(RunBound(prepared));
    PrintRun("bound", bound.back());
  }
  const double rate = Median(real, &Run::changes_per_second);
  const double bound_rate = Median(bound, &Run::changes_per_second);
  std::printf("\nmedians of %d runs\n", options.runs);
  std::printf("catch-up rate: %.0f changes/s (bound: %.0f)\n", rate, bound_rate);
  std::printf("bytes on the wire per change: %.1f up, %.1f down\n",
              Median(real, &Run::bytes_up_per_change), Median(real, &Run::bytes_down_per_change));
  std::printf("CPU seconds per million changes: site %.2f, coordinator %.2f (bound: %.2f, %.2f)\n",
              Median(real, &Run::site_cpu_seconds_per_million),
              Median(real, &Run::centre_cpu_seconds_per_million),
              Median(bound, &Run::site_cpu_seconds_per_million),
              Median(bound, &Run::centre_cpu_seconds_per_million));
  return rate / bound_rate;
}

void MeasureLatency(const Options& options) {
  Trial trial(kStudy, kStudyFile);
  Trial::Site& site = trial.AddSite(kSite);
  const auto client = site.daemon.Connect();
  Workload workload(site.parent, kSeed);
  std::vector<double> save_ms;
  std::vector<double> receipt_ms;
  for (int i = 0; i < options.latency_changes; ++i) {
    const v1::WriteRecordRequest visit = workload.Next();
    const absl::Time begin = absl::Now();
    if (const auto saved = client->Call(visit); !saved.ok()) Fail(saved.status().ToString());
    const absl::Time saved = absl::Now();
    v1::GetRecordRequest look;
    look.set_name(visit.name());
    const bool receipted = WaitUntil(
        [&] {
          const auto record = client->Call(look);
          return record.ok() && record->pending_count() == 0;
        },
        end_to_end::kPatience, absl::Microseconds(100));
    if (!receipted) Fail("a change got no receipt");
    save_ms.push_back(absl::ToDoubleMilliseconds(saved - begin));
    receipt_ms.push_back(absl::ToDoubleMilliseconds(absl::Now() - saved));
  }
  std::printf(
      "latency of %d single changes: saved in p50 %.2f ms, p99 %.2f ms; from saved to "
      "receipt p50 %.2f ms, p99 %.2f ms\n",
      options.latency_changes, Percentile(save_ms, 0.5), Percentile(save_ms, 0.99),
      Percentile(receipt_ms, 0.5), Percentile(receipt_ms, 0.99));
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("Measures catch-up and latency beside the bound; see tests/bench/bench.cc.");
  app.add_option("--changes", options.changes, "Visits written offline")
      ->check(CLI::PositiveNumber);
  app.add_option("--runs", options.runs, "Runs of each, in turn")->check(CLI::PositiveNumber);
  app.add_option("--latency-changes", options.latency_changes, "Single changes for the latency")
      ->check(CLI::PositiveNumber);
  app.add_flag("--tell-processes", options.tell_processes,
               "Tell the daemons' ids, and wait 2 s before each run, for a profiler");
  CLI11_PARSE(app, argc, argv);
  double ratio = 0;
  {
    const Prepared prepared(options);
    ratio = MeasureCatchUp(prepared, options);
  }
  MeasureLatency(options);
  std::printf("ratio to the bound: %.2f\n", ratio);
  return 0;
}

}  // namespace
}  // namespace trialsync::bench

int main(int argc, char** argv) { return trialsync::bench::Main(argc, argv); }
