// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "google/protobuf/stubs/logging.h"
#include "tests/fuzz/target.h"

// Replays corpus/TARGET of every target, and mutations of it that are the same in every run. An
// input that ends the process is written to a file first, for the corpus or to be run again:
//
//   TRIALSYNC_FUZZ_INPUT=FILE fuzz_replay_test --gtest_filter='*/TARGET'
//
// More mutations, without clang and at full speed, others for each seed:
//
//   TRIALSYNC_FUZZ_SECONDS=600 TRIALSYNC_SEED=2 fuzz_replay_test --gtest_filter='*Mut*/TARGET'
namespace trialsync::fuzz {
namespace {

namespace fs = std::filesystem;

// Mutations of a target in an ordinary run: this many, but no longer than this.
constexpr uint64_t kMutationsMax = 2000;
constexpr absl::Duration kTimeMax = absl::Seconds(2);

constexpr size_t kInputBytesMax = 16384;

// What runs now, for the signal handler.
const std::string* current_input = nullptr;
std::string finding_file;

void WriteFinding(int signal) {
  if (current_input != nullptr) {
    std::ofstream(finding_file, std::ios::binary) << *current_input;
    std::fprintf(stderr, "the input that ended the process is in %s\n", finding_file.c_str());
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

// A number from the environment.
uint64_t Asked(const char* variable, uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  uint64_t number = 0;
  return text != nullptr && absl::SimpleAtoi(text, &number) ? number : otherwise;
}

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// By name, so that a run is like any other.
std::vector<std::string> ReadCorpus(std::string_view target) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(fs::path("tests/fuzz/corpus") / target)) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> corpus;
  for (const fs::path& path : paths) corpus.push_back(ReadFile(path));
  return corpus;
}

// A few small changes to one input of the corpus, in part with pieces of another.
class Mutator {
 public:
  Mutator(const std::vector<std::string>& corpus, uint64_t seed) : corpus_(corpus), random_(seed) {}

  std::string Next() {
    std::string input = Any();
    for (size_t changes = 1 + Below(4); changes > 0; --changes) Change(input);
    if (input.size() > kInputBytesMax) input.resize(kInputBytesMax);
    return input;
  }

 private:
  size_t Below(size_t count) { return static_cast<size_t>(random_() % count); }
  const std::string& Any() { return corpus_[Below(corpus_.size())]; }
  std::string Piece(const std::string& text) {
    const size_t at = Below(text.size() + 1);
    return text.substr(at, Below(text.size() - at + 1));
  }

  void Change(std::string& input) {
    const size_t at = Below(input.size() + 1);
    switch (Below(6)) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << Below(8)));
        return;
      case 1:
        if (at < input.size()) input[at] = static_cast<char>(Below(256));
        return;
      case 2:
        input.insert(at, std::string(1 + Below(4), static_cast<char>(Below(256))));
        return;
      case 3:
        input.erase(at, 1 + Below(8));
        return;
      case 4:
        input.insert(at, Piece(input));
        return;
      default:
        input.insert(at, Piece(Any()));
    }
  }

  const std::vector<std::string>& corpus_;
  std::mt19937_64 random_;
};

class Replay : public testing::TestWithParam<Target> {
 protected:
  void SetUp() override {
    // It writes a line of each text that is not UTF-8.
    google::protobuf::SetLogHandler(nullptr);
    finding_file = absl::StrCat(testing::TempDir(), "finding-", std::string(GetParam().name));
    for (const int signal : {SIGABRT, SIGSEGV, SIGFPE, SIGBUS, SIGILL}) {
      std::signal(signal, WriteFinding);
    }
  }

  void RunOne(const std::string& input) {
    current_input = &input;
    GetParam().run(input);
    current_input = nullptr;
  }
};

TEST_P(Replay, Corpus) {
  if (const char* file = std::getenv("TRIALSYNC_FUZZ_INPUT")) return RunOne(ReadFile(file));
  const std::vector<std::string> corpus = ReadCorpus(GetParam().name);
  ASSERT_FALSE(corpus.empty());
  for (const std::string& input : corpus) RunOne(input);
}

TEST_P(Replay, Mutations) {
  if (std::getenv("TRIALSYNC_FUZZ_INPUT") != nullptr) GTEST_SKIP();
  const std::vector<std::string> corpus = ReadCorpus(GetParam().name);
  ASSERT_FALSE(corpus.empty());
  const uint64_t seconds = Asked("TRIALSYNC_FUZZ_SECONDS", 0);
  const uint64_t mutations_max = seconds == 0 ? kMutationsMax : ~uint64_t{0};
  const absl::Time end =
      absl::Now() + (seconds == 0 ? kTimeMax : absl::Seconds(static_cast<int64_t>(seconds)));
  Mutator mutator(corpus, Asked("TRIALSYNC_SEED", 1));
  uint64_t mutations = 0;
  for (; mutations < mutations_max && absl::Now() < end; ++mutations) RunOne(mutator.Next());
  std::printf("%s: %s mutations\n", std::string(GetParam().name).c_str(),
              absl::StrCat(mutations).c_str());
}

INSTANTIATE_TEST_SUITE_P(Targets, Replay, testing::ValuesIn(Targets()),
                         [](const auto& target) { return std::string(target.param.name); });

}  // namespace
}  // namespace trialsync::fuzz
