// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_CHECKPOINT_H_
#define TRIALSYNC_SYNC_CHECKPOINT_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "proto/digest.h"
#include "proto/names.h"
#include "sync/note_key.h"
#include "trialsync/v1/sync.pb.h"

// What the coordinator signs of a partition's log (protocol §7): the only evidence of a position.
// All functions are pure.
namespace trialsync::sync {

// The state of one log at one moment. Its text is the one of c2sp.org/tlog-checkpoint, with four
// extension lines, and is stored and sent: it must not change.
//
//   studies/pbc/sites/MAYO1                          origin: the partition
//   1234                                             commits
//   XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=     root over them (RFC 6962), base64
//   epoch 0123456789abcdef
//   parent fedcba9876543210                          zeros in the first epoch
//   began 900                                        commits that the epoch began with
//   time 2026-11-23T01:02:03.000004Z                 of signing, UTC, to the microsecond
//
// It is in the form in which it can be read back if: study and site are short names; the epoch is
// not 0 and not its parent; without a parent nothing came before the epoch; it began with no more
// commits than there are; the root of no commits is the one of nothing; the year has four digits.
//
// The origin is the log's. The name of the key is the coordinator's, which signs the logs of all
// its partitions with one key: so that an auditor needs to be given one.
struct Checkpoint {
  SiteName partition;
  uint64_t size = 0;
  Sha256 root;
  uint64_t epoch = 0;
  // The epoch before it at this coordinator; 0 if it is the first.
  uint64_t parent_epoch = 0;
  // The log's size when the epoch began: up to there it is what the parent had, beyond it is the
  // epoch's own.
  uint64_t began_at = 0;
  // Unix microseconds. Evidence only; never a judge of order.
  int64_t time_us = 0;

  auto operator<=>(const Checkpoint&) const = default;
};

// The checkpoint of a log at this position, in its first epoch. INVALID_ARGUMENT if the position's
// root is none.
absl::StatusOr<Checkpoint> CheckpointAt(const SiteName& partition, const v1::LogPosition& log,
                                        absl::Time time);
// Whether it is of this log at this position.
bool IsAt(const Checkpoint& checkpoint, const SiteName& partition, const v1::LogPosition& log);

// The seven lines.
std::string FormatCheckpoint(const Checkpoint& checkpoint);

// Reads exactly what FormatCheckpoint() writes; INVALID_ARGUMENT names the line that is anything
// else.
absl::StatusOr<Checkpoint> ParseCheckpoint(std::string_view text);

// The checkpoint as a signed note. INVALID_ARGUMENT if it could not be read back.
absl::StatusOr<std::string> SignCheckpoint(const Checkpoint& checkpoint, const SigningKey& key);

// The checkpoint in a note that this key signed; others may have signed it too. INVALID_ARGUMENT or
// UNAUTHENTICATED as OpenNote(), INVALID_ARGUMENT as ParseCheckpoint(). Whether it is of the
// partition that was asked about is for the caller to see.
absl::StatusOr<Checkpoint> OpenCheckpoint(std::string_view note, const VerifierKey& key);

// Whether these two, both opened by the coordinator's key, cannot both be honest, by themselves: of
// one partition and one epoch, they tell of another beginning of it, or of two roots at one size
// (invariant I21). False says nothing about different sizes: there Extends() decides; and nothing
// about two epochs: there the log was rolled back.
bool Contradict(const Checkpoint& a, const Checkpoint& b);

// Whether `path` (sync/merkle_proof.h) shows that the log of `newer` begins with the log of
// `older`, of the same partition. It does for two honest checkpoints of one epoch, and for one of
// the epoch before up to where the newer one began. An empty log is the beginning of any, and a log
// that of itself, by an empty path. False may be a bad path as well: it is for the one who made it
// to explain, and by itself no evidence against the signer.
bool Extends(const Checkpoint& newer, const Checkpoint& older, std::span<const Sha256> path);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_CHECKPOINT_H_
