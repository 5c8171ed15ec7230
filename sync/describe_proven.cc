// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "study/value.h"
#include "sync/record_proof.h"
#include "sync/time.h"
#include "sync/words.h"

namespace trialsync::sync {
namespace {

std::string TimeText(absl::Time time, int32_t utc_offset_minutes) {
  return absl::FormatTime(absl::RFC3339_full, time, absl::FixedTimeZone(utc_offset_minutes * 60));
}

std::string Repeat(const std::string& birth) {
  return birth.empty() ? "" : absl::StrCat(", repeat ", ToHex(birth));
}

std::string RecordText(const v1::RecordKey& key) {
  std::string text = absl::StrCat("subject ", ToHex(key.subject()));
  if (key.event() != 0) {
    absl::StrAppend(&text, ", event ", key.event(), Repeat(key.event_birth()));
  }
  if (key.form() != 0) absl::StrAppend(&text, ", form ", key.form(), Repeat(key.form_birth()));
  return text;
}

std::string OutcomeText(const Verdict& verdict) {
  const std::string why = ReasonClause(verdict.reason);
  return absl::StrCat(OutcomeWord(verdict.outcome), why.empty() ? "" : ", because ", why);
}

void AddWrites(const google::protobuf::RepeatedPtrField<v1::ItemWrite>& writes,
               std::vector<std::string>& lines) {
  for (const v1::ItemWrite& write : writes) {
    lines.push_back(absl::StrCat("item ", write.item(), ": ", study::FormatValue(write.value())));
  }
}

void AddContent(const v1::Change& change, std::vector<std::string>& lines) {
  lines.push_back(absl::StrCat("what: ", ActWord(change)));
  if (change.has_record()) lines.push_back(absl::StrCat("of: ", RecordText(change.record())));
  AddWrites(change.edit().writes(), lines);
  AddWrites(change.decision().writes(), lines);
  if (change.has_birth()) lines.push_back(absl::StrCat("label: ", change.birth().label()));
  if (change.has_rename()) lines.push_back(absl::StrCat("label: ", change.rename().label()));
  if (change.has_version()) {
    lines.push_back(absl::StrCat("version: ", change.version().number(), ", sha256 ",
                                 ToHex(change.version().sha256())));
  }
  lines.push_back(absl::StrCat(
      "made: by ", change.author(), ", by their clock at ",
      TimeText(FromTimestamp(change.authored_time()), change.authored_utc_offset_minutes())));
  if (!change.reason().empty()) lines.push_back(absl::StrCat("reason: ", change.reason()));
}

}  // namespace

std::vector<std::string> DescribeProven(const ProvenChange& proven) {
  const Receipt& receipt = proven.receipt;
  const Checkpoint& log = proven.checkpoint;
  std::vector<std::string> lines;
  lines.push_back(absl::StrCat("change ", proven.id.hex(), " is commit ", receipt.number,
                               " of the log of ", log.partition.ToString()));
  if (proven.change) {
    AddContent(*proven.change, lines);
  } else {
    lines.push_back("what: redacted; only its digest is left, which is proven all the same");
  }
  lines.push_back(absl::StrCat(
      "received: ", TimeText(absl::FromUnixMicros(receipt.received_time_us), 0), " from replica ",
      receipt.stamp.chain.replica.hex(), " as its change ", receipt.stamp.seq));
  lines.push_back(absl::StrCat("outcome at that commit: ", OutcomeText(receipt.verdict)));
  for (const CellVerdict& cell : receipt.verdict.cells) {
    lines.push_back(absl::StrCat("but lineage ", cell.lineage, ": ", OutcomeWord(cell.outcome)));
  }
  lines.push_back(absl::StrCat("signed: ", TimeText(absl::FromUnixMicros(log.time_us), 0),
                               ", when the log had ", log.size, " commits, epoch ",
                               absl::StrFormat("%016x", log.epoch), ", root ", log.root.hex()));
  return lines;
}

}  // namespace trialsync::sync
