// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_TRANSCRIPTS_WORDS_H_
#define TRIALSYNC_TESTS_TRANSCRIPTS_WORDS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace trialsync::transcripts {

// The words of one command, taken one after the other. A command that does not read dies, naming
// the line: cases are part of the tests.
class Words {
 public:
  explicit Words(std::string line);

  const std::string& line() const { return line_; }
  bool empty() const { return next_ == words_.size(); }

  // The next word.
  std::string Take();
  // The same without taking it.
  std::string Peek() const;
  uint64_t TakeNumber();
  // The next word, which must be this one.
  void Expect(std::string_view word);
  // Takes the next words if they are these, separated by one space.
  bool TakeIf(std::string_view words);
  // Takes the next word if it is `item=value`.
  std::optional<std::pair<std::string, std::string>> TakeAssignment();

  [[noreturn]] void Die(std::string_view what) const;
  // Dies if a word is left.
  void ExpectEnd() const;

 private:
  const std::string line_;
  std::vector<std::string> words_;
  size_t next_ = 0;
};

}  // namespace trialsync::transcripts

#endif  // TRIALSYNC_TESTS_TRANSCRIPTS_WORDS_H_
