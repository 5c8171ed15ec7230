// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_OPEN_MACHINE_H_
#define TRIALSYNC_DAEMON_OPEN_MACHINE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/board.h"
#include "daemon/config.h"
#include "storage/head.h"
#include "storage/kv.h"
#include "sync/machine.h"
#include "sync/note_key.h"

namespace trialsync::daemon {

// The state machine of a daemon's role, opened over its store.
struct OpenedMachine {
  // Of a coordinator; outlives the machine.
  std::unique_ptr<sync::SigningKey> signing_key;
  std::unique_ptr<sync::Machine> machine;
  PostingMachine::MakeNotice make_notice;
  // Of this store, hexadecimal.
  std::string replica;
};

// Makes a new store this replica's, or looks whether it has all that its head says, and opens its
// machine. FAILED_PRECONDITION when the store is
// somebody else's; DATA_LOSS when it is damaged. `entropy` must outlive the machine.
absl::StatusOr<OpenedMachine> OpenMachine(const Config& config, storage::Kv& store,
                                          storage::Head& head, sync::Entropy& entropy);

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_OPEN_MACHINE_H_
