// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_BACKEND_H_
#define TRIALSYNC_DAEMON_BACKEND_H_

#include <string>

#include "absl/time/time.h"
#include "daemon/board.h"
#include "daemon/config.h"
#include "daemon/link.h"
#include "daemon/loop_thread.h"
#include "daemon/metrics.h"
#include "daemon/port.h"
#include "daemon/worker_pool.h"
#include "storage/kv.h"

namespace trialsync::daemon {

class BackupMaker;

// What the services stand on. Nothing is owned; all of it outlives the servers and is safe to use
// from any thread.
struct Backend {
  Role role = Role::kCoordinator;
  // Site only: its partition, the coordinator's address, and the link to it.
  SiteName site;
  std::string coordinator;
  Link* link = nullptr;
  // Replica of this store, hexadecimal.
  std::string replica;
  absl::Time start_time;

  const storage::Kv* store = nullptr;
  const Board* board = nullptr;
  Port* port = nullptr;
  LoopThread* loop = nullptr;
  // For reads, and for verifications, which take long.
  WorkerPool* workers = nullptr;
  WorkerPool* verifiers = nullptr;
  BackupMaker* backups = nullptr;
  Metrics* metrics = nullptr;

  bool at_centre() const { return role == Role::kCoordinator; }

  // Hands work to the loop. `waiter` gets the answer once, also when the loop does not take it.
  void Submit(sync::ClientWork work, Port::Waiter waiter) const;
};

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_BACKEND_H_
