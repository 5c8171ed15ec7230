// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_SYSTEM_CHECKER_H_
#define TRIALSYNC_TESTS_SYSTEM_CHECKER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/system/model_bridge.h"
#include "tests/system/probes.h"
#include "tests/system/secrets.h"
#include "tests/world/world.h"

namespace trialsync::system_test {

// What always holds (the invariants I1, I5 to I13 and I15), looked at from outside of the machines:
// the stores are read, the reference model is asked.
class Checker {
 public:
  // None is owned. Looks at every message that a site sends from now on.
  Checker(world::World* world, Probes* probes);

  void AddReplica(world::Node* node, const SiteName& site);
  // A change that a client was told is saved.
  void NoteSaved(const world::Node& node, const std::string& change_hex) {
    saved_.emplace(change_hex, node.name());
  }
  // What must stay where it was entered, to be told of what clients give and are told.
  Secrets& secrets() { return secrets_; }
  // The digests by which acts name what they cover.
  void LearnDigest(const v1::RecordState& record) { digests_.Learn(record); }

  // For what the last step touched: every new commit against the model (I10, I12), its place (I6,
  // I7), its version (I15); what stands where it wrote, and who owns that (I13); new commits of
  // each replica against the coordinator's (I8); own chains (I1).
  Difference AfterStep();

  // What was committed since this was last asked for, one readable line each.
  std::vector<std::string> TakeLines() { return std::exchange(lines_, {}); }

  // The view of a replica against the model with the outbox on top (I9); and no secret is where it
  // should not be.
  Difference CheckView(world::Node& node);

  // When everything was delivered: outboxes are empty, both ends have the same log and the same
  // rows, a replay from nothing gives them again, everything saved has one outcome and can be read
  // back (I1, I5, I8 to I11).
  Difference AtQuiet();

  // All rows of all nodes, as one digest.
  std::string EndState();

 private:
  struct Partition {
    std::unique_ptr<ModelBridge> model;
    uint64_t size = 0;
    uint64_t epoch = 0;
    std::map<ChainId, uint64_t> chains;
    std::set<ChangeId> ids;
    std::set<std::string> by_centre;
    // Versions: number to the commits that activated and retired it.
    std::map<std::string, std::vector<uint64_t>> published, activated, retired;
    std::map<ChangeId, v1::Change> changes;
  };
  struct Replica {
    world::Node* node = nullptr;
    SiteName site;
    uint64_t log_size = 0;
    // By seq from 1: what its own chain was seen to hold.
    std::vector<ChangeId> own;
    // What is confirmed at the replica; lags behind until asked for.
    std::unique_ptr<ModelBridge> model;
  };

  Difference CheckCommits(const SiteName& site, Partition& partition);
  Difference CheckCommit(Partition& partition, sync::PartitionState& state, uint64_t number);
  Difference CheckPlace(Partition& partition, const sync::StoredChange& change,
                        const sync::Receipt& receipt);
  Difference CheckVersion(const Partition& partition, const sync::StoredChange& change,
                          v1::Outcome outcome) const;
  Difference CheckOwner(const Partition& partition, const v1::RecordState& record) const;
  void Describe(const Partition& partition, const sync::StoredChange& change,
                const sync::Receipt& receipt);
  void CountProbes(const sync::Receipt& receipt);
  Difference CheckPrefix(Replica& replica);
  Difference CheckOwnChain(Replica& replica);
  // end_checks.cc
  void CountDiscrepancies(world::Node& node, const SiteName& site);
  Difference CheckOutbox(const Replica& replica);
  Difference CheckRows(const Replica& replica);
  Difference CheckReplay(world::Node& node, const SiteName& site);
  Difference CheckHistory(world::Node& node, const SiteName& site, const Partition& partition);

  world::World* world_;
  Probes* probes_;
  Secrets secrets_;
  // The first that a site was about to send.
  Difference leak_;
  DigestBook digests_;
  std::map<SiteName, Partition> partitions_;
  std::vector<Replica> replicas_;
  std::map<std::string, std::string> saved_;
  std::vector<std::string> lines_;
};

// Reads a partition of a node that is up.
class PartitionReader {
 public:
  // `found()` is false where the node does not have the partition yet.
  PartitionReader(world::Node& node, const SiteName& site);
  bool found() const { return number_.has_value(); }
  PartitionNumber number() const { return *number_; }
  sync::PartitionState& state() { return *state_; }
  storage::PartitionTables& tables() { return state_->tables(); }
  const std::shared_ptr<const storage::Snapshot>& snapshot() const { return snapshot_; }
  const study::DefinitionSet& definitions() const { return definitions_; }

 private:
  std::shared_ptr<const storage::Snapshot> snapshot_;
  study::DefinitionSet definitions_;
  std::unique_ptr<storage::Transaction> transaction_;
  std::optional<PartitionNumber> number_;
  std::unique_ptr<sync::PartitionState> state_;
};

}  // namespace trialsync::system_test

#endif  // TRIALSYNC_TESTS_SYSTEM_CHECKER_H_
