// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_WORDS_H_
#define TRIALSYNC_SYNC_WORDS_H_

#include <string>

#include "trialsync/v1/change.pb.h"

// Words for people, as scripts may compare them too.
namespace trialsync::sync {

// What a change does: `edit`, `decision`, `lock`, `birth` …
std::string ActWord(const v1::Change& change);

// `lock`, `void` …
std::string ActWord(v1::RecordActKind kind);

// What was done to a record by an act: `locked`, `voided` …
std::string ActDone(v1::RecordActKind kind);

// `applied`, `refused` …
std::string OutcomeWord(v1::Outcome outcome);

// Why something is held or refused, as a part of a sentence behind "because"; empty where there is
// nothing to say.
std::string ReasonClause(v1::Reason reason);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_WORDS_H_
