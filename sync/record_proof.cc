// SPDX-License-Identifier: Apache-2.0
#include "sync/record_proof.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "study/text.h"
#include "sync/base64.h"
#include "sync/log_tree.h"
#include "sync/merkle.h"
#include "sync/stored_change.h"

namespace trialsync::sync {
namespace {

constexpr std::string_view kFirstLine = "trialsync/record-proof@v1";

// Takes the lines one by one, and notes the first that is not as it should be.
class ProofReader {
 public:
  explicit ProofReader(std::string_view text) : rest_(text) {}

  const absl::Status& status() const { return status_; }
  std::string_view rest() const { return rest_; }

  // What stands behind `word` in the next line.
  std::string_view Take(std::string_view word) {
    ++line_;
    const size_t end = rest_.find('\n');
    if (end == rest_.npos || !rest_.starts_with(word)) {
      Refuse(absl::StrCat("a line that begins with \"", std::string(word), "\""));
      return "";
    }
    const std::string_view line = rest_.substr(word.size(), end - word.size());
    rest_.remove_prefix(end + 1);
    return line;
  }
  std::string TakeBytes(std::string_view word) {
    const std::optional<std::string> bytes = FromBase64(Take(word));
    if (!bytes || bytes->empty()) Refuse("base64 of something");
    return bytes.value_or("");
  }
  Sha256 TakeDigest(std::string_view word) {
    const absl::StatusOr<Sha256> digest = Sha256FromBytes(TakeBytes(word));
    if (!digest.ok()) Refuse("32 bytes in base64");
    return digest.ok() ? *digest : Sha256();
  }
  uint64_t TakeNumber(std::string_view word) {
    const std::string line(Take(word));
    uint64_t number = 0;
    if (!absl::SimpleAtoi(line, &number) || absl::StrCat(number) != line) Refuse("a number");
    return number;
  }
  // Of the line that was taken last.
  void Refuse(absl::string_view expected) {
    if (!status_.ok()) return;
    status_ = absl::InvalidArgumentError(absl::StrCat("this is not the proof of a change; in line ",
                                                      line_, " is expected: ", expected));
  }

 private:
  std::string_view rest_;
  int line_ = 0;
  absl::Status status_;
};

absl::Status DoesNotHold(absl::string_view why) {
  return absl::DataLossError(absl::StrCat("the proof does not hold: ", why));
}

}  // namespace

std::string FormatRecordProof(const RecordProof& proof) {
  std::string text = absl::StrCat(std::string(kFirstLine), "\n");
  if (proof.authored.empty()) {
    absl::StrAppend(&text, "digest ", ToBase64(proof.authored_digest.view()), "\n");
  } else {
    absl::StrAppend(&text, "authored ", ToBase64(proof.authored), "\n");
  }
  absl::StrAppend(&text, "receipt ", ToBase64(proof.receipt), "\nindex ", proof.index, "\n");
  for (const Sha256& hash : proof.path) absl::StrAppend(&text, ToBase64(hash.view()), "\n");
  absl::StrAppend(&text, "\n", proof.signed_checkpoint);
  return text;
}

absl::StatusOr<RecordProof> ParseRecordProof(std::string_view text) {
  ProofReader in(text);
  if (!in.Take(kFirstLine).empty()) in.Refuse("nothing behind that");
  RecordProof proof;
  if (in.rest().starts_with("digest ")) {
    proof.authored_digest = in.TakeDigest("digest ");
  } else {
    proof.authored = in.TakeBytes("authored ");
    proof.authored_digest = Sha256Of(proof.authored);
  }
  proof.receipt = in.TakeBytes("receipt ");
  proof.index = in.TakeNumber("index ");
  while (in.status().ok() && !in.rest().starts_with('\n')) {
    proof.path.push_back(in.TakeDigest(""));
  }
  if (!in.status().ok()) return in.status();
  proof.signed_checkpoint = in.rest().substr(1);
  return proof;
}

absl::StatusOr<RecordProof> ProveCommit(storage::PartitionTables& tables, uint64_t number,
                                        uint64_t size, std::string signed_checkpoint) {
  absl::StatusOr<MerklePath> path = InclusionProof(tables, number, size);
  if (!path.ok()) return path.status();
  std::optional<StoredChange> change = ReadChange(tables, number);
  std::optional<v1::LogRow> row = tables.Log(number);
  if (!tables.status().ok()) return tables.status();
  if (!change || !row) return absl::OutOfRangeError(absl::StrCat("the log has no commit ", number));
  RecordProof proof;
  proof.authored_digest = Sha256Of(change->authored);
  proof.authored = std::move(change->authored);
  proof.receipt = std::move(*row->mutable_receipt());
  proof.index = number - 1;
  proof.path = *std::move(path);
  proof.signed_checkpoint = std::move(signed_checkpoint);
  return proof;
}

absl::StatusOr<ProvenChange> CheckRecordProof(const RecordProof& proof, const VerifierKey& key) {
  ProvenChange proven;
  absl::StatusOr<Checkpoint> checkpoint = OpenCheckpoint(proof.signed_checkpoint, key);
  if (!checkpoint.ok()) return checkpoint.status();
  proven.checkpoint = *std::move(checkpoint);
  const Sha256 digest = proof.authored.empty() ? proof.authored_digest : Sha256Of(proof.authored);
  if (!VerifyInclusion(LeafHash(digest, proof.receipt), proof.index, proven.checkpoint.size,
                       proof.path, proven.checkpoint.root)) {
    return DoesNotHold(
        "this change with this receipt is not at its place of the log that was signed");
  }
  absl::StatusOr<Receipt> receipt = DecodeReceipt(proof.receipt);
  if (!receipt.ok()) return DoesNotHold(receipt.status().message());
  if (receipt->number != proof.index + 1) {
    return DoesNotHold(
        absl::StrCat("commit ", proof.index + 1, " has the receipt of commit ", receipt->number));
  }
  proven.id = ChangeIdOf(digest);
  proven.receipt = *std::move(receipt);
  if (proof.authored.empty()) return proven;
  if (!proven.change.emplace().ParseFromString(proof.authored)) {
    return DoesNotHold("what is in the log is not a change");
  }
  const SiteName of{proven.change->study(), proven.change->site()};
  if (of != proven.checkpoint.partition) {
    return DoesNotHold(absl::StrCat("a change of ", study::Quoted(of.ToString()),
                                    " is in the log of ", proven.checkpoint.partition.ToString()));
  }
  return proven;
}

}  // namespace trialsync::sync
