// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_TRANSCRIPTS_RUNNER_H_
#define TRIALSYNC_TESTS_TRANSCRIPTS_RUNNER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/transcripts/script.h"
#include "tests/transcripts/stage.h"
#include "tests/transcripts/words.h"

namespace trialsync::transcripts {

// Plays one scenario, command by command. README.md has the commands.
class Runner {
 public:
  Runner() : stage_(std::make_unique<Stage>()) {}

  // Does the commands of a step; returns what they print, `ok` for nothing.
  std::string Play(const std::vector<Command>& commands);

  // Brings everybody together at the scenario's end: every replica that is up and not refused must
  // come to the coordinator's log and to an empty outbox, and every store must verify. Returns what
  // is wrong; empty if nothing is.
  std::string CheckEnd();

 private:
  std::string Do(const Command& command);

  // The world (world_commands.cc).
  std::string Given(Words& words);
  std::string Sync(const std::vector<std::string>& names);
  std::string EveryOrder(Words& words, const std::vector<std::string>& block);
  std::string DoWorld(const std::string& name, const std::string& verb, Words& words,
                      const std::vector<std::string>& block);
  std::string DoRecovery(world::Node& node, const std::string& verb, Words& words);
  std::string NewCommits();

  // A client at a site or at the centre (client_commands.cc).
  std::string DoClient(world::Node& node, const std::string& verb, Words& words,
                       const std::vector<std::string>& block);
  std::string Act(world::Node& node, v1::RecordActKind kind, Words& words);
  std::string Settle(world::Node& node, Words& words);
  std::string Query(world::Node& node, const std::string& verb, Words& words);
  std::string Subject(world::Node& node, const std::string& verb, Words& words);
  std::string Version(const std::string& verb, Words& words);
  std::string FullName(world::Node& node, const std::string& name);
  std::string DiscrepancyNamed(Words& words);
  // What an answer that is no success says.
  static std::string RefusalOf(const sync::Answer& answer);
  static std::string RefusalOf(const absl::Status& status,
                               const std::optional<v1::WriteConflict>& conflict);

  // Writes of records (write_commands.cc).
  std::string Write(world::Node& node, Words& words);
  std::string WriteTogether(world::Node& node, Words& words, const std::vector<std::string>& block);
  v1::WriteRecordRequest ReadWrite(world::Node& node, Words& words);
  std::string WrittenAs(world::Node& node, const v1::WriteRecordResponse& response);
  std::string SavedAs(world::Node& node, const std::string& change_hex);

  // What stands (view_commands.cc).
  std::string Show(const std::string& what, Words& words);
  std::string ShowRecord(world::Node& node, Words& words);
  std::string ShowWorklist(world::Node& node, Words& words);
  std::string ShowSubjects(world::Node& node);
  std::string ShowStatus(world::Node& node);
  std::string ShowRecoveries(world::Node& node);
  std::string EtagOf(world::Node& node, const std::string& record);

  // Changes and messages made by hand (hand_commands.cc).
  std::string DoByHand(const std::string& name, const std::string& verb, Words& words);
  std::string SayHello(RawReplica& raw, Words& words);
  std::string SendByHand(const std::string& name, RawReplica& raw, Words& words);

  std::unique_ptr<Stage> stage_;
  // Commands done so far: every order begins from them again.
  std::vector<Command> past_;
  // Of the commits that were shown, in their order.
  std::vector<uint64_t> epochs_shown_;
  // By node: what was imaged last.
  struct Image {
    storage::MemoryTree store;
    std::optional<storage::HeadNote> head;
  };
  std::map<std::string, Image> images_;
  // Made by hand and not yet sent: authored bytes by name.
  std::map<std::string, std::string> drafts_;
};

// A status as a person reads it; empty if it is OK.
std::string StatusText(const absl::Status& status);

}  // namespace trialsync::transcripts

#endif  // TRIALSYNC_TESTS_TRANSCRIPTS_RUNNER_H_
