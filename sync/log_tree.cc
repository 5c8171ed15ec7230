// SPDX-License-Identifier: Apache-2.0
#include "sync/log_tree.h"

#include <bit>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "sync/limits.h"
#include "sync/merkle.h"
#include "sync/stored_change.h"

namespace trialsync::sync {
namespace {

absl::Status TooShort(uint64_t number) {
  return absl::OutOfRangeError(absl::StrCat("the log has no commit ", number));
}

// A subtree of at least one tile stands in the row of the tile with which it ends.
absl::StatusOr<Sha256> StoredSubtree(storage::PartitionTables& tables, uint64_t first,
                                     uint64_t leaves) {
  const uint64_t tile = (first + leaves) / kTileLeaves - 1;
  const std::optional<std::string> row = tables.Tile(tile);
  if (!tables.status().ok()) return tables.status();
  if (!row && !tables.Log(first + leaves)) return TooShort(first + leaves);
  const auto place = static_cast<size_t>(std::countr_zero(leaves / kTileLeaves)) * Sha256::kBytes;
  if (!row || row->size() < place + Sha256::kBytes) {
    return absl::DataLossError(
        absl::StrCat("node ", tile, " of the log's tree is missing; run: trialsync verify"));
  }
  return Sha256FromBytes(std::string_view(*row).substr(place, Sha256::kBytes));
}

absl::StatusOr<Sha256> Subtree(storage::PartitionTables& tables, uint64_t first, uint64_t leaves) {
  if (leaves >= kTileLeaves) return StoredSubtree(tables, first, leaves);
  MerkleFrontier frontier;
  for (uint64_t index = first; index < first + leaves; ++index) {
    const absl::StatusOr<Sha256> leaf = LeafOf(tables, index + 1);
    if (!leaf.ok()) return leaf.status();
    frontier.Append(*leaf);
  }
  return frontier.Root();
}

auto SubtreesOf(storage::PartitionTables& tables) {
  return [&tables](uint64_t first, uint64_t leaves) { return Subtree(tables, first, leaves); };
}

}  // namespace

absl::StatusOr<v1::LogPosition> PositionAt(storage::PartitionTables& tables, uint64_t size) {
  const absl::StatusOr<Sha256> root = RootAt(tables, size);
  if (!root.ok()) return root.status();
  v1::LogPosition position;
  position.set_epoch(tables.Head().epoch());
  position.set_size(size);
  position.set_root(root->str());
  if (!tables.status().ok()) return tables.status();
  return position;
}

absl::StatusOr<Sha256> LeafOf(storage::PartitionTables& tables, uint64_t number) {
  const std::optional<StoredChange> change = ReadChange(tables, number);
  const std::optional<v1::LogRow> row = tables.Log(number);
  if (!tables.status().ok()) return tables.status();
  if (!change || !row) return TooShort(number);
  return LeafHash(Sha256Of(change->authored), row->receipt());
}

absl::StatusOr<Sha256> RootAt(storage::PartitionTables& tables, uint64_t size) {
  return RangeRoot(SubtreesOf(tables), /*first=*/0, size);
}

absl::StatusOr<MerklePath> InclusionProof(storage::PartitionTables& tables, uint64_t number,
                                          uint64_t size) {
  if (number == 0 || number > size) {
    return absl::InvalidArgumentError(
        absl::StrCat("commit ", number, " is not among the first ", size));
  }
  return InclusionPath(SubtreesOf(tables), number - 1, size);
}

absl::StatusOr<MerklePath> ConsistencyProof(storage::PartitionTables& tables, uint64_t old_size,
                                            uint64_t new_size) {
  if (old_size == 0 || old_size > new_size) {
    return absl::InvalidArgumentError(absl::StrCat("a log of ", old_size,
                                                   " commits cannot be shown to be the beginning "
                                                   "of one of ",
                                                   new_size));
  }
  return ConsistencyPath(SubtreesOf(tables), old_size, new_size);
}

}  // namespace trialsync::sync
