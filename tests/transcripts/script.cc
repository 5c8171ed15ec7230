// SPDX-License-Identifier: Apache-2.0
#include "tests/transcripts/script.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace trialsync::transcripts {
namespace {

constexpr char kRule[] = "----";

// Reads line by line; what a line means follows from the lines before it.
class Parser {
 public:
  Script Parse(std::string_view text) {
    for (absl::string_view line : absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
      ++line_number_;
      Take(std::string(line));
    }
    if (part_ == Part::kCommands) Die("commands without ----");
    return std::move(script_);
  }

 private:
  enum class Part { kBetween, kProse, kCommands, kOutput };

  void Take(const std::string& line) {
    if (line.empty()) {
      if (part_ == Part::kCommands) Die("a blank line among commands");
      part_ = Part::kBetween;
      return;
    }
    switch (part_) {
      case Part::kBetween:
        return Begin(line);
      case Part::kProse:
        script_.scenarios.back().prose.push_back(line);
        return;
      case Part::kCommands:
        return TakeCommand(line);
      case Part::kOutput:
        std::string& output = script_.scenarios.back().steps.back().output;
        absl::StrAppend(&output, output.empty() ? "" : "\n", line);
        return;
    }
  }

  void Begin(const std::string& line) {
    if (absl::StartsWith(line, "# ")) {
      script_.scenarios.push_back({.title = line.substr(2), .prose = {}, .steps = {}});
      part_ = Part::kProse;
      return;
    }
    if (script_.scenarios.empty()) Die("a scenario begins with # and its title");
    script_.scenarios.back().steps.emplace_back();
    part_ = Part::kCommands;
    TakeCommand(line);
  }

  void TakeCommand(const std::string& line) {
    std::vector<Command>& commands = script_.scenarios.back().steps.back().commands;
    if (line == kRule) {
      if (commands.empty()) Die("---- without a command");
      part_ = Part::kOutput;
    } else if (!absl::StartsWith(line, "  ")) {
      commands.push_back({.line = line, .block = {}});
    } else {
      if (commands.empty()) Die("an indented line without a command");
      commands.back().block.push_back(line.substr(2));
    }
  }

  [[noreturn]] void Die(const char* what) const {
    std::fprintf(stderr, "line %d of a transcript: %s\n", line_number_, what);
    std::abort();
  }

  Script script_;
  Part part_ = Part::kBetween;
  int line_number_ = 0;
};

void AppendStep(const Step& step, std::string& text) {
  for (const Command& command : step.commands) {
    absl::StrAppend(&text, command.line, "\n");
    for (const std::string& line : command.block) absl::StrAppend(&text, "  ", line, "\n");
  }
  absl::StrAppend(&text, kRule, "\n", step.output, "\n\n");
}

}  // namespace

Script ParseScript(std::string_view text) { return Parser().Parse(text); }

std::string FormatScript(const Script& script) {
  std::string text;
  for (const Scenario& scenario : script.scenarios) {
    absl::StrAppend(&text, "# ", scenario.title, "\n");
    for (const std::string& line : scenario.prose) absl::StrAppend(&text, line, "\n");
    absl::StrAppend(&text, "\n");
    for (const Step& step : scenario.steps) AppendStep(step, text);
  }
  if (!text.empty()) text.pop_back();
  return text;
}

std::vector<std::string> SplitWords(std::string_view line) {
  std::vector<std::string> words;
  bool quoted = false;
  bool inside = false;
  for (const char c : line) {
    if (c == ' ' && !quoted) {
      inside = false;
      continue;
    }
    if (!inside) words.emplace_back();
    inside = true;
    if (c == '"') {
      quoted = !quoted;
    } else {
      words.back().push_back(c);
    }
  }
  return words;
}

}  // namespace trialsync::transcripts
