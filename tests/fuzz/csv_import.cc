// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "absl/strings/str_cat.h"
#include "daemon/command/csv.h"
#include "daemon/command/import_rows.h"
#include "proto/check.h"
#include "tests/fuzz/target.h"

// A table as a hospital hands it in, and what an import map makes of its rows.
namespace trialsync::fuzz {
namespace {

constexpr char kMap[] = R"(subject: 'S-{id:3}'
cells: {NA: missing:not_done, '.': skip}
records:
  - {event: BASE, form: DEMO, rows: first, items: {sex: '{sex}'}}
  - event: 'VISIT~{#}'
    form: LAB
    items:
      bili: '{bili} mg/dL'
      chol: {value: '{chol}{sex}', empty: missing:unknown}
ignore: [note]
)";

// What is written is read back as it was.
void CheckLine(const command::CsvRow& row) {
  const auto again = command::ParseCsv(absl::StrCat("h\n", command::CsvLine(row.cells)), "t", ',');
  TS_CHECK(again.ok());
  const bool empty_line = row.cells.size() == 1 && row.cells[0].empty();
  TS_CHECK(again->rows.size() == (empty_line ? 0u : 1u));
  TS_CHECK(empty_line || again->rows[0].cells == row.cells);
}

void Run(std::string_view text) {
  static const auto& map = *new command::ImportMap(*command::ParseImportMap(kMap, "m.yaml"));
  for (const char separator : {',', ';', '\t'}) {
    const auto table = command::ParseCsv(text, "t.csv", separator);
    if (!table.ok()) continue;
    CheckLine(table->header);
    for (const command::CsvRow& row : table->rows) CheckLine(row);
    const auto writes = command::MakeWrites(*table, map, SiteName{"pbc", "MAYO1"}, "t.csv");
    if (!writes.ok()) continue;
    for (const command::RowWrite& write : writes->writes) {
      TS_CHECK(ParseRecordName(write.request.name(), SiteName()).ok());
      TS_CHECK(write.columns.size() == static_cast<size_t>(write.request.items_size()));
    }
  }
}

const RegisteredTarget kTarget("csv_import", Run);

}  // namespace
}  // namespace trialsync::fuzz
