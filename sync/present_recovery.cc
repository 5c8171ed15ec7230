// SPDX-License-Identifier: Apache-2.0
#include "sync/present_recovery.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/names.h"
#include "storage/tables.h"
#include "storage/transaction.h"
#include "sync/branches.h"
#include "sync/receipt.h"
#include "sync/stored_change.h"
#include "sync/time.h"

namespace trialsync::sync {
namespace {

std::string Cause(const v1::RecoveryRow& row) {
  switch (row.cause()) {
    case v1::RECOVERY_CAUSE_TAIL_LOST:
      return absl::StrCat("The store opened with ", row.groups_found(),
                          " groups of writes, and its head file names ", row.groups_noted(),
                          ": the end of what was acknowledged was gone.");
    case v1::RECOVERY_CAUSE_HEAD_DIFFERS:
      return "The head file was missing, or that of another state of the store: the store may have "
             "been an old one.";
    case v1::RECOVERY_CAUSE_STORE_GONE:
      return "There was a head file and no store: it began as a new replica.";
    case v1::RECOVERY_CAUSE_RESTORED:
      return "The store was put back from a backup.";
    case v1::RECOVERY_CAUSE_WENT_BACK:
      return "The coordinator knew more of this replica than the replica: an old state of the store "
             "was put back, a copy of it was used in turns, or the coordinator went back itself while "
             "changes were on their way.";
    case v1::RECOVERY_CAUSE_REFILLED:
      return absl::StrCat("A site had commits of ", row.partition(),
                          " that this coordinator had signed, and did not have any more.");
    case v1::RECOVERY_CAUSE_REWOUND:
      return "The coordinator's store went back: commits that this site had were taken off the log, and "
             "are in it again behind others.";
    case v1::RECOVERY_CAUSE_CONTRADICTION:
      return absl::StrCat("Two contents of one position of the log of ", row.partition(),
                          " bear this coordinator's signature: somebody changed a log, or the store "
                          "was put back without a word and had gone on.");
    case v1::RECOVERY_CAUSE_COPIED:
      return "Another running daemon used a copy of this store.";
    default:
      return "The cause is not known to this release.";
  }
}

std::string Course(const v1::RecoveryRow& row) {
  if (row.ended_time_us() == 0 && row.incarnation_after() == 0) {
    return "It waits for a person: trialsync recovery become-replica makes this store a replica of "
           "its own; or stop one of the two daemons. Work goes on until then, without a link.";
  }
  if (row.ended_time_us() == 0) {
    const bool works_on = row.cause() == v1::RECOVERY_CAUSE_WENT_BACK ||
                          row.cause() == v1::RECOVERY_CAUSE_COPIED ||
                          row.cause() == v1::RECOVERY_CAUSE_REWOUND;
    return works_on
               ? "It waits for the coordinator, to get what is missing. Work goes on."
               : "It waits for the coordinator, to get what is missing. No new work is taken, and "
                 "nothing shown, until then.";
  }
  std::string text = absl::StrCat(
      "It pulled ", row.log_size_after() - row.log_size_before(), " commits. Of its changes that "
      "were unsent as far as it knew, the coordinator had ", row.recognised_count(), " already; ",
      row.stamped_again_count(), " were stamped again, to be sent under a new incarnation.");
  absl::StrAppend(
      &text, row.lost_last_seq() == 0
                 ? " Nothing that anybody knew of is lost."
                 : absl::StrCat(" LOST: changes ", row.lost_first_seq(), " to ",
                                row.lost_last_seq(),
                                " of its own chain had been saved, and nobody has them any more: "
                                "enter what they were again, from the source documents."));
  return text;
}

// At the coordinator: of its whole store, or of one partition.
std::string CentreCourse(const v1::RecoveryRow& row) {
  if (row.cause() == v1::RECOVERY_CAUSE_CONTRADICTION) {
    return "Nothing more is committed for this site. Keep both stores as they are, and compare them.";
  }
  if (row.cause() == v1::RECOVERY_CAUSE_REFILLED) {
    const std::string both =
        row.taken_off_count() == 0
            ? ""
            : absl::StrCat("Both logs had gone on: ", row.taken_off_count(),
                           " commits of one were taken off, and what the other did not have of them "
                           "was committed again behind it. ");
    return absl::StrCat(
        row.ended_time_us() == 0 ? "It brings them back. " : "It brought them back. ", both,
        "What no site has that says Hello cannot be named.");
  }
  return absl::StrCat(
      "The coordinator goes on in a new epoch, and gets from each site what it lacks. ",
      row.ended_time_us() == 0 ? "Not every site was heard from since."
                               : "Every site that the store knew was heard from since.",
      " What the lost state had and no site has cannot be named.");
}

v1::Recovery Summary(const v1::RecoveryRow& row, bool of_centre) {
  v1::Recovery recovery;
  recovery.set_cause(row.cause());
  *recovery.mutable_began_time() = ToTimestamp(absl::FromUnixMicros(row.began_time_us()));
  if (row.ended_time_us() != 0) {
    *recovery.mutable_ended_time() = ToTimestamp(absl::FromUnixMicros(row.ended_time_us()));
  }
  recovery.set_site(row.partition());
  recovery.set_replica(ToHex(row.source_replica()));
  recovery.set_summary(absl::StrCat(Cause(row), " ", of_centre ? CentreCourse(row) : Course(row)));
  if (row.log_size_after() > row.log_size_before()) {
    recovery.set_first_pulled(row.log_size_before() + 1);
    recovery.set_last_pulled(row.log_size_after());
  }
  recovery.set_lost_first_seq(row.lost_first_seq());
  recovery.set_lost_last_seq(row.lost_last_seq());
  return recovery;
}

// A store that is gone has left the name of its chain in the head file, and not that of its replica.
bool IsOwn(const ChainId& chain, const v1::RecoveryRow& row) {
  return chain.replica.view() == row.replica_before() ||
         chain.incarnation == row.incarnation_told();
}

// Whether the change had withheld a value that is not here.
bool LacksPrivateValue(const StoredChange& change, storage::PartitionTables& tables) {
  const auto& writes = change.change.has_edit() ? change.change.edit().writes()
                                                : change.change.decision().writes();
  return std::any_of(writes.begin(), writes.end(), [&](const v1::ItemWrite& write) {
    return write.value().has_withheld() && !tables.PrivateValue(change.id, write.item());
  });
}

// What was committed at these numbers of the log as it was after the recovery.
std::vector<StoredChange> ChangesAt(const v1::RecoveryRow& row, uint64_t first, uint64_t last,
                                    storage::PartitionTables& tables) {
  std::vector<StoredChange> changes;
  Branches branches(&tables);
  const uint64_t epoch = row.epoch_after() != 0 ? row.epoch_after() : branches.epoch();
  for (uint64_t number = first; number != 0 && number <= last; ++number) {
    const std::optional<ChangeId> id = branches.ChangeAt(branches.On(epoch, number));
    std::optional<StoredChange> change = id ? FindChange(tables, *id) : std::nullopt;
    if (change) changes.push_back(*std::move(change));
  }
  return changes;
}

// Of what a record says was taken off: what has another outcome now.
void AddContradicted(const StoredChange& record, storage::PartitionTables& tables,
                     v1::Recovery& recovery) {
  auto& listed = *recovery.mutable_contradicted_changes();
  for (const v1::TakenOff& commit : record.change.epoch_record().commits()) {
    const std::optional<ChangeId> id = ChangeId::From(commit.change());
    if (!id || !tables.Discrepancy({*id, v1::DISCREPANCY_KIND_CONTRADICTED, 0})) continue;
    if (std::find(listed.begin(), listed.end(), id->hex()) == listed.end()) *listed.Add() = id->hex();
  }
}

// The changes that it is about, one by one.
void AddChanges(const v1::RecoveryRow& row, storage::PartitionTables& tables,
                v1::Recovery& recovery) {
  for (const StoredChange& change :
       ChangesAt(row, recovery.first_pulled(), recovery.last_pulled(), tables)) {
    if (change.change.has_epoch_record()) AddContradicted(change, tables, recovery);
    if (!IsOwn(change.stamp.chain, row)) continue;
    recovery.add_pulled_back_changes(change.id.hex());
    if (LacksPrivateValue(change, tables)) recovery.add_lost_site_only_changes(change.id.hex());
  }
  if (!recovery.lost_site_only_changes().empty()) {
    recovery.set_summary(absl::StrCat(
        recovery.summary(), " LOST: what ", recovery.lost_site_only_changes_size(),
        " of the changes that came back had kept at the hospital was in this store alone: enter it "
        "again."));
  }
  if (row.ended_time_us() == 0) return;
  tables.ForEachOwn(row.incarnation_after(), 1, [&](uint64_t seq, const v1::OwnRow& own) {
    if (seq > row.stamped_again_count()) return false;
    recovery.add_stamped_again_changes(ChangeIdOf(Sha256Of(own.authored())).hex());
    return true;
  });
  // The others of the chain before went along.
  tables.ForEachOwn(row.incarnation_before(), row.receipted_seq_before() + 1,
                    [&](uint64_t, const v1::OwnRow& own) {
                      const ChangeId id = ChangeIdOf(Sha256Of(own.authored()));
                      recovery.add_recognised_changes(id.hex());
                      return true;
                    });
}

// Of one partition of a coordinator: what a site brought back, and what was committed again.
void AddRefilled(storage::StoreTables& store, const v1::RecoveryRow& row,
                 v1::Recovery& recovery) {
  const absl::StatusOr<SiteName> name = ParseSiteName(recovery.site(), SiteName());
  const auto partition = name.ok() ? store.FindPartition(*name) : std::nullopt;
  if (!partition) return;
  storage::PartitionTables tables(&store.transaction(), *partition);
  for (const StoredChange& change :
       ChangesAt(row, recovery.first_pulled(), recovery.last_pulled(), tables)) {
    recovery.add_refilled_changes(change.id.hex());
  }
  for (const StoredChange& change :
       ChangesAt(row, row.again_first_number(), row.again_last_number(), tables)) {
    if (change.change.has_epoch_record()) {
      AddContradicted(change, tables, recovery);
    } else {
      recovery.add_committed_again_changes(change.id.hex());
    }
  }
  if (!tables.status().ok()) store.Fail(tables.status());
}

// The replicas that a restored coordinator has not welcomed since.
void AddAwaited(storage::StoreTables& store, uint64_t epoch, v1::Recovery& recovery) {
  for (const storage::StoreTables::Partition& partition : store.Partitions()) {
    storage::PartitionTables tables(&store.transaction(), partition.number);
    for (const auto& [replica, row] : tables.Replicas()) {
      if (row.met_epoch() == epoch) continue;
      recovery.add_awaited_replicas(
          absl::StrCat(partition.name.ToString(), " ", replica.hex()));
    }
    if (!tables.status().ok()) return store.Fail(tables.status());
  }
}

// What replicas told the coordinator.
void AddReplicas(storage::StoreTables& store, v1::ListRecoveriesResponse& response) {
  for (const storage::StoreTables::Partition& partition : store.Partitions()) {
    storage::PartitionTables tables(&store.transaction(), partition.number);
    for (const auto& [replica, row] : tables.Replicas()) {
      if (!row.has_recovery()) continue;
      v1::Recovery& recovery = *response.add_recoveries();
      recovery = Summary(row.recovery(), /*of_centre=*/false);
      recovery.set_site(partition.name.ToString());
      recovery.set_replica(replica.hex());
    }
    if (!tables.status().ok()) return store.Fail(tables.status());
  }
}

}  // namespace

absl::StatusOr<v1::ListRecoveriesResponse> ListRecoveries(
    std::shared_ptr<const storage::Snapshot> snapshot, bool with_refilled) {
  storage::Transaction transaction(std::move(snapshot));
  storage::StoreTables store(&transaction);
  v1::ListRecoveriesResponse response;
  const std::optional<v1::StoreIdentity> identity = store.Identity();
  const auto partition =
      identity ? store.FindPartition({identity->study(), identity->site()}) : std::nullopt;
  const bool at_centre = identity && identity->site().empty();
  for (const v1::RecoveryRow& row : store.Recoveries()) {
    v1::Recovery& recovery = *response.add_recoveries();
    recovery = Summary(row, at_centre);
    if (with_refilled && row.cause() == v1::RECOVERY_CAUSE_REFILLED) {
      AddRefilled(store, row, recovery);
    }
    if (at_centre && row.partition().empty() && row.epoch_after() == identity->epoch()) {
      AddAwaited(store, identity->epoch(), recovery);
    }
    if (!partition) continue;
    storage::PartitionTables tables(&transaction, *partition);
    AddChanges(row, tables, recovery);
    if (!tables.status().ok()) return tables.status();
  }
  AddReplicas(store, response);
  if (!store.status().ok()) return store.status();
  return response;
}

}  // namespace trialsync::sync
