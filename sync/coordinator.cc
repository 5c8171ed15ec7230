// SPDX-License-Identifier: Apache-2.0
#include "sync/coordinator.h"

#include "absl/strings/str_cat.h"
#include "storage/tables.h"
#include "sync/coordinator_group.h"
#include "sync/identity.h"

namespace trialsync::sync {

absl::Status PrepareCoordinatorStore(storage::Kv& store, storage::Head& head, absl::Time now,
                                     Entropy& entropy) {
  return PrepareStore(store, head, "coordinator", {}, now, entropy);
}

absl::StatusOr<std::unique_ptr<CoordinatorMachine>> CoordinatorMachine::Open(
    std::shared_ptr<const storage::Snapshot> snapshot, CoordinatorOptions options,
    Entropy* entropy) {
  std::unique_ptr<CoordinatorMachine> machine(new CoordinatorMachine(options, entropy));
  storage::Transaction transaction(snapshot);
  storage::StoreTables store(&transaction);
  const std::optional<v1::StoreIdentity> identity = store.Identity();
  const auto replica = identity ? ReplicaId::From(identity->replica()) : std::nullopt;
  if (!replica) return absl::DataLossError("the store has lost its identity");
  machine->centre_ = {*replica, identity->incarnation()};
  machine->epoch_ = identity->epoch();
  const std::string key = store.VerifierKey();
  const std::string given = options.signing_key->verifier().ToString();
  if (!key.empty() && key != given) {
    return absl::FailedPreconditionError(
        absl::StrCat("the store is signed with the key ", key, ", and this one is ", given,
                     ": put back the signing key that this coordinator had"));
  }
  machine->key_stored_ = !key.empty();

  for (const std::string& study : store.Studies()) {
    absl::StatusOr<study::DefinitionSet> definitions = LoadDefinitions(*snapshot, study);
    if (!definitions.ok()) return definitions.status();
    machine->definitions_[study] =
        std::make_shared<const study::DefinitionSet>(*std::move(definitions));
  }
  for (const storage::StoreTables::Partition& partition : store.Partitions()) {
    machine->partitions_[partition.name] = {partition.number, partition.name};
    storage::PartitionTables tables(&transaction, partition.number);
    for (const v1::ChainHead& chain : tables.Chains()) {
      const auto id = ReplicaId::From(chain.replica());
      if (!id || *id == machine->centre_.replica) continue;
      machine->replicas_[{partition.name, *id}].replica = *id;
    }
    if (!tables.status().ok()) return tables.status();
  }
  if (!store.status().ok()) return store.status();
  return machine;
}

absl::Status CoordinatorMachine::Step(std::span<const Input> inputs, absl::Time now,
                                      std::shared_ptr<const storage::Snapshot> snapshot,
                                      Ready& ready) {
  Group group(*this, now, std::move(snapshot), ready);
  for (const Input& input : inputs) {
    std::visit([&group](const auto& one) { group.Handle(one); }, input);
  }
  return group.Finish();
}

}  // namespace trialsync::sync
