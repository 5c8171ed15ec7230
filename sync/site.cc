// SPDX-License-Identifier: Apache-2.0
#include "sync/site.h"

#include "absl/strings/str_cat.h"
#include "storage/tables.h"
#include "sync/chain.h"
#include "sync/identity.h"
#include "sync/site_group.h"

namespace trialsync::sync {
namespace {

// The hash of the own chain at `seq`; nullopt if the row there is missing, or is not what follows
// on the one before it.
std::optional<Sha256> ChainHashAt(storage::PartitionTables& tables, uint64_t incarnation,
                                  uint64_t seq) {
  const std::optional<v1::OwnRow> row = tables.Own(incarnation, seq);
  Sha256 before;
  if (seq > 1) {
    const std::optional<v1::OwnRow> row_before = tables.Own(incarnation, seq - 1);
    const absl::StatusOr<Sha256> hash = Sha256FromBytes(row_before ? row_before->chain() : "");
    if (!hash.ok()) return std::nullopt;
    before = *hash;
  }
  const Sha256 hash = row ? NextChainHash(before, Sha256Of(row->authored())) : Sha256();
  if (!row || row->chain() != hash.view()) return std::nullopt;
  return hash;
}

}  // namespace

absl::Status PrepareSiteStore(std::shared_ptr<const storage::Snapshot> snapshot,
                              const SiteOptions& options, Entropy& entropy,
                              storage::WriteBatch& writes) {
  for (const auto& [what, name] :
       {std::pair("study", options.name.study), std::pair("site", options.name.site)}) {
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
  if (machine->last_seq_ != 0) {
    const std::optional<Sha256> hash = ChainHashAt(tables, chain->incarnation, machine->last_seq_);
    if (!hash) return absl::DataLossError("the end of the replica's chain is damaged");
    machine->last_hash_ = *hash;
  }
  const std::optional<v1::ChainHead> receipted = tables.Chain(*chain);
  machine->receipted_seq_ = receipted ? receipted->seq() : 0;
  if (machine->receipted_seq_ > machine->last_seq_ && tables.status().ok()) {
    return absl::DataLossError(absl::StrCat("the log has ", machine->receipted_seq_,
                                            " changes of this replica, its own chain ",
                                            machine->last_seq_, "; run: trialsync verify"));
  }
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
