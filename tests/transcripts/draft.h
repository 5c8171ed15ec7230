// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_TRANSCRIPTS_DRAFT_H_
#define TRIALSYNC_TESTS_TRANSCRIPTS_DRAFT_H_

#include <string>

#include "tests/transcripts/stage.h"
#include "tests/transcripts/words.h"
#include "trialsync/v1/change.pb.h"

namespace trialsync::transcripts {

// Reads a change that is made by hand: no rule is looked at, and what it says need not hold. `raw`
// writes it, on the whole log and under version 1 unless the words say otherwise. README.md has the
// words.
v1::Change ReadDraft(Stage& stage, const std::string& author, Words& words);

// Appends a change to the coordinator's log as the centre's own, whatever it says: what no command
// of the centre makes.
void CommitAtCentre(Stage& stage, const v1::Change& change);

}  // namespace trialsync::transcripts

#endif  // TRIALSYNC_TESTS_TRANSCRIPTS_DRAFT_H_
