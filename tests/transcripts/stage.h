// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_TRANSCRIPTS_STAGE_H_
#define TRIALSYNC_TESTS_TRANSCRIPTS_STAGE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/ids.h"
#include "proto/names.h"
#include "study/definition.h"
#include "tests/transcripts/raw_replica.h"
#include "tests/world/world.h"
#include "trialsync/v1/change.pb.h"

namespace trialsync::transcripts {

// One scenario's world, and the names by which a transcript speaks of what is in it: `A1` for a
// replica, `A1:3` for its third change, `d1` for a draft.
class Stage {
 public:
  Stage();

  world::World& world() { return world_; }
  // The partition that all scenarios play in.
  static const SiteName& partition();

  // `centre`, or a replica. Null if there is none of this name.
  world::Node* Find(const std::string& name);
  world::Node& AddReplica(const std::string& name);
  // Made at its first use.
  RawReplica& Raw(const std::string& name);
  bool IsRaw(const std::string& name) const { return raws_.contains(name); }

  // A study definition file of the transcripts as it is published, e.g. 2.
  static std::string DefinitionYaml(uint32_t version);
  // The same as a definition, whether or not it was published.
  static std::shared_ptr<const study::Definition> DefinitionOf(uint32_t version);

  // Gives a change the name by which it is spoken of, where its place on a chain does not.
  void NameChange(const ChangeId& id, const std::string& name);
  // The name of a change; what its id begins with where nobody on the stage has it.
  std::string NameOf(const ChangeId& id);
  std::string NameOf(const std::string& id_bytes);
  // Dies when there is no such change.
  ChangeId ChangeNamed(const std::string& name);

  // Names instead of ids, short names of records, long runs of one letter counted.
  std::string Tidy(std::string text);

  // What a client last read of a record, by replica and record.
  std::map<std::pair<std::string, std::string>, std::string> etags_read;

 private:
  // Learns the names of changes made since the last time.
  void LearnNames();
  void Learn(const ChangeId& id, const std::string& name);

  world::World world_;
  std::map<std::string, std::unique_ptr<RawReplica>> raws_;
  std::map<std::string, std::string> name_by_id_;
  std::map<std::string, std::string> id_by_name_;
};

}  // namespace trialsync::transcripts

#endif  // TRIALSYNC_TESTS_TRANSCRIPTS_STAGE_H_
