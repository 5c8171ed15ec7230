// SPDX-License-Identifier: Apache-2.0
#include "daemon/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>

namespace trialsync::daemon {
namespace {

using Labels = std::map<std::string, std::string>;

prometheus::Counter& AddCounter(prometheus::Registry& registry, const char* name,
                                const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Family<prometheus::Gauge>& AddGauges(prometheus::Registry& registry, const char* name,
                                                 const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

}  // namespace

struct Metrics::Families {
  prometheus::Registry registry;
  prometheus::Counter& inputs =
      AddCounter(registry, "trialsync_inputs_total", "Inputs that the loop has taken");
  prometheus::Histogram& group_seconds =
      prometheus::BuildHistogram()
          .Name("trialsync_group_duration_seconds")
          .Help("Time from taking a group of inputs to its being durable and answered")
          .Register(registry)
          .Add({},
               prometheus::Histogram::BucketBoundaries{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                       0.05, 0.1, 0.25, 0.5, 1, 2.5, 10});
  prometheus::Counter& received_messages =
      AddCounter(registry, "trialsync_stream_received_messages_total", "Messages of streams");
  prometheus::Counter& received_bytes = AddCounter(
      registry, "trialsync_stream_received_bytes_total", "Bytes of those, without gRPC's frames");
  prometheus::Counter& sent_messages =
      AddCounter(registry, "trialsync_stream_sent_messages_total", "Messages sent on streams");
  prometheus::Counter& sent_bytes = AddCounter(registry, "trialsync_stream_sent_bytes_total",
                                               "Bytes of those, without gRPC's frames");
  prometheus::Family<prometheus::Counter>& calls = prometheus::BuildCounter()
                                                       .Name("trialsync_calls_total")
                                                       .Help("Calls of clients, by status code")
                                                       .Register(registry);
  prometheus::Gauge& queued =
      AddGauges(registry, "trialsync_queued_inputs", "Inputs that wait for the loop").Add({});
  prometheus::Gauge& store_bytes =
      AddGauges(registry, "trialsync_store_bytes", "Bytes of the store on disk").Add({});
  prometheus::Gauge& last_backup =
      AddGauges(registry, "trialsync_last_backup_timestamp_seconds",
                "When the newest backup was made, in Unix time; 0 if there is none")
          .Add({});
  prometheus::Gauge& faulty =
      AddGauges(registry, "trialsync_faulty", "1 when no new work is taken").Add({});
  prometheus::Family<prometheus::Gauge>& commits =
      AddGauges(registry, "trialsync_log_commits", "Commits in the log of a partition");
  prometheus::Family<prometheus::Gauge>& outbox =
      AddGauges(registry, "trialsync_outbox_changes", "Own changes without a receipt");
  prometheus::Family<prometheus::Gauge>& records =
      AddGauges(registry, "trialsync_records", "Records of a partition");
  prometheus::Family<prometheus::Gauge>& open_discrepancies =
      AddGauges(registry, "trialsync_open_discrepancies", "Discrepancies that wait for a person");
  prometheus::Family<prometheus::Gauge>& connected = AddGauges(
      registry, "trialsync_connected", "Peers with a live session: replicas, or the coordinator");
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {}
Metrics::~Metrics() = default;

void Metrics::CountGroup(const GroupReport& report) {
  families_->inputs.Increment(static_cast<double>(report.inputs));
  families_->group_seconds.Observe(absl::ToDoubleSeconds(report.duration));
}

void Metrics::CountCall(const std::string& method, const std::string& code) {
  families_->calls.Add({{"method", method}, {"code", code}}).Increment();
}

void Metrics::CountReceived(size_t bytes) {
  families_->received_messages.Increment();
  families_->received_bytes.Increment(static_cast<double>(bytes));
}

void Metrics::CountSent(size_t bytes) {
  families_->sent_messages.Increment();
  families_->sent_bytes.Increment(static_cast<double>(bytes));
}

std::string Metrics::Render(const v1::Status& status, size_t queued_inputs) {
  families_->queued.Set(static_cast<double>(queued_inputs));
  families_->store_bytes.Set(static_cast<double>(status.store_bytes()));
  families_->last_backup.Set(static_cast<double>(status.backup().last_time().seconds()));
  families_->faulty.Set(status.fault().empty() ? 0 : 1);
  for (const v1::PartitionStatus& partition : status.partitions()) {
    const Labels labels = {{"study", partition.study()}, {"site", partition.site()}};
    int connected = 0;
    for (const v1::PeerStatus& peer : partition.peers()) connected += peer.connected() ? 1 : 0;
    families_->commits.Add(labels).Set(static_cast<double>(partition.log().size()));
    families_->outbox.Add(labels).Set(static_cast<double>(partition.outbox_count()));
    families_->records.Add(labels).Set(static_cast<double>(partition.record_count()));
    families_->open_discrepancies.Add(labels).Set(
        static_cast<double>(partition.open_discrepancy_count()));
    families_->connected.Add(labels).Set(connected);
  }
  return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

}  // namespace trialsync::daemon
