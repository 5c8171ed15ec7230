// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_STUDY_TEXT_H_
#define TRIALSYNC_STUDY_TEXT_H_

#include <string>
#include <string_view>

namespace trialsync::study {

// Whether `text` is well-formed UTF-8 (Unicode 15, table 3-7).
bool IsUtf8(std::string_view text);

// `text` in single quotes for a message: control characters escaped, cut after about 40
// characters, always well-formed UTF-8.
std::string Quoted(std::string_view text);

}  // namespace trialsync::study

#endif  // TRIALSYNC_STUDY_TEXT_H_
