// SPDX-License-Identifier: Apache-2.0
#include "sync/merkle_proof.h"

#include <gtest/gtest.h>

#include <bit>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sync/merkle.h"
#include "tests/sync/naive_tree.h"

namespace trialsync::sync {
namespace {

// A tree that is all in memory, and what was asked of it.
class MemoryTree {
 public:
  explicit MemoryTree(std::vector<Sha256> leaves) : leaves_(std::move(leaves)) {}
  // Leaf i is that of one byte i, as in the published vectors, or of its decimal number.
  static MemoryTree OfBytes(uint64_t size) {
    std::vector<Sha256> leaves;
    for (uint64_t i = 0; i < size; ++i) leaves.push_back(PlainLeaf({static_cast<char>(i)}));
    return MemoryTree(leaves);
  }
  static MemoryTree OfNumbers(uint64_t size) {
    std::vector<Sha256> leaves;
    for (uint64_t i = 0; i < size; ++i) leaves.push_back(PlainLeaf(std::to_string(i)));
    return MemoryTree(leaves);
  }
  static MemoryTree Published() {
    std::vector<Sha256> leaves;
    for (const std::string& entry : PublishedEntries())
      leaves.push_back(PlainLeaf(*FromHex(entry)));
    return MemoryTree(leaves);
  }

  Leaves First(uint64_t size) const { return Leaves(leaves_).first(size); }
  Leaves Range(uint64_t first, uint64_t last) const {
    return Leaves(leaves_).subspan(first, last - first);
  }
  Sha256 Leaf(uint64_t index) const { return leaves_[index]; }

  // A node of the tree of which leaf `offset` is the first.
  absl::StatusOr<Sha256> Subtree(uint64_t offset, uint64_t first, uint64_t leaves) const {
    EXPECT_TRUE(std::has_single_bit(leaves) && first % leaves == 0);
    ++asked_;
    return NaiveRoot(Range(offset + first, offset + first + leaves));
  }
  auto From(uint64_t offset) const {
    return
        [this, offset](uint64_t first, uint64_t leaves) { return Subtree(offset, first, leaves); };
  }
  MerklePath Inclusion(uint64_t index, uint64_t size) const {
    return InclusionPath(From(0), index, size).value();
  }
  MerklePath Consistency(uint64_t old_size, uint64_t new_size) const {
    return ConsistencyPath(From(0), old_size, new_size).value();
  }
  mutable uint64_t asked_ = 0;

 private:
  std::vector<Sha256> leaves_;
};

std::string Hex(const MerklePath& path) {
  std::string text;
  for (const Sha256& hash : path) absl::StrAppend(&text, " ", hash.hex());
  return text;
}

// What implementations of Certificate Transparency are tested with, as hexadecimal.
constexpr char kLeaf0[] = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
constexpr char kLeaf1[] = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
constexpr char kLeaf4[] = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
constexpr char kLeaf6[] = "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f";
constexpr char kNode01[] = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125";
constexpr char kNode23[] = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
constexpr char kNode45[] = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
constexpr char kNode67[] = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
constexpr char kNode03[] = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7";
constexpr char kNode47[] = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";

TEST(MerkleProof, IsThePublishedOne) {
  const MemoryTree tree = MemoryTree::Published();
  const auto hex = [](std::vector<std::string> hashes) {
    std::string text;
    for (const std::string& hash : hashes) absl::StrAppend(&text, " ", hash);
    return text;
  };
  EXPECT_EQ(Hex(tree.Inclusion(0, 1)), "");
  EXPECT_EQ(Hex(tree.Inclusion(0, 8)), hex({kLeaf1, kNode23, kNode47}));
  EXPECT_EQ(Hex(tree.Inclusion(5, 8)), hex({kLeaf4, kNode67, kNode03}));
  EXPECT_EQ(Hex(tree.Inclusion(2, 3)), hex({kNode01}));
  EXPECT_EQ(Hex(tree.Inclusion(1, 5)), hex({kLeaf0, kNode23, kLeaf4}));
  EXPECT_EQ(Hex(tree.Consistency(1, 1)), "");
  EXPECT_EQ(Hex(tree.Consistency(1, 8)), hex({kLeaf1, kNode23, kNode47}));
  EXPECT_EQ(Hex(tree.Consistency(6, 8)), hex({kNode45, kNode67, kNode03}));
  EXPECT_EQ(Hex(tree.Consistency(2, 5)), hex({kNode23, kLeaf4}));
  EXPECT_EQ(Hex(tree.Consistency(6, 7)), hex({kNode45, kLeaf6, kNode03}));
}

TEST(MerkleProof, HoldsAgainstThePublishedRoots) {
  const MemoryTree tree = MemoryTree::Published();
  const auto root = [](uint64_t size) {
    return *Sha256FromBytes(*FromHex(PublishedRoots()[size - 1]));
  };
  for (uint64_t size = 1; size <= 8; ++size) {
    for (uint64_t i = 0; i < size; ++i) {
      EXPECT_TRUE(VerifyInclusion(tree.Leaf(i), i, size, tree.Inclusion(i, size), root(size)));
      EXPECT_TRUE(
          VerifyConsistency(i + 1, root(i + 1), size, root(size), tree.Consistency(i + 1, size)));
    }
  }
}

// The accumulated vectors of draft-ietf-plants-merkle-tree-certs: SHA-256 over one line for each
// subtree [start, end) of a tree of 130 leaves, and for each inclusion proof within one.
TEST(MerkleProof, HasThePublishedAccumulatedDigests) {
  constexpr uint64_t kSizeMax = 130;
  const MemoryTree tree = MemoryTree::OfBytes(kSizeMax);
  std::string roots;
  std::string paths;
  for (uint64_t end = 0; end <= kSizeMax; ++end) {
    for (uint64_t start = 0; start <= end; ++start) {
      if (start < end && start % std::bit_ceil(end - start) != 0) continue;
      const std::string range = absl::StrCat("[", start, ", ", end, ")");
      const Sha256 root = RangeRoot(tree.From(0), start, end).value();
      absl::StrAppend(&roots, range, " ", root.hex(), "\n");
      for (uint64_t index = start; index < end; ++index) {
        const MerklePath path = InclusionPath(tree.From(start), index - start, end - start).value();
        absl::StrAppend(&paths, index, " ", range, Hex(path), "\n");
      }
    }
  }
  EXPECT_EQ(Sha256Of(roots).hex(),
            "b82806ad4265bb151c1119c0f4db437bb4d1a1f887b3a7fba1cd4ebf552e3e81");
  EXPECT_EQ(Sha256Of(paths).hex(),
            "ac2a8f989e44d99e399db448050ff5f19757df53cfb716aa81015d3955d8163f");
}

TEST(MerkleProof, IsTheOneOfTheDefinitionAndHoldsOnlyForItsOwnPlace) {
  constexpr uint64_t kSizeMax = 40;
  const MemoryTree tree = MemoryTree::OfNumbers(kSizeMax);
  for (uint64_t size = 1; size <= kSizeMax; ++size) {
    const Sha256 root = NaiveRoot(tree.First(size));
    for (uint64_t i = 0; i < size; ++i) {
      const MerklePath path = tree.Inclusion(i, size);
      ASSERT_EQ(path, NaivePath(i, tree.First(size))) << i << " of " << size;
      for (uint64_t other = 0; other < size + 2; ++other) {
        EXPECT_EQ(VerifyInclusion(tree.Leaf(i), other, size, path, root), other == i);
      }
      const MerklePath proof = tree.Consistency(i + 1, size);
      ASSERT_EQ(proof, NaiveProof(i + 1, tree.First(size))) << i + 1 << " in " << size;
      const Sha256 old_root = NaiveRoot(tree.First(i + 1));
      for (uint64_t other = 0; other < size + 2; ++other) {
        EXPECT_EQ(VerifyConsistency(other, old_root, size, root, proof), other == i + 1);
      }
    }
  }
}

TEST(MerkleProof, CostsALogarithm) {
  constexpr uint64_t kSize = (uint64_t{1} << 62) + 12345;
  uint64_t asked = 0;
  uint64_t covered = 0;
  const auto subtree = [&](uint64_t first, uint64_t leaves) -> absl::StatusOr<Sha256> {
    ++asked;
    covered += leaves;
    return Sha256Of(absl::StrCat(first, "+", leaves));
  };
  ASSERT_TRUE(InclusionPath(subtree, 123456789, kSize).ok());
  EXPECT_LE(asked, 128u);
  EXPECT_EQ(covered, kSize - 1);
  asked = covered = 0;
  ASSERT_TRUE(ConsistencyPath(subtree, 987654321, kSize).ok());
  EXPECT_LE(asked, 128u);
  EXPECT_LE(covered, kSize);
}

TEST(MerkleProof, AnErrorOfTheTreeEndsIt) {
  for (uint64_t fails_at = 0; fails_at < 3; ++fails_at) {
    uint64_t asked = 0;
    const auto subtree = [&](uint64_t, uint64_t) -> absl::StatusOr<Sha256> {
      if (asked++ == fails_at) return absl::DataLossError("gone");
      return Sha256();
    };
    EXPECT_EQ(InclusionPath(subtree, 5, 7).status().code(), absl::StatusCode::kDataLoss);
    asked = 0;
    EXPECT_EQ(ConsistencyPath(subtree, 6, 7).status().code(), absl::StatusCode::kDataLoss);
    EXPECT_EQ(asked, fails_at + 1);
  }
}

// Every change of one bit, and every hash more or less.
std::vector<MerklePath> Tampered(const MerklePath& path) {
  std::vector<MerklePath> all;
  for (size_t i = 0; i < path.size(); ++i) {
    for (size_t bit = 0; bit < Sha256::kBytes * 8; ++bit) {
      MerklePath changed = path;
      changed[i].bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
      all.push_back(changed);
    }
    MerklePath shorter = path;
    shorter.erase(shorter.begin() + static_cast<ptrdiff_t>(i));
    all.push_back(shorter);
    MerklePath swapped = path;
    std::swap(swapped[i], swapped[(i + 1) % path.size()]);
    if (swapped != path) all.push_back(swapped);
  }
  for (size_t i = 0; i <= path.size(); ++i) {
    for (const Sha256& extra : {Sha256(), path.empty() ? Sha256() : path[i % path.size()]}) {
      MerklePath longer = path;
      longer.insert(longer.begin() + static_cast<ptrdiff_t>(i), extra);
      all.push_back(longer);
    }
  }
  return all;
}

Sha256 Flipped(Sha256 hash, size_t bit) {
  hash.bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
  return hash;
}

TEST(MerkleProof, TamperedWithIsRefused) {
  const MemoryTree tree = MemoryTree::OfNumbers(21);
  for (const uint64_t size : {1u, 2u, 3u, 7u, 8u, 13u, 21u}) {
    const Sha256 root = NaiveRoot(tree.First(size));
    for (uint64_t i = 0; i < size; ++i) {
      const MerklePath path = tree.Inclusion(i, size);
      const MerklePath proof = tree.Consistency(i + 1, size);
      const Sha256 old_root = NaiveRoot(tree.First(i + 1));
      for (const MerklePath& wrong : Tampered(path)) {
        ASSERT_FALSE(VerifyInclusion(tree.Leaf(i), i, size, wrong, root)) << i << " of " << size;
      }
      for (const MerklePath& wrong : Tampered(proof)) {
        ASSERT_FALSE(VerifyConsistency(i + 1, old_root, size, root, wrong))
            << i + 1 << " in " << size;
      }
      for (size_t bit = 0; bit < Sha256::kBytes * 8; ++bit) {
        ASSERT_FALSE(VerifyInclusion(Flipped(tree.Leaf(i), bit), i, size, path, root));
        ASSERT_FALSE(VerifyInclusion(tree.Leaf(i), i, size, path, Flipped(root, bit)));
        ASSERT_FALSE(VerifyConsistency(i + 1, Flipped(old_root, bit), size, root, proof));
        ASSERT_FALSE(VerifyConsistency(i + 1, old_root, size, Flipped(root, bit), proof));
      }
    }
  }
}

TEST(MerkleProof, ANodeIsNoLeaf) {
  const MemoryTree tree = MemoryTree::OfNumbers(4);
  const Sha256 left = NaiveRoot(tree.First(2));
  const Sha256 right = NaiveRoot(tree.Range(2, 4));
  // What it would be if leaves and nodes were hashed alike.
  EXPECT_FALSE(VerifyInclusion(PlainLeaf(tree.Leaf(0).str() + tree.Leaf(1).str()), 0, 2,
                               std::vector{right}, NaiveRoot(tree.First(4))));
  EXPECT_NE(PlainLeaf(tree.Leaf(0).str() + tree.Leaf(1).str()), left);
}

TEST(MerkleProof, NothingProvesSomethingOfNothing) {
  const Sha256 empty = Sha256Of("");
  EXPECT_FALSE(VerifyInclusion(Sha256(), 0, 0, {}, empty));
  EXPECT_FALSE(VerifyConsistency(0, empty, 0, empty, {}));
  EXPECT_FALSE(VerifyConsistency(0, empty, 1, Sha256Of("a"), {}));
  EXPECT_FALSE(VerifyConsistency(0, empty, 1, empty, std::vector{empty}));
  EXPECT_FALSE(VerifyConsistency(1, empty, 1, empty, std::vector{empty}));
  EXPECT_FALSE(VerifyConsistency(2, empty, 1, empty, {}));
  EXPECT_FALSE(VerifyConsistency(1, empty, 2, empty, {}));
  EXPECT_FALSE(VerifyConsistency(3, empty, 4, empty, {}));
  EXPECT_TRUE(VerifyConsistency(1, empty, 1, empty, {}));
}

TEST(MerkleProof, HugeSizesEnd) {
  const MerklePath path(100);
  EXPECT_FALSE(VerifyInclusion({}, ~uint64_t{0} - 1, ~uint64_t{0}, path, {}));
  EXPECT_FALSE(VerifyInclusion({}, 0, ~uint64_t{0}, path, {}));
  EXPECT_FALSE(VerifyConsistency(uint64_t{1} << 63, {}, ~uint64_t{0}, {}, path));
  EXPECT_FALSE(VerifyConsistency(~uint64_t{0} - 1, {}, ~uint64_t{0}, {}, path));
}

}  // namespace
}  // namespace trialsync::sync
