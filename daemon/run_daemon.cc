// SPDX-License-Identifier: Apache-2.0
#include "daemon/run_daemon.h"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "daemon/backend.h"
#include "daemon/backup_maker.h"
#include "daemon/connector.h"
#include "daemon/data_directory.h"
#include "daemon/entropy.h"
#include "daemon/grpc_server.h"
#include "daemon/http_server.h"
#include "daemon/open_machine.h"
#include "daemon/stop_signal.h"
#include "daemon/version.h"

namespace trialsync::daemon {
namespace {

// All parts of a running daemon, in the order in which they are made; destroyed in the reverse one.
class Daemon {
 public:
  explicit Daemon(const Config& config) : config_(config) {}

  // The server cannot end before every call of a client has its answer.
  ~Daemon() {
    if (connector_) connector_->Stop();
    if (loop_thread_) loop_thread_->Stop();
  }

  absl::Status Start() {
    absl::StatusOr<DataDirectory> data =
        OpenDataDirectory(config_.data_directory,
                          /*may_begin_anew=*/config_.role == Role::kSite || config_.restored);
    if (!data.ok()) return data.status();
    store_ = std::move(data->store);
    head_ = std::move(data->head);
    absl::StatusOr<OpenedMachine> opened = OpenMachine(config_, *store_, *head_, entropy_);
    if (!opened.ok()) return opened.status();
    signing_key_ = std::move(opened->signing_key);
    machine_ = std::move(opened->machine);
    posting_.emplace(machine_.get(), std::move(opened->make_notice), &board_);
    loop_.emplace(store_.get(), head_.get(), &*posting_, &port_);
    loop_thread_.emplace(&*loop_, &port_, LoopOptions());
    FillBackend(opened->replica);
    if (absl::Status serving = Serve(); !serving.ok()) return serving;
    loop_thread_->Start();
    if (connector_) connector_->Start();
    return absl::OkStatus();
  }

  // OK, or the fault that it had. Whatever hangs is ended after kStopTimeout: what was acknowledged
  // is on disk.
  absl::Status Stop() {
    alarm(static_cast<unsigned>(absl::ToInt64Seconds(kStopTimeout)));
    server_->SetServing(false);
    if (connector_) connector_->Stop();
    if (!loop_thread_->Drain(kDrainTimeout)) {
      Log(LogLevel::kWarning, "stopping with work undone; its clients are told");
    }
    v1::Refusal farewell;
    farewell.set_reason(v1::REFUSAL_REASON_SHUTTING_DOWN);
    farewell.set_message("the coordinator is being stopped; this site connects again by itself");
    port_.CloseAllStreams(&farewell);
    server_->Stop(kGoodbyeTimeout);
    absl::Status fault = loop_thread_->fault();
    loop_thread_->Stop();
    alarm(0);
    return fault;
  }

  absl::Status fault() const { return loop_thread_->fault(); }

  // What it was told, with the ports that it got, for another start.
  Config config_as_served() const {
    Config served = config_;
    served.listen.port = server_->port();
    served.restored = false;
    if (http_) served.metrics_listen->port = http_->port();
    return served;
  }

 private:
  LoopThread::Options LoopOptions() {
    LoopThread::Options options;
    options.on_group = [this](const GroupReport& report) { metrics_.CountGroup(report); };
    options.on_fault = [this](const absl::Status& fault) { OnFault(fault); };
    return options;
  }

  // Reads go on; nothing else does.
  void OnFault(const absl::Status& fault) {
    Log(LogLevel::kError, "no new work is taken before the cause is mended",
        {{"fault", std::string(fault.message())}});
    if (connector_) connector_->SetEnabled(false);
    port_.CloseAllStreams(nullptr);
    server_->SetServing(false);
  }

  void FillBackend(const std::string& replica) {
    backend_.role = config_.role;
    backend_.site = config_.site;
    backend_.replica = replica;
    backend_.start_time = absl::Now();
    backups_.emplace(config_.backup_directory, store_.get());
    backend_.backups = &*backups_;
    backend_.store = store_.get();
    backend_.board = &board_;
    backend_.port = &port_;
    backend_.loop = &*loop_thread_;
    backend_.workers = &workers_;
    backend_.verifiers = &verifiers_;
    backend_.metrics = &metrics_;
    if (config_.role == Role::kCoordinator) return;
    backend_.coordinator = config_.coordinator.ToString();
    connector_.emplace(&backend_, &entropy_);
    backend_.link = &*connector_;
  }

  absl::Status Serve() {
    absl::StatusOr<std::unique_ptr<GrpcServer>> server =
        GrpcServer::Start(config_.listen, &backend_, &status_);
    if (!server.ok()) return server.status();
    server_ = *std::move(server);
    const Address address{config_.listen.host, server_->port()};
    if (absl::Status told = Tell("listening", "listen_address", address); !told.ok()) return told;
    if (!config_.metrics_listen) return absl::OkStatus();
    absl::StatusOr<std::unique_ptr<HttpServer>> http = HttpServer::Start(
        *config_.metrics_listen, {.metrics = [this] { return MetricsPage(); },
                                  .health = [this] { return loop_thread_->fault(); }});
    if (!http.ok()) return http.status();
    http_ = *std::move(http);
    return Tell("serving metrics", "metrics_address",
                {config_.metrics_listen->host, http_->port()});
  }

  absl::Status Tell(const char* message, const char* file, const Address& address) {
    Log(LogLevel::kInfo, message,
        {{"address", address.ToString()},
         {"port", address.port},
         {"role", config_.role == Role::kSite ? "site" : "coordinator"},
         {"replica", backend_.replica},
         {"version", kSoftwareVersion}});
    return WriteDataFile(config_.data_directory, file, absl::StrCat(address.ToString(), "\n"));
  }

  absl::StatusOr<std::string> MetricsPage() {
    const absl::StatusOr<v1::Status> status = status_.Read();
    if (!status.ok()) return status.status();
    return metrics_.Render(*status, loop_thread_->queued_inputs());
  }

  const Config config_;
  SystemEntropy entropy_;
  Metrics metrics_;
  Board board_;
  Port port_;
  Backend backend_;
  StatusReader status_{backend_};
  std::unique_ptr<storage::RocksDbKv> store_;
  std::unique_ptr<storage::Head> head_;
  std::unique_ptr<sync::SigningKey> signing_key_;
  std::unique_ptr<sync::Machine> machine_;
  std::optional<BackupMaker> backups_;
  std::optional<PostingMachine> posting_;
  std::optional<sync::Loop> loop_;
  std::optional<LoopThread> loop_thread_;
  WorkerPool workers_{kReadThreads, kReadsWaitingMax};
  WorkerPool verifiers_{kVerificationsMax, kVerificationsMax};
  std::optional<Connector> connector_;
  std::unique_ptr<GrpcServer> server_;
  std::unique_ptr<HttpServer> http_;
};

// Waits until the daemon is to stop, and returns the signal; or, when it had failed to write, until
// its disk takes writes again: then nothing.
std::optional<int> WaitForEnd(const Daemon& daemon, const Config& config, absl::Duration pause,
                              StopSignal& stop) {
  while (true) {
    if (const std::optional<int> signal = stop.WaitFor(pause)) return signal;
    const absl::Status fault = daemon.fault();
    const bool of_disk = absl::IsResourceExhausted(fault) || absl::IsInternal(fault);
    if (of_disk && ProbeDisk(config.data_directory).ok()) return std::nullopt;
  }
}

}  // namespace

absl::Status RunDaemon(const Config& config) {
  SetLogLevel(config.log_level);
  StopSignal stop;
  RouteGrpcLog();
  Config current = config;
  absl::Duration pause = kDiskProbeInterval;
  while (true) {
    Daemon daemon(current);
    if (absl::Status started = daemon.Start(); !started.ok()) return started;
    const absl::Time start_time = absl::Now();
    const std::optional<int> signal = WaitForEnd(daemon, current, pause, stop);
    if (signal) {
      Log(LogLevel::kInfo, "stopping", {{"signal", *signal}});
      absl::Status status = daemon.Stop();
      if (status.ok()) Log(LogLevel::kInfo, "stopped");
      return status;
    }
    Log(LogLevel::kWarning, "the disk takes writes again: opening the store anew");
    // Its fault is what it is stopped for.
    daemon.Stop().IgnoreError();
    // Where its clients look for it.
    current = daemon.config_as_served();
    const bool helped = absl::Now() - start_time > kDiskProbeIntervalMax;
    pause = helped ? kDiskProbeInterval : std::min(pause * 2, kDiskProbeIntervalMax);
  }
}

}  // namespace trialsync::daemon
