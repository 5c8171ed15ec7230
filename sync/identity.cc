// SPDX-License-Identifier: Apache-2.0
#include "sync/identity.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/ids.h"
#include "storage/tables.h"
#include "sync/recovery.h"

namespace trialsync::sync {
namespace {

absl::Status CheckIdentity(const v1::StoreIdentity& identity, const std::string& role,
                           const SiteName& name) {
  if (identity.format() > storage::kDiskFormat) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the store has disk format ", identity.format(), ", this release reads up to ",
        storage::kDiskFormat, ": install the newer release again; nothing was changed"));
  }
  const std::string is = identity.role() == "site" ? absl::StrCat("site ", identity.site(),
                                                                  " of study ", identity.study())
                                                   : identity.role();
  const std::string wanted =
      role == "site" ? absl::StrCat("site ", name.site, " of study ", name.study) : role;
  if (is != wanted) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the store is that of ", is, ", not of ", wanted, ": give each its own --data directory"));
  }
  return absl::OkStatus();
}

v1::StoreIdentity NewIdentity(const std::string& role, const SiteName& name, Entropy& entropy) {
  v1::StoreIdentity identity;
  identity.set_format(storage::kDiskFormat);
  identity.set_role(role);
  identity.set_replica(entropy.Bytes(ReplicaId::kBytes));
  identity.set_incarnation(entropy.U64());
  identity.set_study(name.study);
  identity.set_site(name.site);
  identity.set_epoch(entropy.U64());
  return identity;
}

// Of the own chain as it stands.
storage::HeadNote NoteOf(storage::StoreTables& tables, const v1::StoreIdentity& identity,
                         const storage::GroupMark& group) {
  storage::HeadNote note{.group = group};
  const auto partition = tables.FindPartition({identity.study(), identity.site()});
  if (!partition) return note;
  storage::PartitionTables own(&tables.transaction(), *partition);
  note.incarnation = identity.incarnation();
  note.last_seq = own.LastOwn(identity.incarnation());
  if (!own.status().ok()) tables.Fail(own.status());
  return note;
}

v1::RecoveryCause CauseOf(storage::HeadCheck check, bool stored, bool restored) {
  if (!stored) return v1::RECOVERY_CAUSE_STORE_GONE;
  if (restored) return v1::RECOVERY_CAUSE_RESTORED;
  return check == storage::HeadCheck::kBehind ? v1::RECOVERY_CAUSE_TAIL_LOST
                                              : v1::RECOVERY_CAUSE_HEAD_DIFFERS;
}

// One that is open already goes on: it asks the peer for all that is missing.
void OpenRecovery(storage::StoreTables& tables, const v1::StoreIdentity& identity,
                  v1::RecoveryCause cause, const std::optional<storage::StoredGroup>& group,
                  const std::optional<storage::HeadNote>& noted, absl::Time now, Entropy& entropy) {
  v1::RecoveryRow row = NewRecovery(identity, cause, now);
  row.set_incarnation_after(entropy.U64());
  if (group) row.set_groups_found(group->mark.counter);
  if (noted) row.set_groups_noted(noted->group.counter);
  if (noted) {
    row.set_incarnation_told(noted->incarnation);
    row.set_last_seq_told(noted->last_seq);
  }
  AddRecovery(tables, row);
}

// The coordinator may have forgotten what it committed: it never goes on in the epoch, nor the
// centre in the chain, in which it forgot.
void BeginAnew(storage::StoreTables& tables, v1::StoreIdentity identity, v1::RecoveryCause cause,
               const std::optional<storage::StoredGroup>& group,
               const std::optional<storage::HeadNote>& noted, absl::Time now, Entropy& entropy) {
  v1::RecoveryRow row = NewRecovery(identity, cause, now);
  row.set_epoch_before(identity.epoch());
  identity.set_epoch(entropy.U64());
  identity.set_incarnation(entropy.U64());
  row.set_epoch_after(identity.epoch());
  row.set_incarnation_after(identity.incarnation());
  if (group) row.set_groups_found(group->mark.counter);
  if (noted) row.set_groups_noted(noted->group.counter);
  tables.PutRecovery(tables.Recoveries().size() + 1, row);
  tables.PutIdentity(identity);
  for (const storage::StoreTables::Partition& partition : tables.Partitions()) {
    storage::PartitionTables own(&tables.transaction(), partition.number);
    v1::PartitionRow known = own.Row();
    known.set_next_epoch(0);
    own.PutRow(known);
    if (!own.status().ok()) tables.Fail(own.status());
  }
}

}  // namespace

absl::Status PrepareStore(storage::Kv& store, storage::Head& head, const std::string& role,
                          const SiteName& name, bool said_restored, absl::Time now,
                          Entropy& entropy) {
  const absl::StatusOr<std::optional<storage::HeadNote>> noted = head.Read();
  if (!noted.ok()) return noted.status();
  storage::Transaction transaction(store.NewSnapshot());
  storage::StoreTables tables(&transaction);
  const std::optional<v1::StoreIdentity> stored = tables.Identity();
  const std::optional<storage::StoredGroup> group = tables.LastGroup();
  if (!tables.status().ok()) return tables.status();
  if (stored) {
    const absl::Status fits = CheckIdentity(*stored, role, name);
    if (!fits.ok()) return fits;
  }
  const storage::HeadCheck check = storage::CheckHead(group, *noted);
  const bool marked = stored && stored->restored();
  const bool restored = said_restored || marked;
  if (stored && check == storage::HeadCheck::kWhole && !restored) {
    if (*noted && (*noted)->group == group->mark) return absl::OkStatus();
    // The process ended between a group and its note: else the next group would be two ahead.
    const storage::HeadNote note = NoteOf(tables, *stored, group->mark);
    return tables.status().ok() ? head.Write(note) : tables.status();
  }

  v1::StoreIdentity identity = stored.value_or(NewIdentity(role, name, entropy));
  identity.clear_restored();
  tables.PutIdentity(identity);
  if (!stored && role == "site") tables.AddPartition(name);
  if (check != storage::HeadCheck::kNew || restored) {
    const v1::RecoveryCause cause =
        CauseOf(check, stored.has_value(), marked || check == storage::HeadCheck::kWhole);
    if (role == "coordinator") {
      BeginAnew(tables, identity, cause, group, *noted, now, entropy);
    } else {
      OpenRecovery(tables, identity, cause, group, *noted, now, entropy);
    }
  }
  // Behind whatever the head names: from here on they agree again, and the recovery is what tells.
  const storage::GroupMark last = group ? group->mark : storage::GroupMark();
  const storage::GroupMark known = *noted ? (*noted)->group : last;
  storage::HeadNote note = (*noted).value_or(storage::HeadNote());
  note.group = {std::max(last.counter, known.counter) + 1, entropy.U64()};
  tables.PutGroup({.mark = note.group, .previous_token = known.token});
  if (!tables.status().ok()) return tables.status();
  return storage::WriteGroup(store, head, transaction.TakeBatch(), note);
}

absl::Status MarkRestored(storage::Kv& store) {
  storage::Transaction transaction(store.NewSnapshot());
  storage::StoreTables tables(&transaction);
  std::optional<v1::StoreIdentity> identity = tables.Identity();
  if (!tables.status().ok()) return tables.status();
  if (!identity) return absl::DataLossError("the backup is of a store without an identity");
  identity->set_restored(true);
  tables.PutIdentity(*identity);
  return store.Write(transaction.TakeBatch(), storage::Durability::kSync);
}

absl::StatusOr<study::DefinitionSet> LoadDefinitions(const storage::Reader& reader,
                                                     const std::string& study) {
  storage::Transaction transaction(&reader);
  storage::StoreTables tables(&transaction);
  study::DefinitionSet definitions;
  for (std::string& bytes : tables.Definitions(study)) {
    auto definition = study::Definition::FromBytes(std::move(bytes));
    if (!definition.ok()) {
      return absl::DataLossError(
          absl::StrCat("a definition of study ", study,
                       " in the store is damaged: ", definition.status().message()));
    }
    if (absl::Status added = definitions.Add(*std::move(definition)); !added.ok()) return added;
  }
  if (!tables.status().ok()) return tables.status();
  return definitions;
}

}  // namespace trialsync::sync
