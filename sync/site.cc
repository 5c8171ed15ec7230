// SPDX-License-Identifier: Apache-2.0
#include "sync/site.h"

#include "storage/tables.h"
#include "sync/identity.h"
#include "sync/site_group.h"

namespace trialsync::sync {

absl::Status PrepareSiteStore(std::shared_ptr<const storage::Snapshot> snapshot,
                              const SiteOptions& options, Entropy& entropy,
                              storage::WriteBatch& writes) {
  for (const auto& [what, name] : {std::pair("study", options.name.study),
                                   std::pair("site", options.name.site)}) {
    if (absl::Status valid = CheckShortName(what, name); !valid.ok()) return valid;
  }
  storage::Transaction transaction(std::move(snapshot));
  const absl::StatusOr<bool> fresh = ClaimStore(transaction, "site", options.name, entropy);
  if (!fresh.ok()) return fresh.status();
  if (*fresh) storage::StoreTables(&transaction).AddPartition(options.name);
  writes = transaction.TakeBatch();
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<SiteMachine>> SiteMachine::Open(
    std::shared_ptr<const storage::Snapshot> snapshot, SiteOptions options, uint64_t boot,
    Entropy* entropy) {
  std::unique_ptr<SiteMachine> machine(new SiteMachine(std::move(options), boot, entropy));
  absl::StatusOr<study::DefinitionSet> definitions =
      LoadDefinitions(*snapshot, machine->options_.name.study);
  if (!definitions.ok()) return definitions.status();
  machine->definitions_ = *std::move(definitions);

  storage::Transaction transaction(std::move(snapshot));
  storage::StoreTables store(&transaction);
  const std::optional<PartitionNumber> partition = store.FindPartition(machine->options_.name);
  if (!partition) return absl::DataLossError("the store has lost its partition");
  machine->partition_ = *partition;

  storage::PartitionTables tables(&transaction, *partition);
  const std::optional<ChainId> chain = tables.OwnChain();
  if (!chain) return absl::DataLossError("the store has lost its identity");
  machine->chain_ = *chain;
  machine->last_seq_ = tables.LastOwn(chain->incarnation);
  if (const auto last = tables.Own(chain->incarnation, machine->last_seq_)) {
    const absl::StatusOr<Sha256> hash = Sha256FromBytes(last->chain());
    if (!hash.ok()) return absl::DataLossError("the end of the replica's chain is damaged");
    machine->last_hash_ = *hash;
  }
  machine->receipted_seq_ = tables.ReceiptedSeq();
  machine->index_rows_left_ = machine->outbox_count() != 0;
  if (!store.status().ok()) return store.status();
  if (!tables.status().ok()) return tables.status();
  return machine;
}

absl::Status SiteMachine::Step(std::span<const Input> inputs, absl::Time now,
                               std::shared_ptr<const storage::Snapshot> snapshot, Ready& ready) {
  Group group(*this, now, std::move(snapshot), ready);
  for (const Input& input : inputs) {
    std::visit([&group](const auto& one) { group.Handle(one); }, input);
  }
  return group.Finish();
}

}  // namespace trialsync::sync
