// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/arena.h"
#include "sync/compression.h"
#include "sync/frame.h"
#include "sync/limits.h"

namespace trialsync::sync {
namespace {

// Applies the entries of one frame, checking each against what the rules say here.
class FrameReader {
 public:
  FrameReader(const ChainId& own, SentRows& sent, PartitionState& state, LogWriter& log)
      : own_(own), sent_(sent), state_(state), log_(log), arena_(block_.data(), block_.size()) {}

  absl::Status Own(const v1::OwnReceipts& run) {
    std::vector<v1::OwnRow> rows = OwnRows(run.first_seq(), run.count());
    if (rows.size() != run.count()) {
      return absl::InvalidArgumentError(absl::StrCat("the frame has a receipt for change ",
                                                     run.first_seq() + rows.size(),
                                                     ", which was not made here"));
    }
    const std::vector<Sha256> digests = LookAhead(rows);
    int next_exception = 0;
    for (uint32_t i = 0; i < run.count(); ++i) {
      Receipt expected = PlainReceipt();
      if (next_exception < run.exceptions_size() && run.exceptions(next_exception).index() == i) {
        const absl::Status read =
            DecodeReceiptDetails(run.exceptions(next_exception++).details(), expected);
        if (!read.ok()) return absl::InvalidArgumentError(read.message());
      }
      expected.stamp = {own_, run.first_seq() + i};
      expected.received_time_us = run.received_time_us();
      ReceiptedChange& change = receipted_.emplace_back();
      change.row = std::move(rows[i]);
      const absl::Status appended = Append({.receipt = expected,
                                            .authored = change.row.authored(),
                                            .digest = digests[i],
                                            .keep_authored = false,
                                            .own = &change});
      if (!appended.ok()) return appended;
    }
    return absl::OkStatus();
  }

  // One of the own chain whose receipt has more than follows from its place.
  absl::Status OwnWhole(const std::string& bytes) {
    const absl::StatusOr<Receipt> receipt = DecodeNext(bytes);
    if (!receipt.ok()) return receipt.status();
    std::optional<v1::OwnRow> row = sent_.Take(receipt->stamp.seq);
    if (!row) row = state_.tables().Own(own_.incarnation, receipt->stamp.seq);
    if (receipt->stamp.chain != own_ || !row) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the frame has a receipt for change ", receipt->stamp.seq, ", which was not made here"));
    }
    ReceiptedChange& change = receipted_.emplace_back();
    change.row = *std::move(row);
    return Append({.receipt = *receipt,
                   .authored = change.row.authored(),
                   .digest = Sha256Of(change.row.authored()),
                   .keep_authored = false,
                   .own = &change});
  }

  absl::Status Foreign(const v1::ForeignCommit& commit) {
    const absl::StatusOr<Receipt> receipt = DecodeNext(commit.receipt());
    if (!receipt.ok()) return receipt.status();
    if (receipt->stamp.chain == own_) {
      return absl::InvalidArgumentError("the frame has a change of this replica as another's");
    }
    return Append({.receipt = *receipt,
                   .authored = commit.authored(),
                   .digest = Sha256Of(commit.authored())});
  }

  std::vector<ReceiptedChange> TakeReceipted() { return std::move(receipted_); }

 private:
  // Up to `count` of the own chain; fewer where it has no more.
  std::vector<v1::OwnRow> OwnRows(uint64_t first_seq, uint32_t count) {
    std::vector<v1::OwnRow> rows;
    rows.reserve(std::min(count, kFrameCommitsMax));
    while (rows.size() < count) {
      std::optional<v1::OwnRow> row = sent_.Take(first_seq + rows.size());
      if (!row) break;
      rows.push_back(*std::move(row));
    }
    if (rows.size() == count) return rows;
    rows.clear();
    state_.tables().ForEachOwn(own_.incarnation, first_seq, [&](uint64_t seq, v1::OwnRow row) {
      if (rows.size() == count || seq != first_seq + rows.size()) return false;
      rows.push_back(std::move(row));
      return true;
    });
    return rows;
  }

  // The digests of the changes; and what appending them will ask for is read at once.
  std::vector<Sha256> LookAhead(const std::vector<v1::OwnRow>& rows) {
    std::vector<Sha256> digests;
    std::vector<ChangeId> ids;
    std::vector<std::string> record_keys;
    for (const v1::OwnRow& row : rows) {
      digests.push_back(Sha256Of(row.authored()));
      ids.push_back(ChangeIdOf(digests.back()));
      if (!row.scope_record().empty()) record_keys.push_back(row.scope_record());
    }
    state_.tables().ReadAhead(ids, record_keys);
    return digests;
  }

  static Receipt PlainReceipt() {
    Receipt receipt;
    receipt.verdict.outcome = v1::OUTCOME_APPLIED;
    return receipt;
  }

  // The receipt of the next commit.
  absl::StatusOr<Receipt> DecodeNext(std::string_view bytes) {
    absl::StatusOr<Receipt> receipt = DecodeReceipt(bytes);
    if (!receipt.ok()) return absl::InvalidArgumentError(receipt.status().message());
    if (receipt->number != log_.size() + 1 || receipt->epoch != log_.epoch()) {
      return absl::InvalidArgumentError(absl::StrCat("the frame has commit ", receipt->number,
                                                     " where ", log_.size() + 1, " is next"));
    }
    return receipt;
  }

  struct Next {
    // What the coordinator says of it.
    const Receipt& receipt;
    std::string_view authored;
    Sha256 digest;
    bool keep_authored = true;
    // Is told what became of it, where it is one of this replica's.
    ReceiptedChange* own = nullptr;
  };
  absl::Status Append(const Next& next) {
    const Receipt& expected = next.receipt;
    arena_.Reset();
    auto* const change = google::protobuf::Arena::CreateMessage<v1::Change>(&arena_);
    if (!change->ParseFromArray(next.authored.data(), static_cast<int>(next.authored.size()))) {
      return absl::InvalidArgumentError("the frame has a change that does not parse");
    }
    const ChangeId id = ChangeIdOf(next.digest);
    const Incoming incoming{.stamp = expected.stamp,
                            .origin = expected.origin,
                            .authored = next.authored,
                            .authored_digest = next.digest,
                            .change = change,
                            .received_time_us = expected.received_time_us,
                            .keep_authored = next.keep_authored};
    if (std::string misfit = log_.Misfit(incoming, id); !misfit.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("commit ", log_.size() + 1, " of the frame ", misfit));
    }
    Receipt receipt = log_.Append(incoming);
    if (receipt.verdict != expected.verdict || receipt.admissions != expected.admissions) {
      return absl::DataLossError(absl::StrCat(
          "commit ", receipt.number, " has outcome ", v1::Outcome_Name(expected.verdict.outcome),
          " at the coordinator and ", v1::Outcome_Name(receipt.verdict.outcome), " here"));
    }
    const bool published =
        change->has_version_publication() && receipt.verdict.outcome == v1::OUTCOME_APPLIED;
    if (published &&
        state_.definitions().Find(change->version_publication().version()) == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("the frame makes version ", change->version_publication().version().number(),
                       " known, whose definition was not sent before it"));
    }
    if (next.own != nullptr) {
      next.own->id = id;
      next.own->receipt = std::move(receipt);
    }
    return absl::OkStatus();
  }

  const ChainId& own_;
  SentRows& sent_;
  PartitionState& state_;
  LogWriter& log_;
  // The change that is being appended; of a usual one the whole is in the first block.
  alignas(16) std::array<char, 16 * 1024> block_;
  google::protobuf::Arena arena_;
  std::vector<ReceiptedChange> receipted_;
};

}  // namespace

absl::StatusOr<std::vector<ReceiptedChange>> ApplyLogFrame(const v1::LogFrame& frame,
                                                           const ChainId& own, SentRows& sent,
                                                           PartitionState& state, LogWriter& log) {
  const v1::LogPosition& end = frame.checkpoint().log();
  if (frame.first_number() != log.size() + 1 || end.size() < log.size()) {
    return absl::InvalidArgumentError(absl::StrCat("the frame begins at commit ",
                                                   frame.first_number(), ", the log goes on at ",
                                                   log.size() + 1));
  }
  if (log.size() == 0) log.BeginEpoch(end.epoch());
  absl::StatusOr<std::string> bytes = Decompress(frame.content(), frame.content_bytes());
  if (!bytes.ok()) return bytes.status();
  v1::LogContent content;
  if (!content.ParseFromString(*bytes)) {
    return absl::InvalidArgumentError("the frame's content does not parse");
  }
  FrameReader reader(own, sent, state, log);
  for (const v1::LogEntry& entry : content.entries()) {
    absl::Status applied = absl::InvalidArgumentError("the frame has an entry of an unknown kind");
    if (entry.has_own()) applied = reader.Own(entry.own());
    if (entry.has_foreign()) applied = reader.Foreign(entry.foreign());
    if (entry.entry_case() == v1::LogEntry::kOwnReceipt) {
      applied = reader.OwnWhole(entry.own_receipt());
    }
    if (!applied.ok()) return applied;
  }
  if (log.size() != end.size() || log.epoch() != end.epoch() || log.Root().view() != end.root()) {
    return absl::DataLossError(absl::StrCat("the log here, of ", log.size(),
                                            " commits, has another root than the coordinator's"));
  }
  return reader.TakeReceipted();
}

}  // namespace trialsync::sync
