// SPDX-License-Identifier: Apache-2.0
#include "tests/sync/naive_tree.h"

namespace trialsync::sync {
namespace {

// The largest power of two smaller than n.
uint64_t Split(uint64_t n) {
  uint64_t k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

std::vector<Sha256> Subproof(uint64_t m, Leaves leaves, bool known) {
  if (m == leaves.size()) return known ? std::vector<Sha256>{} : std::vector{NaiveRoot(leaves)};
  const uint64_t k = Split(leaves.size());
  std::vector<Sha256> proof =
      m <= k ? Subproof(m, leaves.first(k), known) : Subproof(m - k, leaves.subspan(k), false);
  proof.push_back(NaiveRoot(m <= k ? leaves.subspan(k) : leaves.first(k)));
  return proof;
}

}  // namespace

Sha256 NaiveRoot(Leaves leaves) {
  if (leaves.empty()) return Sha256Of("");
  if (leaves.size() == 1) return leaves.front();
  const uint64_t k = Split(leaves.size());
  return Sha256Of({std::string_view("\1", 1), NaiveRoot(leaves.first(k)).view(),
                   NaiveRoot(leaves.subspan(k)).view()});
}

std::vector<Sha256> NaivePath(uint64_t index, Leaves leaves) {
  if (leaves.size() == 1) return {};
  const uint64_t k = Split(leaves.size());
  std::vector<Sha256> path =
      index < k ? NaivePath(index, leaves.first(k)) : NaivePath(index - k, leaves.subspan(k));
  path.push_back(NaiveRoot(index < k ? leaves.subspan(k) : leaves.first(k)));
  return path;
}

std::vector<Sha256> NaiveProof(uint64_t old_size, Leaves leaves) {
  return Subproof(old_size, leaves, true);
}

Sha256 PlainLeaf(const std::string& entry) { return Sha256Of({std::string_view("\0", 1), entry}); }

const std::vector<std::string>& PublishedEntries() {
  static const auto& entries = *new std::vector<std::string>{"",
                                                             "00",
                                                             "10",
                                                             "2021",
                                                             "3031",
                                                             "40414243",
                                                             "5051525354555657",
                                                             "606162636465666768696a6b6c6d6e6f"};
  return entries;
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

}  // namespace trialsync::sync
