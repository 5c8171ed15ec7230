// SPDX-License-Identifier: Apache-2.0
#include "sync/verify.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/check.h"
#include "storage/tables.h"
#include "storage/transaction.h"
#include "sync/chain.h"
#include "sync/checkpoint.h"
#include "sync/log.h"
#include "sync/log_tree.h"
#include "sync/partition_state.h"
#include "sync/receipt.h"
#include "sync/record.h"
#include "sync/replayed_log.h"
#include "sync/row_difference.h"
#include "sync/stored_change.h"

namespace trialsync::sync {
namespace {

// One verification. Each step returns a difference in a sentence, empty if it found none.
class Verifier {
 public:
  Verifier(const std::shared_ptr<const storage::Snapshot>& snapshot, PartitionNumber partition,
           const SiteName& name, const study::DefinitionSet& definitions)
      : snapshot_(snapshot),
        partition_(partition),
        name_(name),
        transaction_(snapshot),
        stored_(&transaction_, partition),
        head_(stored_.Head()),
        replica_(partition, &definitions, FirstEpoch(stored_)),
        definitions_(definitions) {}

  absl::StatusOr<Verification> Run(const VerifyProgressFunction& progress) {
    Verification verification;
    for (uint64_t number = 1; number <= head_.size(); ++number) {
      if (number % kProgressCommits == 1 && !Advance(progress, number - 1)) return Cancelled();
      verification.difference = CheckCommit(number);
      if (!verification.difference.empty()) break;
    }
    if (verification.difference.empty() && !Advance(progress, head_.size())) return Cancelled();
    if (verification.difference.empty()) verification.difference = CheckNothingBeyond();
    if (verification.difference.empty()) verification.difference = CheckRows();
    if (verification.difference.empty()) verification.difference = CheckCheckpoint();
    if (verification.difference.empty()) verification.difference = CheckOwnChain();
    if (verification.difference.empty() && !stored_.status().ok()) {
      verification.difference = std::string(stored_.status().message());
    }
    verification.log = replica_.log().Position();
    return verification;
  }

 private:
  static absl::Status Cancelled() { return absl::CancelledError("the verification was ended"); }

  bool Advance(const VerifyProgressFunction& progress, uint64_t done) {
    replica_.Keep();
    return progress(done, head_.size());
  }

  static std::string AtCommit(uint64_t number, absl::string_view sentence) {
    return absl::StrCat("log: commit ", number, " ", sentence);
  }

  std::string CheckCommit(uint64_t number);
  std::string CheckReplayed(uint64_t number, const v1::LogRow& stored, const Receipt& told,
                            const Receipt& replayed);
  std::string CheckNothingBeyond();
  std::string CheckRows();
  std::string CheckCheckpoint();
  std::string CheckOwnChain();
  std::string Describe(const RowDifference& difference);
  std::string DescribeRecord(const v1::RecordKey& key);
  std::string LabelOf(const std::string& birth);

  const std::shared_ptr<const storage::Snapshot> snapshot_;
  const PartitionNumber partition_;
  const SiteName name_;
  storage::Transaction transaction_;
  storage::PartitionTables stored_;
  const v1::LogHead head_;
  ReplayedLog replica_;
  const study::DefinitionSet& definitions_;
};

std::string Verifier::CheckCommit(uint64_t number) {
  const std::optional<v1::LogRow> row = stored_.Log(number);
  if (!row) {
    return AtCommit(number, stored_.status().ok() ? "is missing" : stored_.status().message());
  }
  const absl::StatusOr<Receipt> receipt = DecodeReceipt(row->receipt());
  if (!receipt.ok()) return AtCommit(number, "has a damaged receipt");
  if (receipt->Encode() != row->receipt()) {
    return AtCommit(number, "has a receipt in other bytes than this release makes of it");
  }
  const std::optional<StoredChange> change = ReadChange(stored_, number);
  if (!change) return AtCommit(number, stored_.status().message());
  const Incoming incoming{.stamp = change->stamp,
                          .origin = receipt->origin,
                          .authored = change->authored,
                          .authored_digest = Sha256Of(change->authored),
                          .change = &change->change,
                          .received_time_us = change->received_time_us};
  // A log that was tampered with may say anything.
  std::string wrong = replica_.log().Misfit(incoming, change->id);
  if (!wrong.empty()) return AtCommit(number, wrong);
  const Receipt replayed = replica_.log().Append(incoming);
  return CheckReplayed(number, *row, *receipt, replayed);
}

std::string Verifier::CheckReplayed(uint64_t number, const v1::LogRow& stored, const Receipt& told,
                                    const Receipt& replayed) {
  if (told.epoch != replayed.epoch || told.number != replayed.number) {
    return AtCommit(
        number, absl::StrCat("has the receipt of commit ", told.number, " of epoch ", told.epoch));
  }
  if (told.verdict != replayed.verdict) {
    return AtCommit(number,
                    absl::StrCat("has outcome ", v1::Outcome_Name(told.verdict.outcome), " (",
                                 v1::Reason_Name(told.verdict.reason), "), and the replay says ",
                                 v1::Outcome_Name(replayed.verdict.outcome), " (",
                                 v1::Reason_Name(replayed.verdict.reason), ")"));
  }
  if (told.admissions != replayed.admissions) {
    return AtCommit(number, absl::StrCat("admits ", told.admissions.size(),
                                         " held changes, and the replay admits ",
                                         replayed.admissions.size(), " or others"));
  }
  if (stored.receipt() != replayed.Encode()) {
    return AtCommit(number, "has another receipt than the replay makes");
  }
  const std::optional<v1::LogRow> made = replica_.tables().Log(number);
  TS_CHECK(made.has_value());
  if (stored.previous_of_record() != made->previous_of_record()) {
    return AtCommit(number, absl::StrCat("names commit ", stored.previous_of_record(),
                                         " as the one before it on its record, and it is ",
                                         made->previous_of_record()));
  }
  return "";
}

std::string Verifier::CheckNothingBeyond() {
  std::string difference;
  stored_.ForEachLog(head_.size() + 1, ~uint64_t{0} - 1, [&](uint64_t number, const v1::LogRow&) {
    difference = AtCommit(number, absl::StrCat("is there, and the log ends at ", head_.size()));
    return false;
  });
  return difference;
}

std::string Verifier::CheckRows() {
  const std::optional<RowDifference> difference =
      FirstRowDifference(*snapshot_, *replica_.snapshot(), partition_);
  return difference ? Describe(*difference) : "";
}

// What was signed last is of this log.
std::string Verifier::CheckCheckpoint() {
  const std::string note = stored_.Checkpoint(head_.epoch());
  if (note.empty()) return "";
  storage::StoreTables store(&transaction_);
  const absl::StatusOr<VerifierKey> key = VerifierKey::Parse(store.VerifierKey());
  if (!key.ok()) return "checkpoint: the key that is to check it is missing or damaged";
  const absl::StatusOr<Checkpoint> opened = OpenCheckpoint(note, *key);
  if (!opened.ok()) return absl::StrCat("checkpoint: ", opened.status().message());
  const absl::StatusOr<Sha256> root = RootAt(stored_, opened->size);
  if (!root.ok()) return absl::StrCat("checkpoint: ", root.status().message());
  if (opened->partition == name_ && opened->root == *root) return "";
  return absl::StrCat("checkpoint: what was signed of ", opened->size,
                      " commits is not of the log that is stored");
}

// The hashes of this replica's own changes, sent or not. The centre keeps its own in the log.
std::string Verifier::CheckOwnChain() {
  const std::optional<ChainId> own = stored_.OwnChain();
  if (!own) return "";
  uint64_t seq = 0;
  Sha256 hash;
  std::string difference;
  stored_.ForEachOwn(own->incarnation, 1, [&](uint64_t number, const v1::OwnRow& row) {
    const std::string here = absl::StrCat("own chain: change ", number, " ");
    hash = NextChainHash(hash, Sha256Of(row.authored()));
    if (number != seq + 1) {
      difference = absl::StrCat("own chain: change ", seq + 1, " is missing");
    } else if (row.chain() != hash.view()) {
      difference = absl::StrCat(here, "does not fit the hash that is stored with it");
    }
    seq = number;
    return difference.empty();
  });
  return difference;
}

std::string Verifier::Describe(const RowDifference& difference) {
  std::string row = absl::StrCat("the row with key ", ToHex(difference.key));
  if (difference.key.empty()) row = "the table";
  if (difference.table == storage::Table::kLogHead) row = "the end of the log";
  if (difference.table == storage::Table::kChange) {
    row = absl::StrCat("change ", ToHex(difference.key));
  }
  if (difference.table == storage::Table::kRecord) {
    std::optional<v1::RecordState> state = stored_.Record(difference.key);
    storage::Transaction replayed(replica_.snapshot());
    if (!state) state = storage::PartitionTables(&replayed, partition_).Record(difference.key);
    if (state) row = DescribeRecord(state->key());
  }
  return absl::StrCat(std::string(TableName(difference.table)), ": ", row, " ",
                      difference.sentence);
}

std::string Verifier::LabelOf(const std::string& birth) {
  const std::optional<ChangeId> id = ChangeId::From(birth);
  const std::optional<v1::BirthRow> row = id ? stored_.Birth(*id) : std::nullopt;
  return row ? row->label() : ToHex(birth);
}

std::string Verifier::DescribeRecord(const v1::RecordKey& key) {
  if (IsLabelRecord(key)) return absl::StrCat("the label of ", LabelOf(key.subject()));
  const std::shared_ptr<const study::Definition> latest = definitions_.latest();
  const v1::EventDefinition* event = latest ? latest->FindEvent(key.event()) : nullptr;
  const v1::FormDefinition* form = latest ? latest->FindForm(key.form()) : nullptr;
  RecordName name{name_, LabelOf(key.subject()),
                  event == nullptr ? absl::StrCat("event ", key.event()) : event->name(),
                  form == nullptr ? absl::StrCat("form ", key.form()) : form->name()};
  if (!key.event_birth().empty()) absl::StrAppend(&name.event, "~", LabelOf(key.event_birth()));
  if (!key.form_birth().empty()) absl::StrAppend(&name.form, "~", LabelOf(key.form_birth()));
  return absl::StrCat("record ", name.Short());
}

}  // namespace

absl::StatusOr<Verification> VerifyPartition(
    const std::shared_ptr<const storage::Snapshot>& snapshot, PartitionNumber partition,
    const SiteName& name, const study::DefinitionSet& definitions,
    const VerifyProgressFunction& progress) {
  return Verifier(snapshot, partition, name, definitions).Run(progress);
}

}  // namespace trialsync::sync
