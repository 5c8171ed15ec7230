// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/import_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/command/exit_code.h"

namespace trialsync::command {
namespace {

using ::testing::HasSubstr;

constexpr char kMap[] = R"(study: pbc
version: 2
separator: ';'
subject: 'PBC-{id:3}'
empty: missing:unknown
cells: {NA: missing:not_done, '.': skip}
records:
  - event: BASE
    form: DEMO
    rows: first
    items: {sex: '{sex}'}
  - event: 'VISIT~{#}'
    form: LAB
    items:
      bili: '{bili} mg/dL'
      chol: {value: '{chol}', empty: skip}
ignore: [remarks]
)";

std::string ErrorOf(std::string_view yaml) {
  const absl::Status status = ParseImportMap(yaml, "m.yaml").status();
  EXPECT_EQ(ExitCodeOf(status), ExitCode::kUsage) << status;
  return std::string(status.message());
}

// A map that is right but for `line`, which stands before everything else.
std::string WithLine(const std::string& line) {
  return line + "\nsubject: '{id}'\nrecords: [{event: E, form: F, items: {a: '{a}'}}]\n";
}

TEST(ImportMapTest, ReadsEverything) {
  const absl::StatusOr<ImportMap> map = ParseImportMap(kMap, "m.yaml");
  ASSERT_TRUE(map.ok()) << map.status();
  EXPECT_EQ(map->study, "pbc");
  EXPECT_EQ(map->version, 2u);
  EXPECT_EQ(map->separator, ';');
  EXPECT_EQ(map->cells.at("NA"), "missing:not_done");
  EXPECT_EQ(map->cells.at("."), std::nullopt);
  ASSERT_EQ(map->records.size(), 2u);
  EXPECT_TRUE(map->records[0].first_row_only);
  EXPECT_FALSE(map->records[1].first_row_only);
  ASSERT_EQ(map->records[1].items.size(), 2u);
  EXPECT_EQ(map->records[1].items[0].item, "bili");
  EXPECT_EQ(map->records[1].items[0].empty, "missing:unknown");
  EXPECT_EQ(map->records[1].items[1].empty, std::nullopt);
  EXPECT_THAT(map->ignore, ::testing::ElementsAre("remarks"));
  EXPECT_TRUE(map->counts_rows());
}

TEST(ImportMapTest, WhatIsLeftOutHasADefault) {
  const absl::StatusOr<ImportMap> map = ParseImportMap(WithLine(""), "m.yaml");
  ASSERT_TRUE(map.ok()) << map.status();
  EXPECT_EQ(map->separator, ',');
  EXPECT_EQ(map->version, 0u);
  EXPECT_EQ(map->records[0].items[0].empty, std::nullopt);
  EXPECT_FALSE(map->counts_rows());
}

TEST(ImportMapTest, FaultsHaveFileLineAndColumn) {
  EXPECT_THAT(ErrorOf(WithLine("subjects: x")), HasSubstr("m.yaml:1:1: subjects: the key"));
  EXPECT_THAT(ErrorOf("subject: '{id}'\nrecords:\n  - event: E\n    form: F\n    row: 1\n"
                      "    items: {a: '{a}'}\n"),
              HasSubstr("m.yaml:5:5: records[0].row: the key"));
  EXPECT_THAT(ErrorOf("subject: '{id'\nrecords: []"), HasSubstr("m.yaml:1:1: subject: a {"));
  EXPECT_THAT(ErrorOf("a: [\n"), HasSubstr("m.yaml:2:1: "));
  EXPECT_THAT(ErrorOf("subject: {id} x\nrecords: []"),
              HasSubstr("a template stands in quotes, e.g. '{id}'"));
}

TEST(ImportMapTest, ListsEveryFault) {
  const std::string error = ErrorOf("subject: 'S{#}'\nseparator: ':'\nempty: 0\ncells: {NA: 1}\n");
  EXPECT_THAT(error, HasSubstr("{#} counts the rows"));
  EXPECT_THAT(error, HasSubstr("m.yaml:2:1: separator"));
  EXPECT_THAT(error, HasSubstr("m.yaml:3:1: empty: write skip"));
  EXPECT_THAT(error, HasSubstr("cells.NA: write skip"));
  EXPECT_THAT(error, HasSubstr("records: the key is missing"));
}

TEST(ImportMapTest, ForgottenQuotesAreTold) {
  EXPECT_THAT(ErrorOf("subject: '{id}'\nrecords: [{event: E, form: F, items: {bili: {bili}}}]\n"),
              HasSubstr("records[0].items.bili: a template in quotes is expected"));
}

TEST(ImportMapTest, RepeatedKeysAndEmptyListsAreFaults) {
  EXPECT_THAT(ErrorOf(WithLine("empty: skip\nempty: skip")), HasSubstr("m.yaml:2:1"));
  EXPECT_THAT(ErrorOf("subject: '{id}'\nrecords: []\n"), HasSubstr("a list is expected"));
  EXPECT_THAT(ErrorOf("subject: '{id}'\nrecords: [{event: E, form: F, items: {}}]\n"),
              HasSubstr("there are no items"));
  EXPECT_THAT(ErrorOf("subject: '{id}'\nrecords: [{event: E, form: F, rows: last, items: {a: b}}]"),
              HasSubstr("write all, or first"));
}

TEST(ImportMapTest, RefusesWhatIsNoMapAtAll) {
  EXPECT_THAT(ErrorOf("just text"), HasSubstr("m.yaml:1:1: a mapping is expected"));
  EXPECT_THAT(ErrorOf(""), HasSubstr("a mapping is expected"));
  EXPECT_THAT(ErrorOf("\xff"), HasSubstr("not UTF-8"));
}

}  // namespace
}  // namespace trialsync::command
