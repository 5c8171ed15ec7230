// SPDX-License-Identifier: Apache-2.0
#include "tests/transcripts/runner.h"

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sync/verify.h"

namespace trialsync::transcripts {
namespace {

constexpr absl::Duration kBetweenCommands = absl::Minutes(1);

std::string CheckStore(world::Node& node, PartitionNumber partition,
                       const study::DefinitionSet& definitions) {
  const absl::StatusOr<sync::Verification> verification = sync::VerifyPartition(
      node.store().NewSnapshot(), partition, Stage::partition(), definitions,
      [](uint64_t, uint64_t) { return true; });
  if (!verification.ok()) return absl::StrCat(node.name(), ": ", StatusText(verification.status()));
  if (verification->difference.empty()) return "";
  return absl::StrCat(node.name(), " does not verify: ", verification->difference);
}

std::string CheckReplica(world::Node& node, const v1::LogPosition& log) {
  if (node.site()->status().refusal) return "";
  if (node.site()->outbox_count() != 0) {
    return absl::StrCat(node.name(), " has ", node.site()->outbox_count(), " unsent changes");
  }
  storage::Transaction transaction(node.store().NewSnapshot());
  const v1::LogHead head =
      storage::PartitionTables(&transaction, node.site()->partition()).Head();
  if (head.size() != log.size() || head.epoch() != log.epoch()) {
    return absl::StrCat(node.name(), " has ", head.size(), " commits of ", log.size());
  }
  return CheckStore(node, node.site()->partition(), node.site()->definitions());
}

}  // namespace

std::string StatusText(const absl::Status& status) {
  if (status.ok()) return "";
  return absl::StrCat(absl::StatusCodeToString(status.code()), ": ", status.message());
}

std::string Runner::Play(const std::vector<Command>& commands) {
  std::vector<std::string> lines;
  for (const Command& command : commands) {
    stage_->world().Advance(kBetweenCommands);
    std::string answer = stage_->Tidy(Do(command));
    if (!answer.empty()) lines.push_back(std::move(answer));
    past_.push_back(command);
  }
  return lines.empty() ? "ok" : absl::StrJoin(lines, "\n");
}

std::string Runner::Do(const Command& command) {
  static const std::set<std::string>* const kViews = new std::set<std::string>{
      "record", "history", "worklist", "subjects", "status", "recoveries", "log"};
  Words words(command.line);
  const std::string first = words.Take();
  std::string answer;
  if (first == "given") {
    answer = Given(words);
  } else if (first == "every") {
    answer = EveryOrder(words, command.block);
  } else if (kViews->contains(first)) {
    answer = Show(first, words);
  } else if (first == "quiet") {
    stage_->world().RunUntilQuiet();
  } else if (first == "network") {
    words.Expect("steps");
    for (uint64_t left = words.TakeNumber(); left > 0; --left) stage_->world().StepNetwork(0);
  } else if (absl::EndsWith(command.line, " sync") || absl::EndsWith(command.line, " syncs")) {
    std::vector<std::string> names;
    if (first == "all") {
      for (world::Node* node : stage_->world().replicas()) names.push_back(node->name());
    } else {
      names.push_back(first);
    }
    std::string word = words.Take();
    for (; word != "sync" && word != "syncs"; word = words.Take()) names.push_back(word);
    answer = Sync(names);
  } else {
    answer = DoWorld(first, words.Take(), words, command.block);
  }
  words.ExpectEnd();
  const std::string commits = NewCommits();
  return absl::StrCat(answer, answer.empty() || commits.empty() ? "" : "\n", commits);
}

std::string Runner::CheckEnd() {
  world::World& world = stage_->world();
  if (!world.coordinator().up()) world.Restart(world.coordinator());
  for (world::Node* node : world.replicas()) {
    if (!node->up()) world.Restart(*node);
    if (!node->site()->status().refusal) world.SetLink(*node, true);
  }
  world.RunUntilQuiet();
  const auto& studies = world.coordinator().coordinator()->definitions();
  const auto definitions = studies.find(Stage::partition().study);
  if (definitions == studies.end()) return "";
  storage::Transaction transaction(world.coordinator().store().NewSnapshot());
  const auto partition = storage::StoreTables(&transaction).FindPartition(Stage::partition());
  if (!partition) return "";
  std::string wrong = CheckStore(world.coordinator(), *partition, *definitions->second);
  const v1::LogPosition log =
      LogPositionAt(world.coordinator(), Stage::partition(), std::nullopt);
  for (world::Node* node : world.replicas()) {
    const std::string there = CheckReplica(*node, log);
    absl::StrAppend(&wrong, wrong.empty() || there.empty() ? "" : "\n", there);
  }
  return stage_->Tidy(wrong);
}

}  // namespace trialsync::transcripts
