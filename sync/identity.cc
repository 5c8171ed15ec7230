// SPDX-License-Identifier: Apache-2.0
#include "sync/identity.h"

#include "absl/strings/str_cat.h"
#include "proto/ids.h"
#include "storage/tables.h"

namespace trialsync::sync {
namespace {

absl::Status CheckIdentity(const v1::StoreIdentity& identity, const std::string& role,
                           const SiteName& name) {
  if (identity.format() > storage::kDiskFormat) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the store has disk format ", identity.format(), ", this release reads up to ",
        storage::kDiskFormat, ": install the newer release again; nothing was changed"));
  }
  const std::string is = identity.role() == "site"
                             ? absl::StrCat("site ", identity.site(), " of study ", identity.study())
                             : identity.role();
  const std::string wanted =
      role == "site" ? absl::StrCat("site ", name.site, " of study ", name.study) : role;
  if (is != wanted) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the store is that of ", is, ", not of ", wanted, ": give each its own --data directory"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<bool> ClaimStore(storage::Transaction& transaction, const std::string& role,
                                const SiteName& name, Entropy& entropy) {
  storage::StoreTables tables(&transaction);
  const std::optional<v1::StoreIdentity> stored = tables.Identity();
  if (!tables.status().ok()) return tables.status();
  if (stored) {
    const absl::Status fits = CheckIdentity(*stored, role, name);
    if (!fits.ok()) return fits;
    return false;
  }
  v1::StoreIdentity identity;
  identity.set_format(storage::kDiskFormat);
  identity.set_role(role);
  identity.set_replica(entropy.Bytes(ReplicaId::kBytes));
  identity.set_incarnation(entropy.U64());
  identity.set_study(name.study);
  identity.set_site(name.site);
  identity.set_epoch(entropy.U64());
  tables.PutIdentity(identity);
  return true;
}

absl::StatusOr<study::DefinitionSet> LoadDefinitions(const storage::Reader& reader,
                                                     const std::string& study) {
  storage::Transaction transaction(&reader);
  storage::StoreTables tables(&transaction);
  study::DefinitionSet definitions;
  for (std::string& bytes : tables.Definitions(study)) {
    auto definition = study::Definition::FromBytes(std::move(bytes));
    if (!definition.ok()) {
      return absl::DataLossError(absl::StrCat("a definition of study ", study,
                                              " in the store is damaged: ",
                                              definition.status().message()));
    }
    if (absl::Status added = definitions.Add(*std::move(definition)); !added.ok()) return added;
  }
  if (!tables.status().ok()) return tables.status();
  return definitions;
}

}  // namespace trialsync::sync
