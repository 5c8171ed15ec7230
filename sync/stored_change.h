// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_STORED_CHANGE_H_
#define TRIALSYNC_SYNC_STORED_CHANGE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "proto/ids.h"
#include "storage/tables.h"
#include "sync/receipt.h"
#include "trialsync/v1/change.pb.h"

namespace trialsync::sync {

// A change read back from the log or from this replica's own chain.
struct StoredChange {
  ChangeId id;
  Stamp stamp;
  bool from_centre = false;
  // Its commit, or kOutboxNumber + seq.
  uint64_t number = 0;
  // The epoch in which it was committed, or of its base.
  uint64_t epoch = 0;
  // Unix time of its receipt; 0 in the outbox.
  int64_t received_time_us = 0;
  // Exactly as made.
  std::string authored;
  v1::Change change;
  // Commit before it on the same record; 0 if none.
  uint64_t previous_of_record = 0;
};

// The change with this commit number or outbox number; nullopt if there is none, or it could not
// be read, which tables.status() tells.
std::optional<StoredChange> ReadChange(storage::PartitionTables& tables, uint64_t number);

// The receipt of this commit; likewise.
std::optional<Receipt> ReadReceipt(storage::PartitionTables& tables, uint64_t number);

// The stamp under which the log has the change; nullopt if it has not.
std::optional<Stamp> PlaceOf(storage::PartitionTables& tables, const ChangeId& id);

// The change with this id, by the table of changes; likewise.
std::optional<StoredChange> FindChange(storage::PartitionTables& tables, const ChangeId& id);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_STORED_CHANGE_H_
