// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_TRANSCRIPTS_CASES_H_
#define TRIALSYNC_TESTS_TRANSCRIPTS_CASES_H_

#include <cstddef>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "tests/transcripts/script.h"

// Files of scenarios as parameters of a test.
namespace trialsync::transcripts {

// One scenario: its file, and its place there.
struct Case {
  std::string path;
  size_t index = 0;
  // `FILE_Title_of_it`, as a test may be called.
  std::string name;
};
void PrintTo(const Case& place, std::ostream* out);

// Every scenario of the .txt files in `directory`, file by file.
std::vector<Case> CasesIn(const std::string& directory);

// Plays the steps of one scenario: `play` does the commands of a step and returns what they print,
// which must be what the file says. With TRIALSYNC_REWRITE=1 it is written into the file instead.
void PlayCase(const Case& place,
              const std::function<std::string(const std::vector<Command>&)>& play);

// Every file must be as rewriting it would leave it.
void ExpectWrittenAsRewritten(const std::vector<Case>& cases);

}  // namespace trialsync::transcripts

#endif  // TRIALSYNC_TESTS_TRANSCRIPTS_CASES_H_
