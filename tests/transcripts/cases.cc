// SPDX-License-Identifier: Apache-2.0
#include "tests/transcripts/cases.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace trialsync::transcripts {
namespace {

std::string Read(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string TestName(const std::string& path, const std::string& title) {
  std::string name = std::filesystem::path(path).stem().string() + "_" + title;
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
}

bool Rewriting() {
  const char* const rewrite = std::getenv("TRIALSYNC_REWRITE");
  return rewrite != nullptr && std::string(rewrite) == "1";
}

}  // namespace

void PrintTo(const Case& place, std::ostream* out) { *out << place.name; }

std::vector<Case> CasesIn(const std::string& directory) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == ".txt") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Case> cases;
  for (const std::string& path : paths) {
    const Script script = ParseScript(Read(path));
    for (size_t i = 0; i < script.scenarios.size(); ++i) {
      cases.push_back({path, i, TestName(path, script.scenarios[i].title)});
    }
  }
  return cases;
}

void PlayCase(const Case& place,
              const std::function<std::string(const std::vector<Command>&)>& play) {
  Script script = ParseScript(Read(place.path));
  Scenario& scenario = script.scenarios[place.index];
  for (Step& step : scenario.steps) {
    const std::string printed = play(step.commands);
    if (Rewriting()) {
      step.output = printed;
    } else {
      EXPECT_EQ(printed, step.output) << place.path << ": " << scenario.title << "\n"
                                      << step.commands.front().line;
    }
  }
  if (Rewriting()) std::ofstream(place.path) << FormatScript(script);
}

void ExpectWrittenAsRewritten(const std::vector<Case>& cases) {
  std::set<std::string> paths;
  for (const Case& place : cases) paths.insert(place.path);
  for (const std::string& path : paths) {
    const std::string text = Read(path);
    EXPECT_EQ(FormatScript(ParseScript(text)), text) << path;
  }
}

}  // namespace trialsync::transcripts
