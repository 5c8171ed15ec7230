// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/import_map.h"

#include "daemon/command/csv.h"
#include "daemon/command/import_rows.h"
#include "proto/check.h"
#include "tests/fuzz/target.h"

// An import map as a data manager writes it, and what it makes of a small table.
namespace trialsync::fuzz {
namespace {

constexpr char kTable[] = "id,sex,bili,chol,note\n1,m,1.2,,x\n1,f,NA,200,\n,m,.,7,\"a\nb\"\n2,m\n";

void Run(std::string_view yaml) {
  static const auto& table = *new command::CsvTable(*command::ParseCsv(kTable, "t.csv", ','));
  const auto map = command::ParseImportMap(yaml, "m.yaml");
  if (!map.ok()) {
    TS_CHECK(absl::IsInvalidArgument(map.status()) && !map.status().message().empty());
    return;
  }
  const auto writes = command::MakeWrites(table, *map, SiteName{"pbc", "MAYO1"}, "t.csv");
  if (!writes.ok()) return;
  for (const command::RowWrite& write : writes->writes) {
    TS_CHECK(ParseRecordName(write.request.name(), SiteName()).ok());
    TS_CHECK(write.columns.size() == static_cast<size_t>(write.request.items_size()));
  }
}

const RegisteredTarget kTarget("import_map", Run);

}  // namespace
}  // namespace trialsync::fuzz
