// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_FUZZ_EDIT_MESSAGE_H_
#define TRIALSYNC_TESTS_FUZZ_EDIT_MESSAGE_H_

#include <string>

#include "google/protobuf/message.h"
#include "tests/fuzz/input.h"

// Small harm to what was valid, as the input says: so that what lies behind the first check of a
// message is reached as well.
namespace trialsync::fuzz {

// Changes one field somewhere in `message`: gives a number another value, cuts, extends or replaces
// a text, clears, repeats or reorders, or sets a field that was not there. The message can still be
// serialised, and parses again.
void EditMessage(google::protobuf::Message& message, Input& input);

// Changes, inserts or takes away a few bytes.
void EditBytes(std::string& bytes, Input& input);

}  // namespace trialsync::fuzz

#endif  // TRIALSYNC_TESTS_FUZZ_EDIT_MESSAGE_H_
