// SPDX-License-Identifier: Apache-2.0
#include "sync/site.h"

#include <algorithm>

#include "storage/tables.h"
#include "sync/identity.h"
#include "sync/site_group.h"

namespace trialsync::sync {

absl::Status PrepareSiteStore(storage::Kv& store, storage::Head& head, const SiteOptions& options,
                              absl::Time now, Entropy& entropy) {
  for (const auto& [what, name] : {std::pair("study", options.name.study),
                                   std::pair("site", options.name.site)}) {
    if (absl::Status valid = CheckShortName(what, name); !valid.ok()) return valid;
  }
  return PrepareStore(store, head, "site", options.name, now, entropy);
}

absl::Status SiteMachine::Resting() {
  return absl::UnavailableError(
      "this site's store lacks what it had acknowledged, and first gets from the coordinator what it "
      "does not have any more: see trialsync recovery show; ask again when that is done");
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
  // More of it may be in the log than here, while the store recovers.
  machine->receipted_seq_ = std::min(tables.ReceiptedSeq(), machine->last_seq_);
  machine->index_rows_left_ = machine->outbox_count() != 0;
  machine->recovery_ = LastRecovery(store);
  machine->status_.resting = machine->resting();
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
