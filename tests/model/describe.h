// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_MODEL_DESCRIBE_H_
#define TRIALSYNC_TESTS_MODEL_DESCRIBE_H_

#include <string>

#include "tests/model/partition.h"

// Readable lines for transcripts and failures.
namespace trialsync::model {

std::string Describe(Outcome outcome);
std::string Describe(ActKind kind);

// "A4 1 disputed", "B2 held (locked by C3)".
std::string Describe(const Judgement& judgement);

// "commit 7: A4 1 disputed; B2 1 applied".
std::string Describe(const CommitResult& result);

}  // namespace trialsync::model

#endif  // TRIALSYNC_TESTS_MODEL_DESCRIBE_H_
