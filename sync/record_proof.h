// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_RECORD_PROOF_H_
#define TRIALSYNC_SYNC_RECORD_PROOF_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/digest.h"
#include "proto/ids.h"
#include "storage/tables.h"
#include "sync/checkpoint.h"
#include "sync/merkle_proof.h"
#include "sync/note_key.h"
#include "sync/receipt.h"
#include "trialsync/v1/change.pb.h"

// The proof that a change is in the log of its partition, as a file to be given away: one who has
// the coordinator's public key checks it without any store or server.
namespace trialsync::sync {

// A proof as it is in its file; nothing of it is checked yet. The file is UTF-8 text in the manner
// of c2sp.org/tlog-proof, with every line ended, base64 of RFC 4648 §4, and no line but these. It
// is kept by people for decades: it must not change.
//
//   trialsync/record-proof@v1
//   authored CgNwYmMSBU1BWU8x…     authored bytes; or, if redacted: digest, their SHA-256
//   receipt AQEjRWeJq83v…          receipt bytes (sync/receipt.h)
//   index 40                       of the leaf, from 0: the commit's number − 1
//   lqKW0iTyhcZ77pPDD4owkVfw…=     the inclusion path (RFC 6962 §2.1.1), a hash a line, from the
//   …                              leaf's sibling up to the root's child
//                                  (a blank line)
//   studies/pbc/sites/MAYO1        the signed checkpoint (sync/checkpoint.h), to the end
//   …
//
// So it can be checked by hand too:
//   1. the signature under the checkpoint, by the key (c2sp.org/signed-note);
//   2. leaf = SHA-256(00 ‖ SHA-256(authored bytes) ‖ receipt bytes);
//   3. leaf, index and path give the root in the checkpoint (RFC 9162 §2.1.3.2).
// With the first line c2sp.org/tlog-proof@v1 and without the next two it is a tlog-proof of the
// entry SHA-256(authored bytes) ‖ receipt bytes.
struct RecordProof {
  // Empty where they were redacted.
  std::string authored;
  // Always set.
  Sha256 authored_digest;
  std::string receipt;
  uint64_t index = 0;
  MerklePath path;
  std::string signed_checkpoint;

  bool operator==(const RecordProof&) const = default;
};

// The file's text.
std::string FormatRecordProof(const RecordProof& proof);

// Reads exactly what FormatRecordProof() writes; INVALID_ARGUMENT names the line that is anything
// else. The checkpoint is taken as it is.
absl::StatusOr<RecordProof> ParseRecordProof(std::string_view text);

// The proof of a commit among the first `size`, of which `signed_checkpoint` is. Errors as
// InclusionProof() has them.
absl::StatusOr<RecordProof> ProveCommit(storage::PartitionTables& tables, uint64_t number,
                                        uint64_t size, std::string signed_checkpoint);

// What a proof that holds has proven: that the coordinator had this change at this place of its
// log, and what it had answered. It does not say that no later commit changed the same value again.
struct ProvenChange {
  Checkpoint checkpoint;
  ChangeId id;
  Receipt receipt;
  // nullopt where the content was redacted: that it was in the log is proven all the same.
  std::optional<v1::Change> change;
};

// Checks a proof. INVALID_ARGUMENT if its checkpoint is none; UNAUTHENTICATED if the key did not
// sign that; DATA_LOSS, with the reason, if change and receipt are not at that place of the log, or
// do not say so themselves.
absl::StatusOr<ProvenChange> CheckRecordProof(const RecordProof& proof, const VerifierKey& key);

// What was proven, for people: a sentence or a fact a line, the first and the last ones always
// there. Lines hold what users typed, maybe long and with control characters: whoever prints them
// sees to that. Records and items are called by their ids, since names are a definition's.
std::vector<std::string> DescribeProven(const ProvenChange& proven);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_RECORD_PROOF_H_
