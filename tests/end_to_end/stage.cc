// SPDX-License-Identifier: Apache-2.0
#include "tests/end_to_end/stage.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <regex>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace trialsync::end_to_end {
namespace {

constexpr char kStudyFile[] = "tests/end_to_end/outcomes/v1.yaml";
constexpr char kCentre[] = "centre";
constexpr size_t kShortDigits = 12;  // of an id where it is cut short

[[noreturn]] void Die(const std::string& line, const std::string& why) {
  std::fprintf(stderr, "a scenario's command does not read: %s\n  %s\n", why.c_str(), line.c_str());
  std::abort();
}

// Every match of `pattern`, replaced by what `replace` makes of it.
template <typename Replace>
std::string ReplaceAll(const std::string& text, const std::regex& pattern, Replace replace) {
  std::string result;
  std::smatch match;
  auto begin = text.cbegin();
  while (std::regex_search(begin, text.cend(), match, pattern)) {
    absl::StrAppend(&result, match.prefix().str(), replace(match.str()));
    begin = match.suffix().first;
  }
  return result + std::string(begin, text.cend());
}

std::string WithoutBlanksAndProgress(const std::string& text) {
  std::vector<std::string> lines;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripTrailingAsciiWhitespace(line);
    // How often progress is told depends on the machine.
    const bool progress =
        absl::StartsWith(line, "verify ") && absl::StrContains(line, ": commits ");
    if (!line.empty() && !progress) lines.emplace_back(line);
  }
  return absl::StrJoin(lines, "\n");
}

}  // namespace

std::string Aliases::AliasOf(const std::string& kind, const std::string& key,
                             const std::string& seen) {
  const auto count = std::count_if(seen_.begin(), seen_.end(), [&](const auto& entry) {
    return absl::StartsWith(entry.first, kind);
  });
  const std::string& alias =
      alias_of_.try_emplace(key, absl::StrCat(kind, count + 1)).first->second;
  std::string& longest = seen_[alias];
  if (seen.size() > longest.size()) longest = seen;
  return alias;
}

std::string Aliases::Hide(const std::string& text) {
  static const std::regex* const kTime =
      new std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z)");
  static const std::regex* const kMinute = new std::regex(R"(\d{4}-\d\d-\d\d \d\d:\d\d UTC)");
  static const std::regex* const kAge =
      new std::regex(R"(\((\d+ s|now)\)|saved just now|the oldest for \d+ s)");
  static const std::regex* const kRelease = new std::regex(R"(release [0-9.]+)");
  static const std::regex* const kAddress = new std::regex(R"(127\.0\.0\.1:\d+)");
  static const std::regex* const kEtag = new std::regex(R"(\bAQ[A-Za-z0-9_-]{10,})");
  static const std::regex* const kId = new std::regex(R"(\b[0-9a-f]{12,64}\b)");
  std::string hidden = std::regex_replace(text, *kTime, "YYYY-MM-DDThh:mm:ssZ");
  hidden = std::regex_replace(hidden, *kMinute, "YYYY-MM-DD hh:mm UTC");
  hidden = std::regex_replace(hidden, *kAge, "(AGE)");
  hidden = std::regex_replace(hidden, *kRelease, "release N");
  hidden = std::regex_replace(hidden, *kAddress, "HOST:PORT");
  hidden = ReplaceAll(hidden, *kEtag,
                      [this](const std::string& etag) { return AliasOf("etag-", etag, etag); });
  return ReplaceAll(hidden, *kId, [this](const std::string& id) {
    return AliasOf("#", id.substr(0, kShortDigits), id);
  });
}

std::string Aliases::Reveal(std::string word) const {
  static const std::regex* const kAlias = new std::regex(R"(etag-\d+|#\d+)");
  return ReplaceAll(word, *kAlias, [this](const std::string& alias) {
    const auto found = seen_.find(alias);
    return found == seen_.end() ? alias : found->second;
  });
}

std::string Stage::Play(const std::vector<transcripts::Command>& commands) {
  std::vector<std::string> printed;
  for (const transcripts::Command& command : commands) {
    std::string said = Do(command.line);
    if (!said.empty()) printed.push_back(std::move(said));
  }
  return printed.empty() ? "ok" : absl::StrJoin(printed, "\n");
}

std::string Stage::Do(const std::string& line) {
  std::vector<std::string> words = transcripts::SplitWords(line);
  if (words.front() == "given") {
    Begin(words);
    return "";
  }
  if (words.back() == "sync" || words.back() == "syncs") {
    words.pop_back();
    return Sync(words);
  }
  if (words.size() < 3 || words[1] != "trialsync") Die(line, "what is to be done?");
  return Run(words[0], {words.begin() + 2, words.end()});
}

// `given A1 A2`, or `given A1 A2 with P-01`.
void Stage::Begin(const std::vector<std::string>& words) {
  trial_ = std::make_unique<Trial>("trial", kStudyFile);
  size_t i = 1;
  for (; i < words.size() && words[i] != "with"; ++i) {
    sites_[words[i]] = &trial_->AddSite("A");
  }
  for (++i; i < words.size(); ++i) {
    const Said said =
        RunCommand(trial_->sites()[0]->daemon, words[1], {"subject", "add", words[i]});
    if (said.exit_code != 0) Die(said.text, "no subject");
  }
  std::vector<std::string> names;
  for (const auto& [name, site] : sites_) names.push_back(name);
  if (const std::string wrong = Sync(names); !wrong.empty()) Die(wrong, "no beginning");
}

// One after the other; those that come first stay until the last has come. Then all are cut.
std::string Stage::Sync(const std::vector<std::string>& names) {
  std::vector<Trial::Site*> together;
  const auto in_step = [&] {
    return std::all_of(together.begin(), together.end(),
                       [&](const auto* site) { return InStep(*trial_, *site); });
  };
  std::string wrong;
  for (const std::string& name : names) {
    together.push_back(&SiteNamed(name));
    together.back()->Mend();
    if (!WaitUntil(in_step)) absl::StrAppend(&wrong, name, " did not come into step\n");
  }
  for (Trial::Site* site : together) site->Cut();
  return std::string(absl::StripSuffix(wrong, "\n"));
}

std::string Stage::Run(const std::string& node, const std::vector<std::string>& arguments) {
  std::vector<std::string> revealed;
  for (const std::string& word : arguments) revealed.push_back(aliases_.Reveal(word));
  const Daemon& daemon = node == kCentre ? trial_->coordinator() : SiteNamed(node).daemon;
  const Said said = RunCommand(daemon, node, revealed);
  const std::string text = WithoutBlanksAndProgress(aliases_.Hide(said.text));
  if (said.exit_code == 0) return text;
  return absl::StrCat(text, text.empty() ? "" : "\n", "exit code ", said.exit_code);
}

Trial::Site& Stage::SiteNamed(const std::string& name) {
  const auto found = sites_.find(name);
  if (found == sites_.end()) Die(name, "there is no such replica");
  return *found->second;
}

std::string Stage::CheckEnd() {
  std::vector<std::string> names;
  for (const auto& [name, site] : sites_) names.push_back(name);
  std::vector<std::string> wrong;
  if (std::string late = Sync(names); !late.empty()) wrong.push_back(std::move(late));
  for (const std::string& node : names) {
    const Said said = RunCommand(SiteNamed(node).daemon, node, {"verify"});
    if (said.exit_code != 0) wrong.push_back(said.text);
  }
  const Said said = RunCommand(trial_->coordinator(), kCentre, {"verify"});
  if (said.exit_code != 0) wrong.push_back(said.text);
  return absl::StrJoin(wrong, "\n");
}

}  // namespace trialsync::end_to_end
