// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "proto/check.h"
#include "tests/transcripts/describe.h"
#include "tests/transcripts/runner.h"

namespace trialsync::transcripts {
namespace {

std::string WithoutComma(std::string word) {
  return std::string(absl::StripSuffix(word, ","));
}

}  // namespace

// `given v1 v2, replicas A1 A2, subjects P-01 P-02`: published and active at the site, connected
// once, and the links down.
std::string Runner::Given(Words& words) {
  std::vector<std::string> versions;
  std::vector<std::string> replicas;
  std::vector<std::string> subjects;
  std::vector<std::string>* list = &versions;
  while (!words.empty()) {
    if (words.TakeIf("replicas")) {
      list = &replicas;
    } else if (words.TakeIf("subjects") || words.TakeIf("subject")) {
      list = &subjects;
    } else {
      list->push_back(WithoutComma(words.Take()));
    }
  }
  for (const std::string& version : versions) {
    for (const char* verb : {"publishes", "activates"}) {
      Words number(version);
      const std::string failed = Version(verb, number);
      if (!failed.empty()) return failed;
    }
  }
  for (const std::string& name : replicas) stage_->AddReplica(name);
  Sync(replicas);
  for (const std::string& subject : subjects) {
    Words code(absl::StrCat("\"", subject, "\""));
    Subject(*stage_->Find(replicas.front()), "creates", code);
  }
  Sync(replicas);
  if (!versions.empty()) {
    epochs_shown_ = EpochsOfCommits(*stage_);
  }
  return "";
}

// Each replica's link up until all is quiet, one after the other; and again, so that the first has
// what the last brought.
std::string Runner::Sync(const std::vector<std::string>& names) {
  for (int pass = 0; pass < 2; ++pass) {
    for (const std::string& name : names) {
      world::Node* const node = stage_->Find(name);
      TS_CHECK(node != nullptr);
      stage_->world().SetLink(*node, true);
      stage_->world().RunUntilQuiet();
      stage_->world().SetLink(*node, false);
    }
  }
  return "";
}

// The scenario so far once for each order, then what is indented, then the replicas connect in that
// order.
std::string Runner::EveryOrder(Words& words, const std::vector<std::string>& block) {
  words.Expect("order");
  words.Expect("of");
  std::vector<std::string> names;
  while (!words.empty()) names.push_back(words.Take());
  std::sort(names.begin(), names.end());
  std::vector<std::string> lines;
  do {
    Runner run;
    run.Play(past_);
    std::vector<std::string> shown;
    for (const std::string& line : block) {
      if (!absl::StartsWith(line, "record")) run.Play({{.line = line, .block = {}}});
    }
    const uint64_t first = run.epochs_shown_.size() + 1;
    run.Sync(names);
    const uint64_t last =
        LogPositionAt(run.stage_->world().coordinator(), Stage::partition(), std::nullopt).size();
    for (uint64_t number = first; number <= last; ++number) {
      shown.push_back(run.stage_->Tidy(DescribeCommitBriefly(*run.stage_, number)));
    }
    lines.push_back(absl::StrCat(absl::StrJoin(names, " "), ": ", absl::StrJoin(shown, ", ")));
    for (const std::string& line : block) {
      if (!absl::StartsWith(line, "record")) continue;
      run.epochs_shown_ = EpochsOfCommits(*run.stage_);
      lines.push_back(run.Play({{.line = line, .block = {}}}));
    }
    const std::string wrong = run.CheckEnd();
    if (!wrong.empty()) lines.push_back("WRONG: " + wrong);
  } while (std::next_permutation(names.begin(), names.end()));
  return absl::StrJoin(lines, "\n");
}

std::string Runner::DoWorld(const std::string& name, const std::string& verb, Words& words,
                            const std::vector<std::string>& block) {
  world::World& world = stage_->world();
  if (name == "raw" || stage_->IsRaw(name) || verb == "forges") {
    return DoByHand(name, verb, words);
  }
  if (verb == "installs") {
    stage_->AddReplica(words.Take());
    return "";
  }
  world::Node* const node = stage_->Find(name);
  if (node == nullptr) words.Die("there is no " + name);
  if (verb == "connects" || verb == "disconnects") {
    world.SetLink(*node, verb == "connects");
  } else if (verb == "is" || verb == "loses" || verb == "becomes") {
    return DoRecovery(*node, verb, words);
  } else if (verb == "crashes") {
    world.Crash(*node);
  } else if (verb == "restarts") {
    world.Restart(*node);
  } else {
    return DoClient(*node, verb, words, block);
  }
  return "";
}

// What happens to stores: an image is taken, put back, or used elsewhere.
std::string Runner::DoRecovery(world::Node& node, const std::string& verb, Words& words) {
  world::World& world = stage_->world();
  if (verb == "becomes") {
    words.Expect("a");
    words.Expect("replica");
    return RefusalOf(node.Do(v1::BecomeReplicaRequest()));
  }
  if (words.TakeIf("imaged")) {
    images_[node.name()] = {node.store().Image(), *node.head().Read()};
    return "";
  }
  if (words.TakeIf("copied to")) {
    world::Node& copy = stage_->AddReplica(words.Take());
    world.Crash(copy);
    world.Restore(copy, node.store().Image(), *node.head().Read());
    world.Restart(copy);
    return "";
  }
  std::optional<storage::HeadNote> head = *node.head().Read();
  storage::MemoryTree image = images_[node.name()].store;
  if (verb == "loses" && words.TakeIf("its store")) {
    image = storage::MemoryTree();
  } else if (verb == "is") {
    words.Expect("restored");
    head = images_[node.name()].head;
    if (words.TakeIf("without its head file")) head.reset();
  } else {
    TS_CHECK(words.TakeIf("its tail"));
  }
  if (node.up()) world.Crash(node);
  world.Restore(node, image, head);
  world.Restart(node);
  return "";
}

std::string Runner::NewCommits() {
  world::Node& centre = stage_->world().coordinator();
  if (!centre.up()) return "";
  if (LogPositionAt(centre, Stage::partition(), std::nullopt).size() == 0) {
    epochs_shown_.clear();
    return "";
  }
  const std::vector<uint64_t> epochs = EpochsOfCommits(*stage_);
  // It was put back to an earlier state, or commits were taken off.
  const auto kept = std::mismatch(epochs.begin(), epochs.end(), epochs_shown_.begin(),
                                  epochs_shown_.end());
  const auto first = static_cast<uint64_t>(kept.first - epochs.begin()) + 1;
  epochs_shown_ = epochs;
  return DescribeCommits(*stage_, first);
}

}  // namespace trialsync::transcripts
