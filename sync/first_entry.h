// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_FIRST_ENTRY_H_
#define TRIALSYNC_SYNC_FIRST_ENTRY_H_

#include <functional>

#include "storage/tables.h"
#include "study/definition.h"
#include "sync/judgement.h"
#include "trialsync/v1/state.pb.h"

// A form that was filled once: most records of a trial are that, and stay it. Their row is the
// number of the commit that filled them, and what stands follows from the change itself, so that a
// store does not hold each value twice.
namespace trialsync::sync {

// Whether an edit of a record of which there is nothing yet is applied as it is and opens no query:
// a commit of its own, every item the author's side's to write and none a part of another, and no
// hard check fails. Requires that the edit was admitted.
bool IsFirstEntry(const Arriving& arriving, const study::Definition& definition);

// The row of such a record.
v1::RecordState FirstEntryRow(const v1::RecordKey& key, uint64_t number);

// Makes a row what stands: one that says only its first entry is replaced by what that change
// wrote; others stay. A change or version that is missing, and a row that names what is not there,
// is a failed read of `tables`; nothing but the key is left in it.
void ExpandFirstEntry(storage::PartitionTables& tables, const study::DefinitionSet& definitions,
                      v1::RecordState& record);

// Visits all records of a partition, each as it stands, in the order of their keys.
void ForEachRecord(storage::PartitionTables& tables, const study::DefinitionSet& definitions,
                   const std::function<void(const v1::RecordState& record)>& visit);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_FIRST_ENTRY_H_
