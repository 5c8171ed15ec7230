// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_VERIFY_H_
#define TRIALSYNC_SYNC_VERIFY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "proto/ids.h"
#include "proto/names.h"
#include "storage/kv.h"
#include "study/definition.h"
#include "trialsync/v1/sync.pb.h"

// Proves, without the other end, that a partition's log is whole and that everything stored beside
// it is what the log says (invariants I9, I10): the log is replayed into an empty store in memory,
// and both are compared row by row.
namespace trialsync::sync {

// The verdict on one partition.
struct Verification {
  // The log as replayed: up to the first difference, if there is one.
  v1::LogPosition log;
  // The first difference, in a sentence that names the table, the record or commit and what
  // differs, but no value; empty if there is none.
  std::string difference;
};

// Gets told how many commits of how many were replayed, at the start and every kProgressCommits;
// false ends the verification.
using VerifyProgressFunction = std::function<bool(uint64_t done, uint64_t total)>;
inline constexpr uint64_t kProgressCommits = 1000;

// Verifies one partition in a snapshot. Checked are the receipts and their bytes, the chains, the
// Merkle tree, every derived row, and at the replica that made them the hashes of its own changes.
// Rows that only a site has (outbox, `site_only` values, predictions that did not hold) follow from
// no log and are left out.
//
// A store that cannot be read is a difference, not an error. CANCELLED when `progress` ended it.
// The replayed rows are held in memory, about as much as the partition has on disk uncompressed.
absl::StatusOr<Verification> VerifyPartition(
    const std::shared_ptr<const storage::Snapshot>& snapshot, PartitionNumber partition,
    const SiteName& name, const study::DefinitionSet& definitions,
    const VerifyProgressFunction& progress);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_VERIFY_H_
