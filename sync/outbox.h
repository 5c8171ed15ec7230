// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_OUTBOX_H_
#define TRIALSYNC_SYNC_OUTBOX_H_

#include <cstdint>

#include "storage/tables.h"
#include "trialsync/v1/state.pb.h"

// The rows by which a view finds the own changes that the log does not have yet: those of a record,
// of a birth, under a label. An own row says itself which they are.
namespace trialsync::sync {

void AddToOutbox(storage::PartitionTables& tables, uint64_t seq, const v1::OwnRow& row);
void RemoveFromOutbox(storage::PartitionTables& tables, uint64_t seq, const v1::OwnRow& row);
// The same but for the row of a record: it does not count once the change has a receipt.
void RemoveBirthsFromOutbox(storage::PartitionTables& tables, uint64_t seq, const v1::OwnRow& row);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_OUTBOX_H_
