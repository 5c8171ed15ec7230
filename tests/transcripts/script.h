// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_TRANSCRIPTS_SCRIPT_H_
#define TRIALSYNC_TESTS_TRANSCRIPTS_SCRIPT_H_

#include <string>
#include <string_view>
#include <vector>

// The files in cases/: README.md has the language.
namespace trialsync::transcripts {

// A command, with the indented lines that belong to it.
struct Command {
  std::string line;
  std::vector<std::string> block;
};

// Commands and what they answer together, without the newline at its end.
struct Step {
  std::vector<Command> commands;
  std::string output;
};

struct Scenario {
  std::string title;
  // What it shows: whole lines.
  std::vector<std::string> prose;
  std::vector<Step> steps;
};

struct Script {
  std::vector<Scenario> scenarios;
};

// Reads a file's text. Dies with the line number when it is malformed: cases are part of the tests.
Script ParseScript(std::string_view text);

// The text of a script; of one that was read, the same text up to blank lines.
std::string FormatScript(const Script& script);

// A command line in words. A word ends at a space outside of double quotes, which are taken off.
std::vector<std::string> SplitWords(std::string_view line);

}  // namespace trialsync::transcripts

#endif  // TRIALSYNC_TESTS_TRANSCRIPTS_SCRIPT_H_
