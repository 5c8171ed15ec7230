// SPDX-License-Identifier: Apache-2.0
#include "sync/recovery.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "sync/chain.h"
#include "sync/outbox.h"

namespace trialsync::sync {
namespace {

std::vector<v1::OwnRow> OwnBeyond(storage::PartitionTables& tables, uint64_t incarnation,
                                  uint64_t seq) {
  std::vector<v1::OwnRow> rows;
  tables.ForEachOwn(incarnation, seq + 1, [&](uint64_t, v1::OwnRow row) {
    rows.push_back(std::move(row));
    return true;
  });
  return rows;
}

// Own changes that somebody was told of and that are neither here nor in the log.
void NoteLost(storage::StoreTables& store, storage::PartitionTables& tables,
              v1::RecoveryRow& row) {
  // A coordinator that went back itself may tell of a chain that this store has left since, and taken
  // all along.
  for (const v1::RecoveryRow& past : store.Recoveries()) {
    const bool left = past.ended_time_us() != 0 &&
                      past.incarnation_before() == row.incarnation_told();
    if (left) return;
  }
  uint64_t known = row.incarnation_told() == row.incarnation_before() ? row.last_seq_before() : 0;
  for (const v1::ChainHead& logged : tables.Chains()) {
    if (logged.incarnation() == row.incarnation_told()) known = std::max(known, logged.seq());
  }
  if (row.last_seq_told() <= known) return;
  row.set_lost_first_seq(known + 1);
  row.set_lost_last_seq(row.last_seq_told());
}

// The last change of the chain that was in the log before; of an empty one, what it began behind.
std::string LastReceipted(storage::PartitionTables& tables, const ChainId& chain, uint64_t seq) {
  if (seq == 0) return tables.Beginning(chain.incarnation).value_or(v1::OwnBeginning()).behind();
  const std::optional<v1::OwnRow> own = tables.Own(chain.incarnation, seq);
  return own ? ChangeIdOf(Sha256Of(own->authored())).str() : "";
}

// Of a site: how far its log and its own chain in it reach.
void NoteLog(storage::StoreTables& store, v1::RecoveryRow& row) {
  const std::optional<v1::StoreIdentity> identity = store.Identity();
  const auto partition =
      identity ? store.FindPartition({identity->study(), identity->site()}) : std::nullopt;
  const auto replica = ReplicaId::From(row.replica_before());
  if (!partition || !replica) return;
  storage::PartitionTables tables(&store.transaction(), *partition);
  row.set_log_size_before(tables.Head().size());
  row.set_epoch_before(tables.Head().epoch());
  const auto logged = tables.Chain({*replica, row.incarnation_before()});
  row.set_receipted_seq_before(logged ? logged->seq() : 0);
}

}  // namespace

std::optional<Recovery> LastRecovery(storage::StoreTables& tables) {
  std::vector<v1::RecoveryRow> rows = tables.Recoveries();
  if (rows.empty()) return std::nullopt;
  return Recovery{rows.size(), std::move(rows.back())};
}

v1::RecoveryRow NewRecovery(const v1::StoreIdentity& identity, v1::RecoveryCause cause,
                            absl::Time now) {
  v1::RecoveryRow row;
  row.set_cause(cause);
  row.set_began_time_us(absl::ToUnixMicros(now));
  row.set_replica_before(identity.replica());
  row.set_incarnation_before(identity.incarnation());
  row.set_replica_after(identity.replica());
  return row;
}

void TakeTold(uint64_t incarnation, uint64_t seq, v1::RecoveryRow& row) {
  if (row.incarnation_told() == 0) row.set_incarnation_told(incarnation);
  if (row.incarnation_told() != incarnation) return;
  row.set_last_seq_told(std::max(row.last_seq_told(), seq));
}

Recovery AddRecovery(storage::StoreTables& tables, v1::RecoveryRow row) {
  const std::optional<Recovery> last = LastRecovery(tables);
  NoteLog(tables, row);
  Recovery added{last ? last->index + 1 : 1, row};
  if (last && last->open()) {
    added.index = last->index;
    // A copy that has lost something asks for that first; that it is one is found again.
    const bool rests = added.rests() && !last->rests();
    if (!rests) added.row.set_cause(last->row.cause());
    added.row.set_began_time_us(last->row.began_time_us());
    added.row.set_replica_after(last->row.replica_after());
    TakeTold(last->row.incarnation_told(), last->row.last_seq_told(), added.row);
    if (row.groups_found() == 0) {
      added.row.set_groups_found(last->row.groups_found());
      added.row.set_groups_noted(last->row.groups_noted());
    }
    // What is gone now may reach back further.
    added.row.set_log_size_before(std::min(last->row.log_size_before(), row.log_size_before()));
    added.row.set_receipted_seq_before(
        std::min(last->row.receipted_seq_before(), row.receipted_seq_before()));
    if (last->waits_for_person() && !rests) added.row.set_incarnation_after(0);
  }
  tables.PutRecovery(added.index, added.row);
  return added;
}

Recovered EndRecovery(storage::StoreTables& store, storage::PartitionTables& tables,
                      Recovery recovery, absl::Time now) {
  v1::RecoveryRow& report = recovery.row;
  const auto id_of = [](const std::string& bytes) {
    return ReplicaId::From(bytes).value_or(ReplicaId());
  };
  const ChainId before{id_of(report.replica_before()), report.incarnation_before()};
  Recovered recovered;
  recovered.chain = {id_of(report.replica_after()), report.incarnation_after()};

  report.set_last_seq_before(tables.LastOwn(before.incarnation));
  report.set_log_size_after(tables.Head().size());
  report.set_epoch_after(tables.Head().epoch());
  NoteLost(store, tables, report);

  v1::OwnBeginning beginning;
  beginning.set_behind(LastReceipted(tables, before, report.receipted_seq_before()));
  std::vector<v1::OwnRow> rows =
      OwnBeyond(tables, before.incarnation, report.receipted_seq_before());
  uint64_t seq = report.receipted_seq_before();
  for (const v1::OwnRow& own : rows) RemoveBirthsFromOutbox(tables, ++seq, own);
  // Those left behind included: on the new chain their numbers mean other changes.
  tables.ClearOutboxRecords();
  seq = report.receipted_seq_before();
  for (v1::OwnRow& own : rows) {
    ++seq;
    const Sha256 digest = Sha256Of(own.authored());
    const ChangeId id = ChangeIdOf(digest);
    if (const auto logged = tables.Change(id)) {
      if (recovered.last_seq == 0) beginning.set_behind(id.str());
      recovered.receipted.push_back({logged->number(), std::move(own)});
      continue;
    }
    recovered.last_hash = NextChainHash(recovered.last_hash, digest);
    own.set_chain(recovered.last_hash.str());
    tables.RemoveOwn(before.incarnation, seq);
    tables.PutOwn(recovered.chain.incarnation, ++recovered.last_seq, own);
    AddToOutbox(tables, recovered.last_seq, own);
  }
  tables.PutBeginning(recovered.chain.incarnation, beginning);
  report.set_stamped_again_count(recovered.last_seq);
  report.set_recognised_count(recovered.receipted.size());
  report.set_ended_time_us(absl::ToUnixMicros(now));
  store.PutRecovery(recovery.index, report);

  v1::StoreIdentity identity = store.Identity().value_or(v1::StoreIdentity());
  identity.set_replica(recovered.chain.replica.str());
  identity.set_incarnation(recovered.chain.incarnation);
  store.PutIdentity(identity);
  return recovered;
}

}  // namespace trialsync::sync
