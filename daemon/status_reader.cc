// SPDX-License-Identifier: Apache-2.0
#include "daemon/status_reader.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "daemon/backup_maker.h"
#include "daemon/version.h"
#include "sync/log.h"
#include "sync/present_recovery.h"
#include "sync/time.h"

namespace trialsync::daemon {
namespace {

bool InStep(const v1::LogPosition& a, const v1::LogPosition& b) {
  return a.epoch() == b.epoch() && a.size() == b.size() && a.root() == b.root();
}

void SetContact(absl::Time time, v1::PeerStatus& peer) {
  if (time > absl::UnixEpoch()) *peer.mutable_last_contact_time() = sync::ToTimestamp(time);
}

void AddCoordinator(const Backend& backend, const sync::SiteStatus& site,
                    v1::PartitionStatus& partition) {
  partition.set_connected(site.connected);
  partition.set_link_enabled(backend.link != nullptr && backend.link->enabled());
  v1::PeerStatus* peer = partition.add_peers();
  peer->set_peer(backend.coordinator);
  peer->set_connected(site.connected);
  SetContact(site.last_contact, *peer);
  *peer->mutable_log() = site.coordinator_log;
  peer->set_in_step(InStep(site.coordinator_log, partition.log()));
  peer->set_clock_offset_ms(site.clock_offset_ms);
  if (site.refusal) *peer->mutable_refusal() = *site.refusal;
}

void AddReplicas(const Notice& notice, const SiteName& name, storage::PartitionTables& tables,
                 v1::PartitionStatus& partition) {
  std::map<std::string, uint64_t> seqs;
  for (const v1::ChainHead& chain : tables.Chains()) {
    uint64_t& seq = seqs[chain.replica()];
    seq = std::max(seq, chain.seq());
  }
  for (const auto& [key, replica] : notice.replicas) {
    if (key.first != name) continue;
    v1::PeerStatus* peer = partition.add_peers();
    peer->set_peer(replica.replica.hex());
    peer->set_connected(replica.connected);
    SetContact(replica.last_contact, *peer);
    *peer->mutable_log() = replica.log;
    peer->set_in_step(InStep(replica.log, partition.log()));
    peer->set_clock_offset_ms(replica.clock_offset_ms);
    peer->set_software_version(replica.software_version);
    peer->set_chain_seq(seqs[replica.replica.str()]);
    if (replica.connected) partition.set_connected(true);
  }
}

// Own changes without a receipt, and when the first of them was made.
void AddOutbox(storage::PartitionTables& tables, const ChainId& own, uint64_t last_seq,
               v1::PartitionStatus& partition) {
  const std::optional<v1::ChainHead> receipted = tables.Chain(own);
  const uint64_t receipted_seq = receipted ? receipted->seq() : 0;
  partition.set_outbox_count(last_seq - std::min(last_seq, receipted_seq));
  if (partition.outbox_count() == 0) return;
  const std::optional<v1::OwnRow> oldest = tables.Own(own.incarnation, receipted_seq + 1);
  v1::Change change;
  if (oldest && change.ParseFromString(oldest->authored())) {
    *partition.mutable_oldest_unsent_time() = change.authored_time();
  }
}

}  // namespace

absl::StatusOr<v1::Status> StatusReader::Read() {
  const Sight sight(backend_);
  if (!sight.status().ok()) return sight.status();
  v1::Status status;
  status.set_role(backend_.at_centre() ? "coordinator" : "site");
  status.set_software_version(kSoftwareVersion);
  status.set_replica(backend_.replica);
  *status.mutable_start_time() = sync::ToTimestamp(backend_.start_time);
  status.set_store_bytes(backend_.store->DiskBytes());
  if (const absl::Status fault = backend_.loop->fault(); !fault.ok()) {
    status.set_fault(std::string(fault.message()));
  }
  status.mutable_backup()->set_directory(backend_.backups->directory());
  if (const std::optional<absl::Time> last = backend_.backups->last_time()) {
    *status.mutable_backup()->mutable_last_time() = sync::ToTimestamp(*last);
  }
  const absl::StatusOr<v1::ListRecoveriesResponse> recoveries =
      sync::ListRecoveries(sight.snapshot(), /*with_refilled=*/false);
  if (!recoveries.ok()) return recoveries.status();
  if (!recoveries->recoveries().empty() && !recoveries->recoveries().rbegin()->has_ended_time()) {
    *status.mutable_recovery() = *recoveries->recoveries().rbegin();
  }
  Counting counting = BeginCounting();
  absl::Status added;
  for (const Sight::Partition& partition : sight.partitions()) {
    if (added.ok()) added = AddPartition(sight, partition, counting, status);
  }
  EndCounting(counting);
  if (!added.ok()) return added;
  return status;
}

StatusReader::Counting StatusReader::BeginCounting() {
  const absl::Time now = clock_();
  const MutexLock lock(&mutex_);
  Counting counting;
  counting.again = now < rest_from_ || now >= rest_until_;
  if (!counting.again) return counting;
  // Nobody else counts beside this call.
  rest_from_ = absl::InfinitePast();
  rest_until_ = absl::InfiniteFuture();
  return counting;
}

void StatusReader::EndCounting(const Counting& counting) {
  const absl::Time now = clock_();
  const MutexLock lock(&mutex_);
  if (!counting.again) return;
  rest_from_ = now;
  rest_until_ = now + counting.spent * (kCountingShare - 1);
}

absl::Status StatusReader::AddPartition(const Sight& sight, const Sight::Partition& partition,
                                        Counting& counting, v1::Status& status) {
  v1::PartitionStatus& row = *status.add_partitions();
  row.set_study(partition.name.study);
  row.set_site(partition.name.site);
  sync::View view = sight.ViewOf(partition);
  storage::PartitionTables& tables = view.state().tables();
  const absl::StatusOr<sync::LogWriter> log = sync::LogWriter::Open(&view.state());
  if (!log.ok()) return log.status();
  *row.mutable_log() = log->Position();

  const std::optional<ChainId> own = tables.OwnChain();
  uint64_t last_own_seq = 0;
  if (own && !backend_.at_centre()) {
    last_own_seq = tables.LastOwn(own->incarnation);
    AddOutbox(tables, *own, last_own_seq, row);
  }
  for (const v1::VersionRow& version : tables.Versions()) {
    const bool active = !version.activated().empty() && version.retired().empty();
    if (active) *row.add_active_versions() = version.version();
  }
  if (backend_.at_centre()) {
    AddReplicas(sight.notice(), partition.name, tables, row);
  } else {
    AddCoordinator(backend_, sight.notice().site, row);
  }
  if (!tables.status().ok()) return tables.status();
  const auto counts = CountsOf(sight, partition.number, row.log().size(), last_own_seq, counting);
  if (!counts.ok()) return counts.status();
  row.set_record_count(counts->records);
  row.set_subject_count(counts->subjects);
  row.set_open_discrepancy_count(counts->open_discrepancies);
  return absl::OkStatus();
}

absl::StatusOr<sync::PartitionCounts> StatusReader::CountsOf(const Sight& sight,
                                                             PartitionNumber partition,
                                                             uint64_t log_size,
                                                             uint64_t last_own_seq,
                                                             Counting& counting) {
  {
    const MutexLock lock(&mutex_);
    const auto found = counted_.find(partition);
    const bool fresh = found != counted_.end() && found->second.log_size == log_size &&
                       found->second.last_own_seq == last_own_seq;
    if (found != counted_.end() && (fresh || !counting.again)) return found->second.counts;
  }
  const absl::Time begin = clock_();
  absl::StatusOr<sync::PartitionCounts> counts = sync::CountPartition(*sight.snapshot(), partition);
  if (!counts.ok()) return counts;
  counting.spent += clock_() - begin;
  const MutexLock lock(&mutex_);
  counted_[partition] = {log_size, last_own_seq, *counts};
  return counts;
}

}  // namespace trialsync::daemon
