// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/importer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/command/format.h"
#include "daemon/command/limits.h"

namespace trialsync::command {
namespace {

class Sender {
 public:
  Sender(const SiteName& site, const std::vector<RowWrite>& writes, const ImportOptions& options,
         const SendBatch& send, const TellProgress& progress)
      : site_(site), writes_(writes), options_(options), send_(send), progress_(progress) {}

  // One pass over all writes.
  absl::StatusOr<ImportReport> Run(bool validate_only) {
    ImportReport report;
    report.done = !validate_only;
    for (size_t begin = 0; begin < writes_.size();) {
      const v1::BatchWriteRecordsRequest batch = MakeBatch(begin, validate_only);
      absl::StatusOr<v1::BatchWriteRecordsResponse> response = send_(batch);
      if (response.ok() && response->results_size() != batch.requests_size()) {
        response = absl::InternalError("the server answered another number of writes than it got");
      }
      if (!response.ok()) return Interrupted(response.status(), report);
      for (const v1::BatchWriteResult& result : response->results()) {
        AddResult(result, writes_[begin++], report);
      }
      progress_(begin, writes_.size());
      // A batch that no longer fits was not written; the ones before it were.
      if (!validate_only && options_.all_or_nothing && !report.problems.empty()) {
        return Interrupted(absl::AbortedError(report.problems.front().message), report);
      }
    }
    return report;
  }

 private:
  v1::BatchWriteRecordsRequest MakeBatch(size_t begin, bool validate_only) const {
    v1::BatchWriteRecordsRequest batch;
    batch.set_parent(site_.ToString());
    batch.set_all_or_nothing(options_.all_or_nothing && !validate_only);
    size_t bytes = 0;
    for (size_t i = begin; i < writes_.size() && bytes < kImportBatchBytes &&
                           batch.requests_size() < kImportRequestsPerBatch;
         ++i) {
      v1::WriteRecordRequest* request = batch.add_requests();
      *request = writes_[i].request;
      request->set_author(options_.author);
      request->set_reason(options_.reason);
      request->set_create_missing(true);
      request->set_validate_only(validate_only);
      request->set_on_different_value(options_.update ? v1::VALUE_CONFLICT_UPDATE
                                                      : v1::VALUE_CONFLICT_REPORT);
      bytes += request->ByteSizeLong();
    }
    return batch;
  }

  static std::string ColumnOf(const RowWrite& write, const std::string& item) {
    for (int i = 0; i < write.request.items_size(); ++i) {
      if (write.request.items(i).item() == item) return write.columns[static_cast<size_t>(i)];
    }
    return "";
  }

  static void AddResult(const v1::BatchWriteResult& result, const RowWrite& write,
                        ImportReport& report) {
    if (result.code() != 0) {
      AddRefusal(result, write, report);
      return;
    }
    bool written = false;
    for (const v1::ItemResult& item : result.response().results()) {
      if (item.outcome() != v1::OUTCOME_UNSPECIFIED) {
        written = true;
        ++report.outcomes[Word(item.outcome())];
      } else if (!item.message().empty()) {
        report.problems.push_back({write.line, ColumnOf(write, item.item()), item.message()});
      }
    }
    ++(written ? report.written : report.unchanged);
  }

  static void AddRefusal(const v1::BatchWriteResult& result, const RowWrite& write,
                         ImportReport& report) {
    for (const v1::ItemResult& item : result.invalid()) {
      report.problems.push_back(
          {write.line, ColumnOf(write, item.item()),
           absl::StrCat(item.message(), " (nothing of this record was written)")});
    }
    for (const v1::ItemConflict& item : result.conflict().items()) {
      report.problems.push_back({write.line, ColumnOf(write, item.item()),
                                 absl::StrCat(item.standing(), " stands, by ", item.author())});
    }
    if (result.invalid().empty() && result.conflict().items().empty()) {
      report.problems.push_back({write.line, "", result.message()});
    }
  }

  absl::Status Interrupted(const absl::Status& status, const ImportReport& report) const {
    const size_t gone_in = report.done ? report.written + report.unchanged : 0;
    return absl::Status(status.code(),
                        absl::StrCat(status.message(), "\n", gone_in, " of ", writes_.size(),
                                     " records had gone in; repeat the import for the rest"));
  }

  const SiteName& site_;
  const std::vector<RowWrite>& writes_;
  const ImportOptions& options_;
  const SendBatch& send_;
  const TellProgress& progress_;
};

void MergeProblems(std::vector<RowProblem> more, ImportReport& report) {
  report.problems.insert(report.problems.end(), std::make_move_iterator(more.begin()),
                         std::make_move_iterator(more.end()));
  std::stable_sort(report.problems.begin(), report.problems.end(),
                   [](const RowProblem& a, const RowProblem& b) { return a.line < b.line; });
}

}  // namespace

absl::StatusOr<ImportReport> SendRows(const SiteName& site, RowWrites rows,
                                      const ImportOptions& options, const SendBatch& send,
                                      const TellProgress& progress) {
  Sender sender(site, rows.writes, options, send, progress);
  const bool check_first = options.dry_run || options.all_or_nothing;
  absl::StatusOr<ImportReport> report = sender.Run(/*validate_only=*/check_first);
  if (!report.ok()) return report;
  MergeProblems(std::move(rows.problems), *report);
  if (!check_first || options.dry_run || !report->problems.empty()) return report;
  return sender.Run(/*validate_only=*/false);
}

}  // namespace trialsync::command
