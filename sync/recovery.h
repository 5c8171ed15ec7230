// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_RECOVERY_H_
#define TRIALSYNC_SYNC_RECOVERY_H_

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "proto/ids.h"
#include "storage/tables.h"
#include "trialsync/v1/state.pb.h"

// What a site does when its store went back or was copied, or its log was rewound (protocol §9, §10):
// it draws a new incarnation, pulls the log, and stamps again what of its outbox the log does not
// have. Nothing here is
// durable before the caller writes it.
namespace trialsync::sync {

// The last recovery of a store, with its place in the table; nullopt if there never was one.
struct Recovery {
  uint64_t index = 0;
  v1::RecoveryRow row;

  bool open() const { return row.ended_time_us() == 0; }
  // A copy, which works on by itself until a person makes it a replica of its own.
  bool waits_for_person() const { return open() && row.incarnation_after() == 0; }
  // One that lacks what its people were told is saved: they would write against values that they
  // have seen replaced.
  bool rests() const {
    return open() && row.cause() != v1::RECOVERY_CAUSE_WENT_BACK &&
           row.cause() != v1::RECOVERY_CAUSE_COPIED && row.cause() != v1::RECOVERY_CAUSE_REWOUND;
  }
};
std::optional<Recovery> LastRecovery(storage::StoreTables& tables);

// A recovery that begins; without an incarnation to go on with.
v1::RecoveryRow NewRecovery(const v1::StoreIdentity& identity, v1::RecoveryCause cause,
                            absl::Time now);
// Notes that an own chain had reached `seq`; of two incarnations the first one that is told counts.
void TakeTold(uint64_t incarnation, uint64_t seq, v1::RecoveryRow& row);
// Adds it behind the others. One that is open is taken over: its beginning stays, and its cause,
// unless the new one rests and it did not.
// Returns what is stored.
Recovery AddRecovery(storage::StoreTables& tables, v1::RecoveryRow row);

// What a recovery leaves for the machine.
struct Recovered {
  ChainId chain;
  uint64_t last_seq = 0;
  Sha256 last_hash;
  // Own changes that were unsent as far as this store knew, and are in the log: their commits.
  struct Receipted {
    uint64_t number = 0;
    v1::OwnRow own;
  };
  std::vector<Receipted> receipted;
};

// Ends an open recovery once the log is as far as the coordinator's: lets go of what of the outbox
// the log has, by whatever way it came there; stamps the rest again under the incarnation that
// `recovery` names; and writes the identity and the report. `now` is for the report. Failed reads
// are told by the tables.
Recovered EndRecovery(storage::StoreTables& store, storage::PartitionTables& tables,
                      Recovery recovery, absl::Time now);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_RECOVERY_H_
