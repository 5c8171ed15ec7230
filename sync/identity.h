// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_IDENTITY_H_
#define TRIALSYNC_SYNC_IDENTITY_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "proto/names.h"
#include "storage/kv.h"
#include "storage/transaction.h"
#include "study/definition.h"
#include "sync/machine.h"
#include "trialsync/v1/state.pb.h"

namespace trialsync::sync {

// Makes sure that a store is of this role (and, for a site, of this study and site). A new store is
// given its identity in `transaction`: random replica id, incarnation and epoch; true then.
// FAILED_PRECONDITION names what the store is, when it is something else or of a newer format.
absl::StatusOr<bool> ClaimStore(storage::Transaction& transaction, const std::string& role,
                                const SiteName& name, Entropy& entropy);

// The definitions of a study in a store; DATA_LOSS if one is damaged.
absl::StatusOr<study::DefinitionSet> LoadDefinitions(const storage::Reader& reader,
                                                     const std::string& study);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_IDENTITY_H_
