// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_STUDY_SPELLING_H_
#define TRIALSYNC_STUDY_SPELLING_H_

#include <string>
#include <string_view>
#include <vector>

namespace trialsync::study {

// Names that people take for one and computers for two. Pure; safe to call from any thread.

// Whether `text`, which is UTF-8, is in Unicode's normalization form C: no letter is written apart
// from an accent with which it makes one character.
bool IsComposed(std::string_view text);

// `text`, which is UTF-8, in small letters, in capital ones, and in small ones after the first:
// each once, and without `text` itself.
std::vector<std::string> CaseVariants(std::string_view text);

}  // namespace trialsync::study

#endif  // TRIALSYNC_STUDY_SPELLING_H_
