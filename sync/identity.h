// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_IDENTITY_H_
#define TRIALSYNC_SYNC_IDENTITY_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "proto/names.h"
#include "storage/head.h"
#include "storage/kv.h"
#include "study/definition.h"
#include "sync/machine.h"
#include "trialsync/v1/state.pb.h"

namespace trialsync::sync {

// Makes sure that a store is of this role (and, for a site, of this study and site), and that it
// has all that `head` says it acknowledged. A new store is given its identity: random replica id,
// incarnation and epoch, and the partition of a site. One that is short of its head has a recovery
// opened, under a new incarnation; a coordinator's draws a new epoch, too. So does one of which a
// person says that it was restored, or of which MarkRestored() said so. What it writes is durable
// when it returns OK. FAILED_PRECONDITION names what the store is, when it is something else or of
// a newer format; it is untouched then. Otherwise the errors of the store and of the head.
absl::Status PrepareStore(storage::Kv& store, storage::Head& head, const std::string& role,
                          const SiteName& name, bool said_restored, absl::Time now,
                          Entropy& entropy);

// Notes in a store that was put back from a backup that it was: the next PrepareStore() opens a
// recovery. DATA_LOSS if the store has no identity; otherwise its errors.
absl::Status MarkRestored(storage::Kv& store);

// The definitions of a study in a store; DATA_LOSS if one is damaged.
absl::StatusOr<study::DefinitionSet> LoadDefinitions(const storage::Reader& reader,
                                                     const std::string& study);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_IDENTITY_H_
