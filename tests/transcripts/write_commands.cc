// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/transcripts/describe.h"
#include "tests/transcripts/request_words.h"
#include "tests/transcripts/runner.h"

// Writes of records, one at a time or together.
namespace trialsync::transcripts {
namespace {

std::string ResultText(const v1::ItemResult& result) {
  std::string text = absl::StrCat(
      result.item(), " ",
      result.outcome() == v1::OUTCOME_UNSPECIFIED ? "left alone" : OutcomeWord(result.outcome()));
  if (!result.message().empty()) absl::StrAppend(&text, " (", result.message(), ")");
  return text;
}

}  // namespace

// `saved A1:3 on base 7`; at the centre the commit says it.
std::string Runner::SavedAs(world::Node& node, const std::string& change_hex) {
  const absl::StatusOr<std::string> bytes = FromHex(change_hex);
  if (node.site() == nullptr || !bytes.ok() || bytes->empty()) return "";
  storage::Transaction transaction(node.store().NewSnapshot());
  const v1::LogHead head = storage::PartitionTables(&transaction, node.site()->partition()).Head();
  return absl::StrCat("saved ", stage_->NameOf(*bytes), " on base ", head.size());
}

v1::WriteRecordRequest Runner::ReadWrite(world::Node& node, Words& words) {
  v1::WriteRecordRequest request;
  const std::string record = words.Take();
  request.set_name(FullName(node, record));
  request.set_author(node.name());
  request.set_reason("entry");
  request.set_etag(EtagOf(node, record));
  while (!words.empty()) {
    if (const auto assignment = words.TakeAssignment()) {
      v1::ItemInput& input = *request.add_items();
      input.set_item(assignment->first);
      input.set_text(Expand(assignment->second));
    } else if (words.TakeIf("without etag")) {
      request.clear_etag();
    } else if (words.TakeIf("as read")) {
      request.set_etag(stage_->etags_read[{node.name(), record}]);
    } else if (words.TakeIf("with etag")) {
      request.set_etag(words.Take());
    } else if (words.TakeIf("creating")) {
      request.set_create_missing(true);
    } else if (words.TakeIf("only checking")) {
      request.set_validate_only(true);
    } else if (words.TakeIf("reporting")) {
      request.set_on_different_value(v1::VALUE_CONFLICT_REPORT);
    } else if (words.TakeIf("updating")) {
      request.set_on_different_value(v1::VALUE_CONFLICT_UPDATE);
    } else if (words.TakeIf("under")) {
      request.set_version(VersionNumber(words));
    } else if (!TakeCommon(words, request) && !TakeReason(words, request)) {
      words.Die("no option of an edit");
    }
  }
  return request;
}

// What was saved, and what became of each item.
std::string Runner::WrittenAs(world::Node& node, const v1::WriteRecordResponse& response) {
  std::vector<std::string> results;
  for (const v1::ItemResult& result : response.results()) results.push_back(ResultText(result));
  std::vector<std::string> lines;
  for (const std::string& change : response.changes()) {
    const std::string saved = SavedAs(node, change);
    if (!saved.empty()) lines.push_back(saved);
  }
  if (response.changes().empty()) lines.push_back("nothing saved");
  if (node.site() != nullptr || response.changes().empty()) {
    lines.push_back("  " + absl::StrJoin(results, ", "));
  }
  return absl::StrJoin(lines, "\n");
}

std::string Runner::Write(world::Node& node, Words& words) {
  const sync::Answer answer = node.Do(ReadWrite(node, words));
  if (!answer.status.ok()) return RefusalOf(answer);
  return WrittenAs(node, std::get<v1::WriteRecordResponse>(answer.result));
}

// `A1 writes together` or `A1 writes all or nothing`, and a write a line below it.
std::string Runner::WriteTogether(world::Node& node, Words& words,
                                  const std::vector<std::string>& block) {
  v1::BatchWriteRecordsRequest request;
  request.set_parent(Stage::partition().ToString());
  request.set_all_or_nothing(words.TakeIf("all or nothing"));
  if (!request.all_or_nothing()) words.Expect("together");
  for (const std::string& line : block) {
    Words write(line);
    *request.add_requests() = ReadWrite(node, write);
  }
  const sync::Answer answer = node.Do(request);
  if (!answer.status.ok()) return RefusalOf(answer);
  const auto& response = std::get<v1::BatchWriteRecordsResponse>(answer.result);
  std::vector<std::string> lines;
  int row = 0;
  for (const v1::BatchWriteResult& result : response.results()) {
    const absl::Status status(static_cast<absl::StatusCode>(result.code()), result.message());
    std::optional<v1::WriteConflict> conflict;
    if (result.has_conflict()) conflict = result.conflict();
    const std::string text =
        status.ok() ? WrittenAs(node, result.response()) : RefusalOf(status, conflict);
    lines.push_back(absl::StrCat(++row, ": ", text.empty() ? "taken" : text));
    for (const v1::ItemResult& invalid : result.invalid()) {
      lines.push_back(absl::StrCat("  wrong: ", invalid.item()));
    }
  }
  return absl::StrJoin(lines, "\n");
}

}  // namespace trialsync::transcripts
