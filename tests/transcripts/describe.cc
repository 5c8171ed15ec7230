// SPDX-License-Identifier: Apache-2.0
#include "tests/transcripts/describe.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace trialsync::transcripts {
namespace {

std::string Lower(const std::string& name, const char* prefix) {
  return absl::StrReplaceAll(absl::AsciiStrToLower(absl::StripPrefix(name, prefix)), {{"_", " "}});
}

std::string Because(v1::Reason reason) {
  if (reason == v1::REASON_UNSPECIFIED) return "";
  return absl::StrCat(" (", ReasonWord(reason), ")");
}

std::string Shown(const std::string& text) { return text.empty() ? "nothing" : text; }

std::string StateWord(const v1::Record& record) {
  std::vector<std::string> words;
  if (record.locked()) words.push_back("locked");
  if (record.frozen()) words.push_back("frozen");
  if (record.voided()) words.push_back("void");
  for (const v1::RecordMark& mark : record.marks()) {
    words.push_back(absl::StrCat(Lower(v1::RecordActKind_Name(mark.kind()), "RECORD_ACT_KIND_"),
                                 " by ", mark.change()));
  }
  if (record.pending_count() != 0) words.push_back(absl::StrCat(record.pending_count(), " unsent"));
  return words.empty() ? "" : absl::StrCat(" (", absl::StrJoin(words, ", "), ")");
}

std::string DescribeItem(const v1::Item& item) {
  std::string line = absl::StrCat("  ", item.item(), " = ",
                                  item.not_convertible() ? "not convertible" : Shown(item.text()));
  std::vector<std::string> words;
  if (!item.author().empty()) words.push_back("by " + item.author());
  if (item.version() > 1) words.push_back(absl::StrCat("under v", item.version()));
  if (!item.recorded().empty()) words.push_back("recorded: " + item.recorded());
  if (item.decided()) words.push_back("decided");
  if (item.pending()) words.push_back("unsent");
  for (const std::string& id : item.discrepancies()) words.push_back("open: " + id);
  if (!words.empty()) absl::StrAppend(&line, " (", absl::StrJoin(words, ", "), ")");
  for (const v1::MarkedValue& mark : item.marked()) {
    absl::StrAppend(&line, "\n    marked: ", mark.text(), " of ", mark.change(), ", ",
                    OutcomeWord(mark.outcome()), Because(mark.reason()));
  }
  return line;
}

}  // namespace

std::string OutcomeWord(v1::Outcome outcome) {
  return Lower(v1::Outcome_Name(outcome), "OUTCOME_");
}

std::string ReasonWord(v1::Reason reason) { return Lower(v1::Reason_Name(reason), "REASON_"); }

std::string DiscrepancyWord(v1::DiscrepancyKind kind) {
  return Lower(v1::DiscrepancyKind_Name(kind), "DISCREPANCY_KIND_");
}

std::string DescribeRecord(const v1::Record& record) {
  std::string text = absl::StrCat(record.name(), StateWord(record));
  for (const v1::Item& item : record.items()) {
    const bool nothing = item.text().empty() && !item.not_convertible() && item.marked().empty() &&
                         item.discrepancies().empty();
    if (!nothing) absl::StrAppend(&text, "\n", DescribeItem(item));
  }
  return text;
}

std::string DescribeHistory(const v1::GetRecordHistoryResponse& history) {
  std::vector<std::string> lines;
  for (const v1::HistoryEntry& entry : history.entries()) {
    const std::string place =
        entry.commit() == 0 ? "unsent" : absl::StrCat("commit ", entry.commit());
    lines.push_back(absl::StrCat(place, " ", entry.change(), " ", entry.act(), " by ",
                                 entry.author(), entry.centre() ? " at the centre" : "", ", \"",
                                 entry.reason(), "\", v", entry.version(), ", base ",
                                 entry.base().number(), ": ", OutcomeWord(entry.outcome()),
                                 Because(entry.outcome_reason())));
    for (const v1::HistoryItem& item : entry.items()) {
      lines.push_back(absl::StrCat("  ", item.item(), ": ", Shown(item.from()), " -> ", item.to(),
                                   " ", OutcomeWord(item.outcome())));
    }
  }
  return absl::StrJoin(lines, "\n");
}

std::string DescribeDiscrepancy(const v1::Discrepancy& discrepancy) {
  std::string text = absl::StrCat(
      discrepancy.state() == v1::DISCREPANCY_STATE_OPEN
          ? ""
          : Lower(v1::DiscrepancyState_Name(discrepancy.state()), "DISCREPANCY_STATE_") + " ",
      DiscrepancyWord(discrepancy.kind()), " ", discrepancy.change(), " on ", discrepancy.record(),
      discrepancy.item().empty() ? "" : " ", discrepancy.item());
  if (discrepancy.pending()) {
    absl::StrAppend(&text, ", known here only");
  } else {
    absl::StrAppend(&text, ", since commit ", discrepancy.opened());
  }
  if (discrepancy.closed() != 0) absl::StrAppend(&text, " until ", discrepancy.closed());
  absl::StrAppend(&text, "\n    ", discrepancy.summary());
  for (const v1::Alternative& value : discrepancy.alternatives()) {
    absl::StrAppend(&text, "\n  ", value.standing() ? "* " : "- ", Shown(value.text()), " of ",
                    value.change(), " by ", value.author(), ", \"", value.reason(), "\"");
  }
  for (const v1::QueryMessage& message : discrepancy.messages()) {
    absl::StrAppend(&text, "\n  > ", message.author().empty() ? "a check" : message.author(), ": ",
                    message.text());
  }
  return text;
}

}  // namespace trialsync::transcripts
