// SPDX-License-Identifier: Apache-2.0
#include "sync/merkle.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "proto/digest.h"

namespace trialsync::sync {
namespace {

// The eight leaves and roots with which Certificate Transparency's implementations are tested.
const std::vector<std::string>& PublishedLeaves() {
  static const auto& leaves = *new std::vector<std::string>{
      "",           "00",       "10",
      "2021",       "3031",     "40414243",
      "5051525354555657",       "606162636465666768696a6b6c6d6e6f"};
  return leaves;
}
const std::vector<std::string>& PublishedRoots() {
  static const auto& roots = *new std::vector<std::string>{
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  return roots;
}

Sha256 PlainLeaf(const std::string& hex) {
  return Sha256Of({std::string_view("\0", 1), *FromHex(hex)});
}

TEST(MerkleFrontier, HasThePublishedRoots) {
  MerkleFrontier frontier;
  for (size_t i = 0; i < PublishedLeaves().size(); ++i) {
    frontier.Append(PlainLeaf(PublishedLeaves()[i]));
    EXPECT_EQ(frontier.Root().hex(), PublishedRoots()[i]) << i + 1 << " leaves";
    EXPECT_EQ(frontier.size(), i + 1);
  }
}

TEST(MerkleFrontier, RootOfNothingIsTheDigestOfNothing) {
  EXPECT_EQ(MerkleFrontier().Root(), Sha256Of(""));
}

TEST(MerkleFrontier, GoesOnFromItsStoredEdge) {
  for (size_t cut = 0; cut <= PublishedLeaves().size(); ++cut) {
    MerkleFrontier first;
    for (size_t i = 0; i < cut; ++i) first.Append(PlainLeaf(PublishedLeaves()[i]));
    absl::StatusOr<MerkleFrontier> second = MerkleFrontier::From(first.size(), first.roots());
    ASSERT_TRUE(second.ok());
    for (size_t i = cut; i < PublishedLeaves().size(); ++i) {
      second->Append(PlainLeaf(PublishedLeaves()[i]));
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
