// SPDX-License-Identifier: Apache-2.0
#include "tests/transcripts/words.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "tests/transcripts/script.h"

namespace trialsync::transcripts {

Words::Words(std::string line) : line_(std::move(line)), words_(SplitWords(line_)) {}

std::string Words::Take() {
  if (empty()) Die("a word is missing at its end");
  return words_[next_++];
}

std::string Words::Peek() const {
  if (empty()) Die("a word is missing at its end");
  return words_[next_];
}

uint64_t Words::TakeNumber() {
  uint64_t number = 0;
  if (!absl::SimpleAtoi(Take(), &number)) Die("a number is missing");
  return number;
}

void Words::Expect(std::string_view word) {
  if (Take() != word) Die(std::string("expected ") + std::string(word));
}

bool Words::TakeIf(std::string_view words) {
  const std::vector<std::string> wanted =
      absl::StrSplit(absl::string_view(words.data(), words.size()), ' ');
  if (words_.size() - next_ < wanted.size()) return false;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (words_[next_ + i] != wanted[i]) return false;
  }
  next_ += wanted.size();
  return true;
}

std::optional<std::pair<std::string, std::string>> Words::TakeAssignment() {
  if (empty()) return std::nullopt;
  const size_t equals = words_[next_].find('=');
  if (equals == std::string::npos || equals == 0) return std::nullopt;
  const std::string& word = words_[next_++];
  return std::make_pair(word.substr(0, equals), word.substr(equals + 1));
}

void Words::Die(std::string_view what) const {
  std::fprintf(stderr, "a transcript's command does not read: %s\n  %s\n",
               std::string(what).c_str(), line_.c_str());
  std::abort();
}

void Words::ExpectEnd() const {
  if (!empty()) Die("what follows is not understood: " + words_[next_]);
}

}  // namespace trialsync::transcripts
