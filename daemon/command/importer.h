// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_IMPORTER_H_
#define TRIALSYNC_DAEMON_COMMAND_IMPORTER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/command/import_rows.h"
#include "trialsync/v1/record_service.pb.h"

namespace trialsync::command {

struct ImportOptions {
  std::string author = {};
  std::string reason = {};
  // Write over a value that stands, unless it is a person's decision.
  bool update = false;
  bool dry_run = false;
  // Write nothing unless everything can be written.
  bool all_or_nothing = false;
};

struct ImportReport {
  // Records to which something was written (in a dry run: would be), and those that had it all.
  size_t written = 0;
  size_t unchanged = 0;
  // Items by the word for their outcome, e.g. `applied`.
  std::map<std::string, size_t> outcomes;
  // In the order of the table: what was not usable, was refused, or stands otherwise.
  std::vector<RowProblem> problems;
  // False if nothing was written, because of dry_run or all_or_nothing.
  bool done = false;
};

// How a batch reaches the server, and who is told how far it is.
using SendBatch = std::function<absl::StatusOr<v1::BatchWriteRecordsResponse>(
    const v1::BatchWriteRecordsRequest&)>;
using TellProgress = std::function<void(uint64_t done, uint64_t total)>;

// Sends `rows` in batches (limits.h). Each record is written by itself: what is wrong with one goes
// into the report, and its neighbours go in. With all_or_nothing everything is checked first, and
// written only if nothing is in the report; if the data is changed by others meanwhile, it stops
// at the batch that no longer fits and says so. An error is the one with which a batch as a whole
// failed, and says how many records had gone in; the import can be repeated, since what stands
// already is not written again.
absl::StatusOr<ImportReport> SendRows(const SiteName& site, RowWrites rows,
                                      const ImportOptions& options, const SendBatch& send,
                                      const TellProgress& progress);

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_IMPORTER_H_
