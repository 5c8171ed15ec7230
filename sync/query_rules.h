// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_QUERY_RULES_H_
#define TRIALSYNC_SYNC_QUERY_RULES_H_

#include "study/definition.h"
#include "sync/judgement.h"
#include "sync/partition_state.h"

// Queries: questions on a value, opened by a person or by a check that failed. They change no
// value, so no lock holds them.
namespace trialsync::sync {

Judgement MergeQueryOpening(PartitionState& state, const Arriving& arriving,
                            const study::Definition& definition);

// An answer to, or the closing of, a query: held while the change that opened it is; recorded in
// the query's thread also where it is closed already.
Judgement MergeQueryTurn(PartitionState& state, const Arriving& arriving);

// Runs the checks of the record's form on what stands. A hard check that fails opens a query, an
// effect of this commit whose identity is (change, check); one that holds again closes it.
void UpdateCheckQueries(PartitionState& state, const Arriving& arriving,
                        const study::Definition& definition, v1::RecordState& record);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_QUERY_RULES_H_
