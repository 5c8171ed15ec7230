// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_TABLE_H_
#define TRIALSYNC_DAEMON_COMMAND_TABLE_H_

#include <ostream>
#include <string>
#include <vector>

namespace trialsync::command {

// An aligned table for a terminal. Cells are made printable; the last column takes what the others
// leave of 80 columns and goes on in the next line, so that nothing is cut off.
class Table {
 public:
  explicit Table(std::vector<std::string> header);

  // Takes as many cells as the header has; an empty one is shown as `-`.
  void AddRow(std::vector<std::string> cells);

  // Prints header and rows; nothing if there are no rows.
  void Print(std::ostream& out) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_TABLE_H_
