// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/command/exit_code.h"
#include "daemon/command/limits.h"

namespace trialsync::command {
namespace {

using ::testing::ElementsAre;

CsvTable Parse(std::string_view text, char separator = ',') {
  absl::StatusOr<CsvTable> table = ParseCsv(text, "t.csv", separator);
  EXPECT_TRUE(table.ok()) << table.status();
  return table.ok() ? *table : CsvTable();
}

std::string ErrorOf(std::string_view text) {
  const absl::Status status = ParseCsv(text, "t.csv", ',').status();
  EXPECT_EQ(ExitCodeOf(status), ExitCode::kUsage);
  return std::string(status.message());
}

TEST(CsvTest, ReadsHeaderAndRowsWithTheirLines) {
  const CsvTable table = Parse("id,bili\n1,14.5\n2,\n");
  EXPECT_THAT(table.header.cells, ElementsAre("id", "bili"));
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_THAT(table.rows[1].cells, ElementsAre("2", ""));
  EXPECT_EQ(table.rows[1].line, 3u);
}

TEST(CsvTest, QuotedCellsKeepSeparatorsQuotesAndLineEnds) {
  const CsvTable table = Parse("a,b\r\n\"x, \"\"y\"\"\r\nz\",2\r\n3,4\r\n");
  EXPECT_THAT(table.rows[0].cells, ElementsAre("x, \"y\"\r\nz", "2"));
  EXPECT_EQ(table.rows[1].line, 4u);
}

TEST(CsvTest, TrimsNothingAndKeepsAMissingLastLineEnd) {
  EXPECT_THAT(Parse("a,b\n x ,\"\"").rows[0].cells, ElementsAre(" x ", ""));
}

TEST(CsvTest, LeavesOutTheByteOrderMarkAndEmptyLines) {
  const CsvTable table = Parse("\xef\xbb\xbf\"a\",b\n\n1,2\n\r\n");
  EXPECT_THAT(table.header.cells, ElementsAre("a", "b"));
  EXPECT_EQ(table.rows.size(), 1u);
}

TEST(CsvTest, TakesAnotherSeparator) {
  EXPECT_THAT(Parse("a;b\n1,5;2\n", ';').rows[0].cells, ElementsAre("1,5", "2"));
}

TEST(CsvTest, LeavesTheNumberOfCellsToTheCaller) {
  const CsvTable table = Parse("a,b\n1\n1,2,3\n");
  EXPECT_EQ(table.rows[0].cells.size(), 1u);
  EXPECT_EQ(table.rows[1].cells.size(), 3u);
}

TEST(CsvTest, SaysWhereAQuoteIsWrong) {
  EXPECT_THAT(ErrorOf("a\n1\nx\"y\n"), ::testing::StartsWith("t.csv:3:2: a quote within a cell"));
  EXPECT_THAT(ErrorOf("a,b\n1,\"x\ny\n"), ::testing::StartsWith("t.csv:2:3: a quote is opened"));
  EXPECT_THAT(ErrorOf("a\n\"x\ny\"z\n"), ::testing::StartsWith("t.csv:3:3: text behind"));
}

TEST(CsvTest, RefusesALoneCarriageReturnAnEmptyFileAndTooManyColumns) {
  EXPECT_THAT(ErrorOf("a\n1\rb\n"), ::testing::StartsWith("t.csv:2:2: a carriage return"));
  EXPECT_THAT(ErrorOf("\n\n"), ::testing::HasSubstr("is empty"));
  EXPECT_THAT(ErrorOf(std::string(kCsvColumnsMax, ',')), ::testing::HasSubstr("more than 4096"));
  EXPECT_TRUE(ParseCsv(std::string(kCsvColumnsMax - 1, ','), "t.csv", ',').ok());
}

TEST(CsvTest, WritesWhatItReads) {
  const std::vector<std::string> cells = {"plain",  "a,b",      "say \"x\"", "two\nlines",
                                          " space", "cr\rhere", "",          "中文"};
  const std::string text = CsvLine(cells) + CsvLine(cells);
  EXPECT_EQ(text.substr(0, 12), "plain,\"a,b\",");
  EXPECT_EQ(Parse(text).rows[0].cells, cells);
}

TEST(CsvTest, AnotherSeparatorIsNamed) {
  EXPECT_THAT(std::string(ParseCsv("\"id\";\"x\"\n", "t.csv", ',').status().message()),
              testing::EndsWith("the cells seem to stand between ';': write separator: ';' in the "
                                "map"));
  EXPECT_THAT(std::string(ParseCsv("\"id\"\t\"x\"\n", "t.csv", ';').status().message()),
              testing::EndsWith("between tabs: write separator: \"\\t\" in the map"));
  EXPECT_THAT(std::string(ParseCsv("\"id\"x\n", "t.csv", ',').status().message()),
              testing::EndsWith("a quote within is doubled"));
}

}  // namespace
}  // namespace trialsync::command
