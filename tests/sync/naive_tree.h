// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_SYNC_NAIVE_TREE_H_
#define TRIALSYNC_TESTS_SYNC_NAIVE_TREE_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "proto/digest.h"

// The definitions of RFC 6962 §2.1 word for word, over leaves that are all there. What the tests
// compare with; slow.
namespace trialsync::sync {

using Leaves = std::span<const Sha256>;

// MTH(D[n]), from leaf hashes.
Sha256 NaiveRoot(Leaves leaves);
// PATH(m, D[n]).
std::vector<Sha256> NaivePath(uint64_t index, Leaves leaves);
// PROOF(m, D[n]).
std::vector<Sha256> NaiveProof(uint64_t old_size, Leaves leaves);

// SHA-256(0x00 ‖ entry).
Sha256 PlainLeaf(const std::string& entry);

// The eight entries, given in hexadecimal, with which implementations of Certificate Transparency
// are tested, and the roots over the first 1 … 8 of them.
const std::vector<std::string>& PublishedEntries();
const std::vector<std::string>& PublishedRoots();

}  // namespace trialsync::sync

#endif  // TRIALSYNC_TESTS_SYNC_NAIVE_TREE_H_
