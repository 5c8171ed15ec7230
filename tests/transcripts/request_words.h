// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_TRANSCRIPTS_REQUEST_WORDS_H_
#define TRIALSYNC_TESTS_TRANSCRIPTS_REQUEST_WORDS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/numbers.h"
#include "tests/transcripts/words.h"

// The words that requests of several kinds have in common.
namespace trialsync::transcripts {

// A text as it is meant: `x*1048576` is a million of x.
inline std::string Expand(const std::string& text) {
  const size_t star = text.find('*');
  size_t count = 0;
  if (star != 1 || !absl::SimpleAtoi(text.substr(2), &count)) return text;
  return std::string(count, text[0]);
}

// Takes who does it, or the client's id of the request; false, and nothing taken, if neither is
// next.
template <typename Request>
bool TakeCommon(Words& words, Request& request) {
  if (words.TakeIf("by")) {
    request.set_author(Expand(words.Take()));
  } else if (words.TakeIf("request")) {
    request.set_request_id(Expand(words.Take()));
  } else {
    return false;
  }
  return true;
}

template <typename Request>
bool TakeReason(Words& words, Request& request) {
  if (!words.TakeIf("reason")) return false;
  request.set_reason(Expand(words.Take()));
  return true;
}

// `v2`.
inline uint32_t VersionNumber(Words& words) {
  uint32_t number = 0;
  if (!absl::SimpleAtoi(words.Take().substr(1), &number)) words.Die("a version is written v1");
  return number;
}

}  // namespace trialsync::transcripts

#endif  // TRIALSYNC_TESTS_TRANSCRIPTS_REQUEST_WORDS_H_
