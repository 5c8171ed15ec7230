// SPDX-License-Identifier: Apache-2.0
#include "sync/hand_over.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "sync/frame.h"
#include "sync/log_tree.h"
#include "sync/merkle_proof.h"
#include "sync/sent_rows.h"

namespace trialsync::sync {
namespace {

// Longer than any proof over 2^64 leaves.
constexpr int kHashesMax = 130;

using Hashes = google::protobuf::RepeatedPtrField<std::string>;

void SetPath(const MerklePath& path, Hashes* hashes) {
  for (const Sha256& hash : path) hashes->Add(hash.str());
}

std::optional<MerklePath> PathOf(const Hashes& hashes) {
  if (hashes.size() > kHashesMax) return std::nullopt;
  MerklePath path;
  for (const std::string& bytes : hashes) {
    const absl::StatusOr<Sha256> hash = Sha256FromBytes(bytes);
    if (!hash.ok()) return std::nullopt;
    path.push_back(*hash);
  }
  return path;
}

bool Begins(const Checkpoint& signed_end, uint64_t size, const Sha256& root, const Hashes& proof) {
  const std::optional<MerklePath> path = PathOf(proof);
  return path && VerifyConsistency(size, root, signed_end.size, signed_end.root, *path);
}

}  // namespace

absl::StatusOr<v1::HandOver> BuildHandOver(storage::PartitionTables& tables,
                                           uint64_t first_number) {
  const v1::LogHead head = tables.Head();
  if (first_number == 0 || first_number > head.size()) {
    return absl::InvalidArgumentError(absl::StrCat("the site is asked for commit ", first_number,
                                                   " of its log of ", head.size()));
  }
  const absl::StatusOr<Sha256> root = RootAt(tables, head.size());
  if (!root.ok()) return root.status();
  v1::LogPosition end;
  end.set_epoch(head.epoch());
  end.set_size(head.size());
  end.set_root(root->str());
  v1::HandOver piece;
  absl::StatusOr<v1::LogFrame> frame = BuildLogFrame(tables, first_number, ChainId(), end);
  if (!frame.ok()) return frame.status();
  *piece.mutable_frame() = *std::move(frame);
  const absl::StatusOr<MerklePath> proof =
      ConsistencyProof(tables, piece.frame().checkpoint().log().size(), head.size());
  if (!proof.ok()) return proof.status();
  SetPath(*proof, piece.mutable_proof());
  if (first_number == 1) return piece;
  const absl::StatusOr<Sha256> before = RootAt(tables, first_number - 1);
  if (!before.ok()) return before.status();
  piece.set_root_before(before->str());
  const absl::StatusOr<MerklePath> proof_before =
      ConsistencyProof(tables, first_number - 1, head.size());
  if (!proof_before.ok()) return proof_before.status();
  SetPath(*proof_before, piece.mutable_proof_before());
  return piece;
}

ProofBefore CheckBefore(const v1::HandOver& piece, uint64_t size, const Sha256& root,
                        const Checkpoint& signed_end) {
  if (size == 0) return ProofBefore::kHolds;
  const absl::StatusOr<Sha256> claimed = Sha256FromBytes(piece.root_before());
  if (!claimed.ok() || !Begins(signed_end, size, *claimed, piece.proof_before())) {
    return ProofBefore::kFails;
  }
  return *claimed == root ? ProofBefore::kHolds : ProofBefore::kContradicts;
}

absl::Status TakeHandOver(const v1::HandOver& piece, const Checkpoint& signed_end,
                          PartitionState& state, LogWriter& log) {
  const uint64_t size_before = log.size();
  SentRows none;
  const auto applied = ApplyLogFrame(piece.frame(), ChainId(), none, state, log);
  if (!applied.ok()) return applied.status();
  if (log.size() == size_before) return absl::InvalidArgumentError("the piece has no commit");
  if (Begins(signed_end, log.size(), log.Root(), piece.proof())) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("it is not shown that the log here of ", log.size(),
                   " commits is the beginning of the signed one of ", signed_end.size));
}

}  // namespace trialsync::sync
