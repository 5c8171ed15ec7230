// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/transcripts/runner.h"
#include "tests/transcripts/script.h"

namespace trialsync::transcripts {
namespace {

constexpr char kCases[] = "tests/transcripts/cases";
constexpr size_t kScenariosMin = 60;

// One scenario: its file, and its place there.
struct Place {
  std::string path;
  size_t index = 0;
  std::string name;
};

Script Load(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return ParseScript(text.str());
}

std::string TestName(const std::string& path, const std::string& title) {
  std::string name = std::filesystem::path(path).stem().string() + "_" + title;
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
}

std::vector<Place> Places() {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(kCases)) {
    if (entry.path().extension() == ".txt") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Place> places;
  for (const std::string& path : paths) {
    const Script script = Load(path);
    for (size_t i = 0; i < script.scenarios.size(); ++i) {
      places.push_back({path, i, TestName(path, script.scenarios[i].title)});
    }
  }
  return places;
}

bool Rewriting() {
  const char* const rewrite = std::getenv("TRIALSYNC_REWRITE");
  return rewrite != nullptr && std::string(rewrite) == "1";
}

class TranscriptTest : public testing::TestWithParam<Place> {};

TEST_P(TranscriptTest, IsAsWritten) {
  Script script = Load(GetParam().path);
  Scenario& scenario = script.scenarios[GetParam().index];
  Runner runner;
  for (Step& step : scenario.steps) {
    const std::string printed = runner.Play(step.commands);
    if (Rewriting()) {
      step.output = printed;
    } else {
      EXPECT_EQ(printed, step.output)
          << GetParam().path << ": " << scenario.title << "\n" << step.commands.front().line;
    }
  }
  EXPECT_EQ(runner.CheckEnd(), "") << GetParam().path << ": " << scenario.title;
  if (Rewriting()) std::ofstream(GetParam().path) << FormatScript(script);
}

INSTANTIATE_TEST_SUITE_P(Cases, TranscriptTest, testing::ValuesIn(Places()),
                         [](const auto& place) { return place.param.name; });

TEST(TranscriptsTest, AreAsManyAsPromised) { EXPECT_GE(Places().size(), kScenariosMin); }

TEST(TranscriptsTest, AreWrittenAsTheyWouldBeRewritten) {
  std::set<std::string> paths;
  for (const Place& place : Places()) paths.insert(place.path);
  for (const std::string& path : paths) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    EXPECT_EQ(FormatScript(ParseScript(text.str())), text.str()) << path;
  }
}

}  // namespace
}  // namespace trialsync::transcripts
