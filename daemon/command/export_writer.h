// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_EXPORT_WRITER_H_
#define TRIALSYNC_DAEMON_COMMAND_EXPORT_WRITER_H_

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trialsync/v1/definition.pb.h"
#include "trialsync/v1/record_service.pb.h"

namespace trialsync::command {

// Files of an export become visible together and whole: they are written beside `directory`, in a
// temporary one, and moved at the end. Without Finish, nothing is left behind.
class ExportDirectory {
 public:
  // FailedPrecondition if there is such a directory with something in it, unless `force`: then
  // files of the same names are replaced, and others stay.
  static absl::StatusOr<ExportDirectory> Create(std::string directory, bool force);
  ExportDirectory(ExportDirectory&& other) noexcept;
  ~ExportDirectory();

  // Where to write a file.
  std::string Path(const std::string& file_name) const;

  absl::Status Finish();

 private:
  ExportDirectory(std::string directory, std::string temporary);

  std::string directory_;
  // Empty once it is moved.
  std::string temporary_;
};

// A column of a table: an item by its permanent id, under its newest name.
struct ExportColumn {
  uint32_t item = 0;
  std::string name;
};

// A form by its permanent id, under its newest name, with every item that it ever had.
struct ExportForm {
  uint32_t id = 0;
  std::string name;
  std::vector<ExportColumn> columns;
};

// The forms of a study, given its versions by ascending number: in the order of the newest
// definition that has them.
std::vector<ExportForm> FormsOf(const std::vector<v1::StudyDefinition>& versions);

// How a table is written.
struct CsvStyle {
  // Puts an apostrophe before what a spreadsheet would run or swallow: a name or text that begins
  // with = + - @, a tab or a line end.
  bool for_spreadsheets = false;
};

// The first line of the table of a form.
std::string CsvHeader(const ExportForm& form);

// The line of a record: site, subject, event, form, remarks, and the text of each value. An item
// whose value is withheld or not convertible has an empty cell, and a remark ITEM=withheld or
// ITEM=not_convertible, with a space between several: so no text can be taken for it. DataLoss if
// the record has an item that `form` lacks, so that nothing is left out unseen.
absl::StatusOr<std::string> CsvRecord(const ExportForm& form, const v1::Record& record,
                                      const CsvStyle& style);

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_EXPORT_WRITER_H_
