// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_MODEL_RECOVERY_DESCRIBE_H_
#define TRIALSYNC_TESTS_MODEL_RECOVERY_DESCRIBE_H_

#include <string>

#include "tests/model/recovery/log.h"
#include "tests/model/recovery/site.h"

// Readable lines for transcripts.
namespace trialsync::model::recovery {

std::string Describe(Position position);     // "7:12": number 12 of epoch 7
std::string Describe(Stamp stamp);           // "c3/2": second on incarnation 3
std::string Describe(const Change& change);  // "14 (base 7:12, item 2)"
std::string Describe(const Batch& batch);    // "14 15 as c3/2"
std::string Describe(const Site& site);      // "log 7:12, outbox 14 15 as c3/2"
std::string Describe(const Log& log);        // "7: 1 2 3 | 9: record 4", with stamps

}  // namespace trialsync::model::recovery

#endif  // TRIALSYNC_TESTS_MODEL_RECOVERY_DESCRIBE_H_
