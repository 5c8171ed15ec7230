// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_IMPORT_MAP_H_
#define TRIALSYNC_DAEMON_COMMAND_IMPORT_MAP_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/command/template.h"

namespace trialsync::command {

// How the rows of a table become records, written in YAML:
//
//   study: pbc                        # refused elsewhere; may be left out
//   version: 1                        # to write under; the newest active one if left out
//   separator: ','                    # or ';' or "\t"; a comma if left out
//   subject: 'PBC-{id:3}'             # a template (template.h); names the subject of a row
//   empty: skip                       # what an empty cell says; or missing:unknown and the like
//   cells: {NA: missing:not_done}     # cells that say something else, everywhere; `skip` too
//   records:                          # what each row gives
//     - event: BASE
//       form: DEMO
//       rows: first                   # only the first row of each subject; `all` if left out
//       items:
//         sex: '{sex}'                # item: template
//     - event: 'VISIT~{#}'            # or 'VISIT~{visit}'
//       form: LAB
//       items:
//         bili: '{bili} mg/dL'
//         chol: {value: '{chol}', empty: missing:not_done}
//   ignore: [remarks]                 # columns that are not taken; any other must be
//
// A cell that is skipped leaves its item unwritten. A record all of whose cells are empty is not
// made. An item's template is one value, as `trialsync record set` takes it.
struct ImportMap {
  // What a cell stands for instead of itself: the text of a value; nothing: leave the item out.
  using Reading = std::optional<std::string>;

  struct Item {
    std::string item;
    Template value;
    Reading empty;
  };
  struct RecordRule {
    Template event;
    Template form;
    bool first_row_only = false;
    std::vector<Item> items;
  };

  std::string study;
  // 0: the newest that is active.
  uint32_t version = 0;
  char separator = ',';
  Template subject;
  std::map<std::string, Reading, std::less<>> cells;
  std::vector<RecordRule> records;
  std::vector<std::string> ignore;

  // Whether a row means something else if one before it is left out.
  bool counts_rows() const;
};

// Reads a map. Strict: an unknown or repeated key, or a template that is none, is a usage error
// that lists every fault as FILE:LINE:COLUMN: key: reason. Throws nothing.
absl::StatusOr<ImportMap> ParseImportMap(std::string_view yaml, std::string_view file_name);

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_IMPORT_MAP_H_
