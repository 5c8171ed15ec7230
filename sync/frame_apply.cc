// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/str_cat.h"
#include "sync/compression.h"
#include "sync/frame.h"

namespace trialsync::sync {
namespace {

// Applies the entries of one frame, checking each against what the rules say here.
class FrameReader {
 public:
  FrameReader(const ChainId& own, PartitionState& state, LogWriter& log)
      : own_(own), state_(state), log_(log) {}

  absl::Status Own(const v1::OwnReceipts& run) {
    int next_exception = 0;
    for (uint32_t i = 0; i < run.count(); ++i) {
      const uint64_t seq = run.first_seq() + i;
      const std::optional<v1::OwnRow> row = state_.tables().Own(own_.incarnation, seq);
      if (!row) {
        return absl::InvalidArgumentError(
            absl::StrCat("the frame has a receipt for change ", seq, ", which was not made here"));
      }
      Receipt expected = PlainReceipt();
      if (next_exception < run.exceptions_size() && run.exceptions(next_exception).index() == i) {
        const absl::Status read =
            DecodeReceiptDetails(run.exceptions(next_exception++).details(), expected);
        if (!read.ok()) return absl::InvalidArgumentError(read.message());
      }
      const absl::Status appended = Append({own_, seq}, row->authored(), run.received_time_us(),
                                           /*keep_authored=*/false, expected);
      if (!appended.ok()) return appended;
    }
    return absl::OkStatus();
  }

  absl::Status Foreign(const v1::ForeignCommit& commit) {
    const absl::StatusOr<Receipt> receipt = DecodeReceipt(commit.receipt());
    if (!receipt.ok()) return absl::InvalidArgumentError(receipt.status().message());
    if (receipt->stamp.chain == own_) {
      return absl::InvalidArgumentError("the frame has a change of this replica as another's");
    }
    if (receipt->number != log_.size() + 1 || receipt->epoch != log_.epoch()) {
      return absl::InvalidArgumentError(absl::StrCat("the frame has commit ", receipt->number,
                                                     " where ", log_.size() + 1, " is next"));
    }
    return Append(receipt->stamp, commit.authored(), receipt->received_time_us,
                  /*keep_authored=*/true, *receipt);
  }

 private:
  static Receipt PlainReceipt() {
    Receipt receipt;
    receipt.verdict.outcome = v1::OUTCOME_APPLIED;
    return receipt;
  }

  absl::Status Append(const Stamp& stamp, std::string_view authored, int64_t received_time_us,
                      bool keep_authored, const Receipt& expected) {
    if (stamp.seq != log_.Chain(stamp.chain).seq + 1) {
      return absl::InvalidArgumentError(absl::StrCat("the frame leaves a gap in a chain before ",
                                                     stamp.seq));
    }
    v1::Change change;
    if (!change.ParseFromArray(authored.data(), static_cast<int>(authored.size()))) {
      return absl::InvalidArgumentError("the frame has a change that does not parse");
    }
    const Sha256 digest = Sha256Of(authored);
    if (state_.tables().Change(ChangeIdOf(digest))) {
      return absl::InvalidArgumentError("the frame has a change that is in the log already");
    }
    const Receipt receipt = log_.Append({.stamp = stamp,
                                         .authored = authored,
                                         .authored_digest = digest,
                                         .change = &change,
                                         .received_time_us = received_time_us,
                                         .keep_authored = keep_authored});
    if (receipt.verdict != expected.verdict || receipt.admissions != expected.admissions) {
      return absl::DataLossError(absl::StrCat(
          "commit ", receipt.number, " has outcome ", v1::Outcome_Name(expected.verdict.outcome),
          " at the coordinator and ", v1::Outcome_Name(receipt.verdict.outcome), " here"));
    }
    return absl::OkStatus();
  }

  const ChainId& own_;
  PartitionState& state_;
  LogWriter& log_;
};

}  // namespace

absl::Status ApplyLogFrame(const v1::LogFrame& frame, const ChainId& own, PartitionState& state,
                           LogWriter& log) {
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
  FrameReader reader(own, state, log);
  for (const v1::LogEntry& entry : content.entries()) {
    absl::Status applied = absl::InvalidArgumentError("the frame has an entry of an unknown kind");
    if (entry.has_own()) applied = reader.Own(entry.own());
    if (entry.has_foreign()) applied = reader.Foreign(entry.foreign());
    if (!applied.ok()) return applied;
  }
  if (!state.status().ok()) return state.status();
  if (log.size() != end.size() || log.epoch() != end.epoch() || log.Root().view() != end.root()) {
    return absl::DataLossError(absl::StrCat("the log here, of ", log.size(),
                                            " commits, has another root than the coordinator's"));
  }
  return absl::OkStatus();
}

}  // namespace trialsync::sync
