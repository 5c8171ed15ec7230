// SPDX-License-Identifier: Apache-2.0
// A coordinator that is put back again and again while sites work on, by random schedules: at the
// end all logs are equal, every store is what its log makes of it, and what was saved at a site is
// there.
//   TRIALSYNC_SEED=17 sync_fork_test      one of them
//   TRIALSYNC_SEEDS=5000 sync_fork_test   more of them
// What comes of it is in tests/transcripts/cases/forks.txt.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/tables.h"
#include "sync/branches.h"
#include "sync/checkpoint.h"
#include "sync/merkle.h"
#include "sync/stored_change.h"
#include "sync/verify.h"
#include "tests/world/small_trial.h"

namespace trialsync::sync {
namespace {

constexpr uint64_t kSeeds = 150;
constexpr int kSteps = 150;
// After which all is quiet: one that was refused tries again in the next.
constexpr int kRounds = 5;

// What the runs together have met.
struct Met {
  int rewinds = 0;
  int own_kept = 0;
  int theirs_kept = 0;
  int contradicted = 0;
};

class Schedule {
 public:
  explicit Schedule(uint64_t seed) : random_(seed), world_(seed), sites_go_back_(seed % 4 == 0) {
    world::PublishSmallStudy(world_);
    world::ActivateSmallStudy(world_, name_.site);
    for (const char* name : {"A1", "A2", "A3"})
      replicas_.push_back(&world_.AddReplica(name_, name));
    MeetAll();
    world::AddSubject(*replicas_[0], name_, "P-0");
    world::AddSubject(*replicas_[0], name_, "P-1");
    subjects_ = 2;
    MeetAll();
    KeepImage();
  }

  void Play(Met& met) {
    for (int step = 0; step < kSteps; ++step) Step();
    End();
    Check(met);
  }

 private:
  struct Image {
    world::Node* node;
    storage::MemoryTree store;
  };

  uint64_t Pick(uint64_t count) { return random_() % count; }
  world::Node& SomeReplica() { return *replicas_[Pick(replicas_.size())]; }

  void Step() {
    world::Node& replica = SomeReplica();
    const uint64_t choice = Pick(100);
    if (choice < 30) return Write(replica);
    if (choice < 34) return Write(world_.coordinator());
    if (choice < 38) return Act(replica);
    if (choice < 40) return Add(replica);
    if (choice < 58) return world_.SetLink(replica, Pick(3) != 0);
    if (choice < 90) return Deliver();
    if (choice < 92) return Crash(Pick(2) == 0 ? replica : world_.coordinator());
    if (choice < 94) return FailNextWrite(Pick(2) == 0 ? replica : world_.coordinator());
    if (choice < 97) return KeepImage();
    GoBack();
  }

  void Write(world::Node& node) {
    v1::WriteRecordRequest request;
    const std::string subject = absl::StrCat("P-", Pick(subjects_));
    request.set_name(RecordName{name_, subject, "V1", "LAB"}.ToString());
    v1::ItemInput* const input = request.add_items();
    const bool number = Pick(2) == 0;
    input->set_item(number ? "alt" : "note");
    input->set_text(absl::StrCat(number ? "" : "text ", Pick(5)));
    request.set_author("anna");
    request.set_reason("entry");
    request.set_on_different_value(v1::VALUE_CONFLICT_UPDATE);
    Do(node, request);
  }

  void Act(world::Node& node) {
    v1::ActOnRecordRequest request;
    const std::string subject = absl::StrCat("P-", Pick(subjects_));
    request.set_name(RecordName{name_, subject, "V1", "LAB"}.ToString());
    request.set_kind(Pick(2) == 0 ? v1::RECORD_ACT_KIND_LOCK : v1::RECORD_ACT_KIND_UNLOCK);
    request.set_author("bob");
    request.set_reason("data clean");
    Do(node, request);
  }

  void Add(world::Node& node) {
    v1::CreateSubjectRequest request;
    request.set_parent(name_.ToString());
    request.set_code(absl::StrCat("P-", subjects_));
    request.set_author("anna");
    if (Do(node, request)) ++subjects_;
  }

  // Whether it was saved. What people may not do is not what this is about.
  bool Do(world::Node& node, ClientWork work) {
    if (!node.up()) return false;
    const uint64_t before = node.site() == nullptr ? 0 : node.site()->outbox_count();
    const Answer answer = node.Do(std::move(work));
    if (!node.up() || node.site() == nullptr || !answer.status.ok()) return false;
    if (node.site()->outbox_count() > before) NoteSaved(node);
    return true;
  }

  void NoteSaved(world::Node& node) {
    storage::Transaction transaction(node.store().NewSnapshot());
    storage::PartitionTables tables(&transaction, node.site()->partition());
    const std::optional<ChainId> chain = tables.OwnChain();
    const auto own = tables.Own(chain->incarnation, tables.LastOwn(chain->incarnation));
    saved_.insert(ChangeIdOf(Sha256Of(own->authored())));
  }

  void Deliver() {
    for (uint64_t left = Pick(8); left > 0; --left) world_.StepNetwork(random_());
    RestartAll();
  }

  void Crash(world::Node& node) {
    world_.Crash(node);
    world_.Restart(node);
  }

  void FailNextWrite(world::Node& node) {
    world_.CrashAtNextWrite(node, Pick(2) == 0);
    for (int left = 6; left > 0; --left) world_.StepNetwork(random_());
    world_.CalmDown(node);
    RestartAll();
  }

  void RestartAll() {
    if (!world_.coordinator().up()) world_.Restart(world_.coordinator());
    for (world::Node* node : replicas_) {
      if (!node->up()) world_.Restart(*node);
    }
  }

  void KeepImage() {
    world::Node* const node =
        sites_go_back_ && Pick(3) == 0 ? &SomeReplica() : &world_.coordinator();
    images_.push_back({node, node->store().Image()});
  }

  // The coordinator may lose its store, too, and be set up anew before a site is heard from.
  void LoseAll() {
    world_.Crash(world_.coordinator());
    world_.Restore(world_.coordinator(), storage::MemoryTree(), std::nullopt);
    world_.Restart(world_.coordinator());
    if (Pick(2) == 0) return;
    world::PublishSmallStudy(world_);
    world::ActivateSmallStudy(world_, name_.site);
  }

  void GoBack() {
    if (Pick(8) == 0) return LoseAll();
    const Image& image = images_[Pick(images_.size())];
    world_.Crash(*image.node);
    world_.Restore(*image.node, image.store, std::nullopt);
    world_.Restart(*image.node);
  }

  void MeetAll() {
    for (world::Node* node : replicas_) world_.SetLink(*node, true);
    world_.RunUntilQuiet();
  }

  void End() {
    for (int round = 0; round < kRounds; ++round) MeetAll();
  }

  v1::LogHead Head(world::Node& node) {
    storage::Transaction transaction(node.store().NewSnapshot());
    const auto number = storage::StoreTables(&transaction).FindPartition(name_);
    return storage::PartitionTables(&transaction, *number).Head();
  }

  void Check(Met& met) {
    const std::string head = Head(world_.coordinator()).ShortDebugString();
    CheckStore(world_.coordinator(), world_.coordinator().coordinator()->definitions().at("small"));
    for (world::Node* node : replicas_) {
      EXPECT_FALSE(node->site()->status().refusal)
          << node->site()->status().refusal->ShortDebugString();
      EXPECT_EQ(node->site()->outbox_count(), 0u) << node->name();
      EXPECT_EQ(Head(*node).ShortDebugString(), head) << node->name();
      CheckStore(*node, std::make_shared<study::DefinitionSet>(node->site()->definitions()));
    }
    storage::Transaction transaction(world_.coordinator().store().NewSnapshot());
    storage::StoreTables store(&transaction);
    storage::PartitionTables tables(&transaction, *store.FindPartition(name_));
    for (const ChangeId& id : saved_) {
      EXPECT_TRUE(sites_go_back_ || tables.Change(id)) << "lost: " << id.hex();
    }
    for (const v1::RecoveryRow& row : store.Recoveries()) {
      EXPECT_NE(row.cause(), v1::RECOVERY_CAUSE_CONTRADICTION);
      if (row.taken_off_count() == 0) continue;
      ++(row.log_size_after() == row.log_size_before() ? met.own_kept : met.theirs_kept);
    }
    for (world::Node* node : replicas_) {
      storage::Transaction site(node->store().NewSnapshot());
      for (const v1::RecoveryRow& row : storage::StoreTables(&site).Recoveries()) {
        if (row.cause() == v1::RECOVERY_CAUSE_REWOUND) ++met.rewinds;
        EXPECT_TRUE(sites_go_back_ || row.lost_last_seq() == 0) << row.ShortDebugString();
      }
    }
    for (const Event& event : world_.coordinator().events()) ExpectOrdinary(event);
    for (world::Node* node : replicas_) {
      for (const Event& event : node->events()) ExpectOrdinary(event);
    }
    tables.ForEachDiscrepancy(
        /*open_only=*/true, std::nullopt,
        [&](const storage::DiscrepancyId& id, const v1::DiscrepancyRow&) {
          if (id.kind == v1::DISCREPANCY_KIND_CONTRADICTED) ++met.contradicted;
          return true;
        });
  }

  // What only an end that is broken makes another one say.
  static void ExpectOrdinary(const Event& event) {
    EXPECT_NE(event.text, "a log frame was not taken");
    EXPECT_NE(event.text, "what a site handed over was not taken");
    EXPECT_NE(event.text, "the log that was made anew is not taken");
    EXPECT_FALSE(event.severity == Event::Severity::kAlarm &&
                 event.text == "a site's log is not a part of this one");
  }

  void CheckStore(world::Node& node,
                  const std::shared_ptr<const study::DefinitionSet>& definitions) {
    const std::shared_ptr<const storage::Snapshot> snapshot = node.store().NewSnapshot();
    storage::Transaction transaction(snapshot);
    const auto number = storage::StoreTables(&transaction).FindPartition(name_);
    const auto verified = VerifyPartition(snapshot, *number, name_, *definitions,
                                          [](uint64_t, uint64_t) { return true; });
    ASSERT_TRUE(verified.ok());
    EXPECT_EQ(verified->difference, "") << node.name();
  }

  std::mt19937_64 random_;
  const SiteName name_{world::kSmallStudy, "CLINIC"};
  world::World world_;
  // In some runs; then what they had saved may be gone.
  const bool sites_go_back_;
  std::vector<world::Node*> replicas_;
  std::vector<Image> images_;
  uint64_t subjects_ = 0;
  std::set<ChangeId> saved_;
};

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(ForkTest, NothingIsLostAndAllEndsAreEqual) {
  const uint64_t one = FromEnvironment("TRIALSYNC_SEED", 0);
  const uint64_t seeds = FromEnvironment("TRIALSYNC_SEEDS", kSeeds);
  Met met;
  for (uint64_t seed = one == 0 ? 1 : one; seed <= (one == 0 ? seeds : one); ++seed) {
    SCOPED_TRACE(absl::StrCat("TRIALSYNC_SEED=", seed));
    Schedule(seed).Play(met);
    if (testing::Test::HasFailure()) return;
  }
  if (one != 0) return;
  std::printf("%d rewinds; kept its own log %d times, a site's %d; %d contradicted\n", met.rewinds,
              met.own_kept, met.theirs_kept, met.contradicted);
  EXPECT_GT(met.rewinds, 0);
  EXPECT_GT(met.own_kept, 0);
  EXPECT_GT(met.theirs_kept, 0);
  EXPECT_GT(met.contradicted, 0);
}

// What was signed before a rewind can still be shown, to an auditor with the key: the old root from
// what is kept of the old log.
TEST(ForkTest, WhatWasSignedCanStillBeShown) {
  const SiteName name{world::kSmallStudy, "CLINIC"};
  world::World world(1);
  world::PublishSmallStudy(world);
  world::ActivateSmallStudy(world, name.site);
  world::Node& far = world.AddReplica(name, "far");
  world::Node& near = world.AddReplica(name, "near");
  const auto meet = [&](world::Node& node) {
    for (int time = 0; time < 2; ++time) {
      world.SetLink(node, true);
      world.RunUntilQuiet();
      world.SetLink(node, false);
    }
  };
  meet(far);
  meet(near);
  const storage::MemoryTree image = world.coordinator().store().Image();
  world::AddSubject(far, name, "P-1");
  meet(far);
  world.Crash(world.coordinator());
  world.Restore(world.coordinator(), image, std::nullopt);
  world.Restart(world.coordinator());
  world::AddSubject(near, name, "P-2");
  meet(near);

  storage::Transaction before(near.store().NewSnapshot());
  const v1::LogHead old = storage::PartitionTables(&before, near.site()->partition()).Head();
  meet(far);
  meet(near);
  storage::Transaction after(near.store().NewSnapshot());
  storage::PartitionTables tables(&after, near.site()->partition());
  ASSERT_NE(tables.Head().epoch(), old.epoch());
  Branches branches(&tables);
  MerkleFrontier tree;
  for (uint64_t number = 1; number <= old.size(); ++number) {
    const v1::Position position = branches.On(old.epoch(), number);
    const bool there = branches.At(number).epoch() == position.epoch();
    const auto row = there ? tables.Log(number) : tables.TakenOffLog(position);
    ASSERT_TRUE(row.has_value()) << number;
    std::string authored = row->authored();
    if (authored.empty()) authored = FindChange(tables, *branches.ChangeAt(position))->authored;
    tree.Append(LeafHash(Sha256Of(authored), row->receipt()));
  }
  storage::StoreTables store(&after);
  const auto key = VerifierKey::Parse(store.VerifierKey());
  const auto signed_end = OpenCheckpoint(tables.Checkpoint(old.epoch()), *key);
  ASSERT_TRUE(signed_end.ok());
  EXPECT_EQ(signed_end->size, old.size());
  EXPECT_TRUE(signed_end->root == tree.Root());
}

}  // namespace
}  // namespace trialsync::sync
