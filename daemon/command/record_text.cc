// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/record_text.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "daemon/command/format.h"
#include "daemon/command/table.h"
#include "daemon/command/text.h"
#include "proto/names.h"

namespace trialsync::command {
namespace {

std::string ItemNotes(const v1::Item& item) {
  std::vector<std::string> notes;
  if (item.pending()) notes.push_back("not yet sent");
  if (item.decided()) notes.push_back("decided");
  for (const std::string& id : item.discrepancies()) notes.push_back(absl::StrCat("see ", id));
  for (const v1::MarkedValue& marked : item.marked()) {
    notes.push_back(absl::StrCat(Word(marked.outcome()), " ", ValueText(marked.text()), " (",
                                 Word(marked.reason()), ")"));
  }
  return absl::StrJoin(notes, ", ");
}

// The value as it is read, with what was recorded where that is something else.
std::string Reading(const v1::Item& item) {
  std::string text = item.not_convertible() ? "not convertible" : ValueText(item.text());
  if (!item.recorded().empty()) {
    absl::StrAppend(&text, " (recorded: ", ValueText(item.recorded()), ")");
  }
  return text;
}

std::string WithReason(v1::Outcome outcome, v1::Reason reason) {
  const std::string why = Word(reason);
  return why.empty() ? Word(outcome) : absl::StrCat(Word(outcome), " (", why, ")");
}

}  // namespace

std::string RecordFlags(const v1::Record& record) {
  std::vector<std::string> flags;
  if (record.locked()) flags.push_back("locked");
  if (record.frozen()) flags.push_back("frozen");
  if (record.voided()) flags.push_back("voided");
  for (const v1::RecordMark& mark : record.marks()) {
    flags.push_back(absl::StrCat(Word(mark.kind()), " by ", mark.author()));
  }
  if (record.pending_count() > 0) {
    flags.push_back(absl::StrCat(record.pending_count(), " not yet sent"));
  }
  return absl::StrJoin(flags, ", ");
}

std::string ShortName(const std::string& name) {
  // studies/STUDY/sites/SITE/subjects/SUBJECT/events/EVENT/forms/FORM
  constexpr size_t kSubject = 5;
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  if (parts[0] != "studies" || parts.size() <= kSubject) return name;
  std::string short_name = parts[kSubject];
  for (size_t i = kSubject + 2; i < parts.size(); i += 2)
    absl::StrAppend(&short_name, "/", parts[i]);
  return short_name;
}

void PrintRecord(const v1::Record& record, std::ostream& out) {
  out << Printable(record.name()) << "\netag " << Printable(record.etag()) << "\n";
  const std::string flags = RecordFlags(record);
  if (!flags.empty()) out << Printable(flags) << "\n";
  Table values({"ITEM", "BY", "WHEN", "VERSION", "VALUE"});
  Table notes({"ITEM", "NOTES"});
  for (const v1::Item& item : record.items()) {
    values.AddRow({item.item(), item.author(), TimeText(item.authored_time()),
                   item.version() == 0 ? "" : absl::StrCat(item.version()), Reading(item)});
    const std::string note = ItemNotes(item);
    if (!note.empty()) notes.AddRow({item.item(), note});
  }
  values.Print(out);
  notes.Print(out);
}

void PrintRecordList(const v1::ListRecordsResponse& records, std::ostream& out) {
  Table table({"SITE", "RECORD", "ITEMS", "IN FORCE"});
  for (const v1::Record& record : records.records()) {
    const absl::StatusOr<RecordName> name = ParseRecordName(record.name(), SiteName());
    table.AddRow({name.ok() ? name->parent.site : "", ShortName(record.name()),
                  absl::StrCat(record.items_size()), RecordFlags(record)});
  }
  table.Print(out);
  if (records.records().empty()) out << "There are no records.\n";
}

void PrintHistoryEntry(const v1::HistoryEntry& entry, std::ostream& out) {
  out << (entry.commit() == 0 ? "not yet sent" : absl::StrCat("commit ", entry.commit())) << "  "
      << Printable(entry.act()) << "  " << WithReason(entry.outcome(), entry.outcome_reason())
      << "\n  by " << Printable(entry.author()) << " at " << TimeText(entry.authored_time());
  if (entry.has_received_time()) out << ", received " << TimeText(entry.received_time());
  out << "\n  " << (entry.centre() ? "centre, replica " : "site replica ")
      << ShortId(entry.replica()) << ", version " << entry.version() << ", change "
      << ShortId(entry.change()) << "\n";
  if (!entry.reason().empty()) out << "  reason: " << Printable(entry.reason()) << "\n";
  for (const v1::HistoryItem& item : entry.items()) {
    out << "    " << Printable(item.item()) << ": "
        << (item.from().empty() ? "(empty)" : ValueText(item.from())) << " -> "
        << (item.to().empty() ? "(empty)" : ValueText(item.to()));
    if (item.outcome() != entry.outcome()) out << "  " << Word(item.outcome());
    out << "\n";
  }
}

void PrintConflict(const v1::WriteConflict& conflict, std::ostream& out) {
  out << ShortName(conflict.record()) << " has other values:\n";
  for (const v1::ItemConflict& item : conflict.items()) {
    out << "  " << Printable(item.item()) << ": " << ValueText(item.standing()) << " stands, by "
        << Printable(item.author()) << " at " << TimeText(item.authored_time()) << "; offered is "
        << ValueText(item.offered()) << "\n";
  }
}

void PrintResults(const v1::WriteRecordResponse& response, std::ostream& out) {
  Table table({"ITEM", "OUTCOME", "REMARK"});
  for (const v1::ItemResult& result : response.results()) {
    const std::string word = Word(result.outcome());
    table.AddRow({result.item(), word.empty() ? "unchanged" : word, result.message()});
  }
  table.Print(out);
}

}  // namespace trialsync::command
