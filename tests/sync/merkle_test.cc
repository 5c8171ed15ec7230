// SPDX-License-Identifier: Apache-2.0
#include "sync/merkle.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "proto/digest.h"
#include "tests/sync/naive_tree.h"

namespace trialsync::sync {
namespace {

Sha256 PublishedLeaf(size_t i) { return PlainLeaf(*FromHex(PublishedEntries()[i])); }

TEST(MerkleFrontier, HasThePublishedRoots) {
  MerkleFrontier frontier;
  for (size_t i = 0; i < PublishedEntries().size(); ++i) {
    frontier.Append(PublishedLeaf(i));
    EXPECT_EQ(frontier.Root().hex(), PublishedRoots()[i]) << i + 1 << " leaves";
    EXPECT_EQ(frontier.size(), i + 1);
  }
}

TEST(MerkleFrontier, RootOfNothingIsTheDigestOfNothing) {
  EXPECT_EQ(MerkleFrontier().Root(), Sha256Of(""));
}

TEST(MerkleFrontier, GoesOnFromItsStoredEdge) {
  for (size_t cut = 0; cut <= PublishedEntries().size(); ++cut) {
    MerkleFrontier first;
    for (size_t i = 0; i < cut; ++i) first.Append(PublishedLeaf(i));
    absl::StatusOr<MerkleFrontier> second = MerkleFrontier::From(first.size(), first.roots());
    ASSERT_TRUE(second.ok());
    for (size_t i = cut; i < PublishedEntries().size(); ++i) {
      second->Append(PublishedLeaf(i));
    }
    EXPECT_EQ(second->Root().hex(), PublishedRoots().back()) << "cut at " << cut;
  }
}

TEST(MerkleFrontier, RefusesAnEdgeThatDoesNotFitItsSize) {
  EXPECT_EQ(MerkleFrontier::From(3, {Sha256Of("a")}).status().code(), absl::StatusCode::kDataLoss);
}

TEST(MerkleFrontier, AppendsWholeSubtreesLikeTheirLeaves) {
  for (const uint64_t leaves_in_subtree : {1u, 2u, 4u, 8u}) {
    MerkleFrontier by_leaf;
    MerkleFrontier by_subtree;
    for (uint64_t subtree = 0; subtree < 5; ++subtree) {
      MerkleFrontier part;
      Sha256 finished;
      for (uint64_t i = 0; i < leaves_in_subtree; ++i) {
        const Sha256 leaf = Sha256Of(std::to_string(subtree * leaves_in_subtree + i));
        if (i + 1 == leaves_in_subtree) {
          finished = by_leaf.FinishedSubtree(leaf, leaves_in_subtree);
        }
        part.Append(leaf);
        by_leaf.Append(leaf);
      }
      EXPECT_EQ(finished, part.Root());
      by_subtree.AppendSubtree(part.Root(), leaves_in_subtree);
      EXPECT_EQ(by_subtree.Root(), by_leaf.Root());
    }
  }
}

TEST(LeafHash, IsOverDigestAndReceipt) {
  const Sha256 authored = Sha256Of("change");
  EXPECT_EQ(LeafHash(authored, "receipt"),
            Sha256Of(std::string("\0", 1) + authored.str() + "receipt"));
  EXPECT_NE(LeafHash(authored, "receipt"), LeafHash(authored, "receipt2"));
}

}  // namespace
}  // namespace trialsync::sync
