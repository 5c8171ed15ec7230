// SPDX-License-Identifier: Apache-2.0
#include "sync/log_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include "sync/limits.h"
#include "tests/sync/filled_log.h"
#include "tests/sync/naive_tree.h"
#include "tests/sync/put_log.h"

namespace trialsync::sync {
namespace {

TEST(LogTree, HasTheRootsAndProofsOfTheDefinitionAtEverySize) {
  FilledLog log(300);
  for (uint64_t size = 0; size <= 300; ++size) {
    const Sha256 root = NaiveRoot(log.First(size));
    ASSERT_EQ(RootAt(log.tables(), size).value(), root) << size;
    if (size == 0) continue;
    for (const uint64_t number :
         std::set<uint64_t>{1, size / 2 + 1, size, std::min(size, uint64_t{257})}) {
      const MerklePath path = InclusionProof(log.tables(), number, size).value();
      ASSERT_EQ(path, NaivePath(number - 1, log.First(size))) << number << " of " << size;
      ASSERT_TRUE(
          VerifyInclusion(LeafOf(log.tables(), number).value(), number - 1, size, path, root));
      const MerklePath proof = ConsistencyProof(log.tables(), number, size).value();
      ASSERT_EQ(proof, NaiveProof(number, log.First(size))) << number << " in " << size;
      ASSERT_TRUE(VerifyConsistency(number, NaiveRoot(log.First(number)), size, root, proof));
    }
  }
}

TEST(LogTree, HoldsForRandomPlacesOverManyTiles) {
  FilledLog log(kTileLeaves * 13 + 77);
  std::mt19937_64 random(3);
  for (uint64_t i = 0; i < 60; ++i) {
    // Often at the edge of a tile.
    uint64_t size = 1 + random() % log.size();
    if (i % 3 == 0) size = std::max<uint64_t>(1, size / kTileLeaves * kTileLeaves + i % 5);
    const uint64_t number = 1 + random() % size;
    const Sha256 root = NaiveRoot(log.First(size));
    ASSERT_EQ(RootAt(log.tables(), size).value(), root) << size;
    ASSERT_EQ(InclusionProof(log.tables(), number, size).value(),
              NaivePath(number - 1, log.First(size)))
        << number << " of " << size;
    ASSERT_EQ(ConsistencyProof(log.tables(), number, size).value(),
              NaiveProof(number, log.First(size)))
        << number << " in " << size;
  }
}

// With the rows of all tiles but the few that a proof may read gone, it is the same.
TEST(LogTree, ReadsALogarithmOfTheTiles) {
  constexpr uint64_t kTiles = 64;
  FilledLog log(kTiles * kTileLeaves);
  const MerklePath whole = InclusionProof(log.tables(), 1, log.size()).value();
  const Sha256 root = RootAt(log.tables(), log.size()).value();
  // Those with which a subtree ends that is a sibling of one with the first leaf.
  const std::set<uint64_t> needed{1, 3, 7, 15, 31, 63};
  for (uint64_t tile = 0; tile < kTiles; ++tile) {
    if (!needed.contains(tile)) log.tables().PutTile(tile, "");
  }
  EXPECT_EQ(InclusionProof(log.tables(), 1, log.size()).value(), whole);
  EXPECT_EQ(RootAt(log.tables(), log.size()).value(), root);
  for (const uint64_t tile : needed) {
    const std::string row = log.tables().Tile(tile).value();
    log.tables().PutTile(tile, row.substr(0, row.size() - Sha256::kBytes));
    if (tile == 63) {
      EXPECT_EQ(RootAt(log.tables(), log.size()).status().code(), absl::StatusCode::kDataLoss);
    }
    log.tables().PutTile(tile, "");
    EXPECT_EQ(InclusionProof(log.tables(), 1, log.size()).status().code(),
              absl::StatusCode::kDataLoss)
        << tile;
    log.tables().PutTile(tile, row);
  }
}

TEST(LogTree, BeyondTheEndIsOutOfRange) {
  FilledLog log(300);
  EXPECT_EQ(RootAt(log.tables(), 301).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(RootAt(log.tables(), 512).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(RootAt(log.tables(), ~uint64_t{0}).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(InclusionProof(log.tables(), 5, 301).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(InclusionProof(log.tables(), 0, 5).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(InclusionProof(log.tables(), 6, 5).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ConsistencyProof(log.tables(), 0, 5).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ConsistencyProof(log.tables(), 6, 5).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ConsistencyProof(log.tables(), 5, 301).status().code(), absl::StatusCode::kOutOfRange);
}

TEST(LogTree, AnEditedRowGivesAProofThatDoesNotHold) {
  FilledLog log(300);
  const Sha256 root = RootAt(log.tables(), 300).value();
  v1::LogRow row = log.tables().Log(299).value();
  v1::Change change;
  ASSERT_TRUE(change.ParseFromString(row.authored()));
  change.set_reason("edited");
  row.set_authored(change.SerializeAsString());
  PutLog(log.tables(), 299, row);
  const MerklePath path = InclusionProof(log.tables(), 299, 300).value();
  EXPECT_FALSE(VerifyInclusion(LeafOf(log.tables(), 299).value(), 298, 300, path, root));
  EXPECT_TRUE(VerifyInclusion(log.First(300)[298], 298, 300, path, root));
}

}  // namespace
}  // namespace trialsync::sync
