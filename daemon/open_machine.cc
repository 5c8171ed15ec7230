// SPDX-License-Identifier: Apache-2.0
#include "daemon/open_machine.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "daemon/log.h"
#include "daemon/signing_key.h"
#include "daemon/version.h"
#include "storage/tables.h"
#include "storage/transaction.h"

namespace trialsync::daemon {
namespace {

// Of the random part of a key's name.
constexpr size_t kKeyNameBytes = 4;

absl::StatusOr<OpenedMachine> OpenSite(const Config& config, storage::Kv& store,
                                       storage::Head& head, sync::Entropy& entropy) {
  sync::SiteOptions options;
  options.name = config.site;
  options.software_version = kSoftwareVersion;
  const absl::Status prepared =
      sync::PrepareSiteStore(store, head, options, absl::Now(), entropy);
  if (!prepared.ok()) return prepared;
  auto machine = sync::SiteMachine::Open(store.NewSnapshot(), options, entropy.U64(), &entropy);
  if (!machine.ok()) return machine.status();
  const sync::SiteMachine* const site = machine->get();
  if (site->status().resting) {
    Log(LogLevel::kError, "the store has less than it acknowledged, or is not the one that its head "
                          "file is about: it waits for the coordinator",
        {{"see", "trialsync recovery show"}});
  }
  return OpenedMachine{
      .signing_key = nullptr,
      .machine = *std::move(machine),
      .make_notice = [site, study = config.site.study] { return NoticeOf(*site, study); },
      .replica = ""};
}

// Whether it has never been a coordinator's.
absl::StatusOr<bool> IsNew(const storage::Kv& store) {
  storage::Transaction transaction(store.NewSnapshot());
  storage::StoreTables tables(&transaction);
  const bool is_new = !tables.Identity().has_value();
  if (!tables.status().ok()) return tables.status();
  return is_new;
}

absl::StatusOr<OpenedMachine> OpenCoordinator(const Config& config, storage::Kv& store,
                                              storage::Head& head, sync::Entropy& entropy) {
  const absl::StatusOr<bool> is_new = IsNew(store);
  if (!is_new.ok()) return is_new.status();
  // Before the store has an identity: so whoever finds one without a key has lost the key.
  absl::StatusOr<sync::SigningKey> key =
      OpenSigningKey(config.data_directory,
                     absl::StrCat("coordinator-", ToHex(entropy.Bytes(kKeyNameBytes))), *is_new,
                     entropy);
  if (!key.ok()) return key.status();
  auto signing_key = std::make_unique<sync::SigningKey>(*std::move(key));
  const absl::Status prepared = sync::PrepareCoordinatorStore(store, head, absl::Now(), entropy);
  if (!prepared.ok()) return prepared;
  sync::CoordinatorOptions options;
  // Until replicas have identities, --insecure lets in whoever reaches the port.
  options.enrol_at_first_contact = true;
  options.signing_key = signing_key.get();
  auto machine = sync::CoordinatorMachine::Open(store.NewSnapshot(), options, &entropy);
  if (!machine.ok()) return machine.status();
  const sync::CoordinatorMachine* const coordinator = machine->get();
  return OpenedMachine{.signing_key = std::move(signing_key),
                       .machine = *std::move(machine),
                       .make_notice = [coordinator] { return NoticeOf(*coordinator); },
                       .replica = ""};
}

}  // namespace

absl::StatusOr<OpenedMachine> OpenMachine(const Config& config, storage::Kv& store,
                                          storage::Head& head, sync::Entropy& entropy) {
  absl::StatusOr<OpenedMachine> opened = config.role == Role::kSite
                                             ? OpenSite(config, store, head, entropy)
                                             : OpenCoordinator(config, store, head, entropy);
  if (!opened.ok()) return opened;
  storage::Transaction transaction(store.NewSnapshot());
  storage::StoreTables tables(&transaction);
  const std::optional<v1::StoreIdentity> identity = tables.Identity();
  if (!identity) return absl::DataLossError("the store has lost its identity");
  opened->replica = ToHex(identity->replica());
  return opened;
}

}  // namespace trialsync::daemon
