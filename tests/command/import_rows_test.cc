// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/import_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "daemon/command/exit_code.h"
#include "proto/check.h"

namespace trialsync::command {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const SiteName kSite{"pbc", "MAYO1"};

constexpr char kVisits[] = R"(subject: 'PBC-{id:3}'
cells: {NA: missing:not_done, '.': skip}
records:
  - {event: BASE, form: DEMO, rows: first, items: {sex: '{sex}'}}
  - event: 'VISIT~{#}'
    form: LAB
    items:
      bili: '{bili} mg/dL'
      chol: {value: '{chol}', empty: missing:unknown}
)";

absl::StatusOr<RowWrites> Make(std::string_view map_text, std::string_view csv) {
  const absl::StatusOr<ImportMap> map = ParseImportMap(map_text, "m.yaml");
  TS_CHECK(map.ok());
  const absl::StatusOr<CsvTable> table = ParseCsv(csv, "t.csv", ',');
  TS_CHECK(table.ok());
  return MakeWrites(*table, *map, kSite, "t.csv");
}

// `SUBJECT/EVENT/FORM item=text …` of each write.
std::vector<std::string> Texts(const RowWrites& rows) {
  std::vector<std::string> texts;
  for (const RowWrite& write : rows.writes) {
    std::string text = ParseRecordName(write.request.name(), SiteName())->Short();
    for (const v1::ItemInput& item : write.request.items()) {
      absl::StrAppend(&text, " ", item.item(), "=", item.text());
    }
    texts.push_back(text);
  }
  return texts;
}

// `LINE COLUMN: MESSAGE` of each problem.
std::vector<std::string> Problems(const RowWrites& rows) {
  std::vector<std::string> texts;
  for (const RowProblem& problem : rows.problems) {
    texts.push_back(absl::StrCat(problem.line, " ", problem.column, ": ", problem.message));
  }
  return texts;
}

std::string ErrorOf(const absl::StatusOr<RowWrites>& rows) {
  EXPECT_EQ(ExitCodeOf(rows.status()), ExitCode::kUsage);
  return std::string(rows.status().message());
}

TEST(ImportRowsTest, RowsBecomeRecords) {
  const auto rows = Make(kVisits, "id,sex,bili,chol\n1,f,14.5,261\n1,f,21.3,260\n2,m,1.1,302\n");
  ASSERT_TRUE(rows.ok());
  EXPECT_THAT(Texts(*rows),
              ElementsAre("PBC-001/BASE/DEMO sex=f", "PBC-001/VISIT~1/LAB bili=14.5 mg/dL chol=261",
                          "PBC-001/VISIT~2/LAB bili=21.3 mg/dL chol=260", "PBC-002/BASE/DEMO sex=m",
                          "PBC-002/VISIT~1/LAB bili=1.1 mg/dL chol=302"));
  EXPECT_THAT(rows->problems, IsEmpty());
  EXPECT_EQ(rows->writes[2].line, 3u);
  EXPECT_THAT(rows->writes[2].columns, ElementsAre("bili", "chol"));
  EXPECT_EQ(rows->writes[0].request.name(),
            "studies/pbc/sites/MAYO1/subjects/PBC-001/events/BASE/forms/DEMO");
}

TEST(ImportRowsTest, EmptyCellsAreSkippedOrMissing) {
  const auto rows = Make(kVisits, "id,sex,bili,chol\n1,,14.5,\n1,,NA,.\n1,,.,260\n");
  ASSERT_TRUE(rows.ok());
  EXPECT_THAT(Texts(*rows), ElementsAre("PBC-001/VISIT~1/LAB bili=14.5 mg/dL chol=missing:unknown",
                                        "PBC-001/VISIT~2/LAB bili=missing:not_done",
                                        "PBC-001/VISIT~3/LAB chol=260"));
}

TEST(ImportRowsTest, ARecordWithoutAnyCellIsNotMadeButItsRowCounts) {
  const auto rows = Make(kVisits, "id,sex,bili,chol\n1,f,,\n1,f,2,\n");
  ASSERT_TRUE(rows.ok());
  EXPECT_THAT(Texts(*rows), ElementsAre("PBC-001/BASE/DEMO sex=f",
                                        "PBC-001/VISIT~2/LAB bili=2 mg/dL chol=missing:unknown"));
}

TEST(ImportRowsTest, ABadRowIsListedAndStillCounts) {
  const auto rows = Make(kVisits, "id,sex,bili,chol\n1,f,1,1\n1,f,2\n1,f,\xff,3\n1,f,4,4\n");
  ASSERT_TRUE(rows.ok());
  EXPECT_THAT(Problems(*rows),
              ElementsAre(HasSubstr("3 : the row has 3 cells, the header 4; a cell with"),
                          HasSubstr("4 bili: the cell is not UTF-8; save the table as")));
  EXPECT_THAT(Texts(*rows).back(), HasSubstr("VISIT~4"));
  EXPECT_EQ(rows->writes.size(), 3u);
}

TEST(ImportRowsTest, AFirstRowThatLaterRowsContradictIsTold) {
  const auto rows = Make(kVisits, "id,sex,bili,chol\n1,f,1,1\n1,m,2,2\n1,,3,3\n");
  ASSERT_TRUE(rows.ok());
  EXPECT_THAT(
      Problems(*rows),
      ElementsAre("3 sex: sex is taken from the subject's first row, line 2, which does not "
                  "say m"));
  EXPECT_EQ(rows->writes.size(), 4u);
}

TEST(ImportRowsTest, AFirstRowThatIsNotUsableIsListedOnce) {
  const auto rows = Make(kVisits, "id,sex,bili,chol\n1,f,1\n1,f,2,2\n");
  ASSERT_TRUE(rows.ok());
  EXPECT_THAT(Problems(*rows), ElementsAre(HasSubstr("2 : the row has 3 cells, the header 4")));
  EXPECT_THAT(Texts(*rows), ElementsAre("PBC-001/VISIT~2/LAB bili=2 mg/dL chol=2"));
}

TEST(ImportRowsTest, ARowWithoutItsSubjectStopsAMapThatCounts) {
  EXPECT_THAT(ErrorOf(Make(kVisits, "id,sex,bili,chol\n,f,1,1\n")),
              HasSubstr("t.csv:2: a code has 1 to 64 bytes"));
  const auto plain = Make("subject: '{id}'\nrecords: [{event: E, form: F, items: {a: '{a}'}}]\n",
                          "id,a\n,1\nx/y,2\nb,3\n");
  ASSERT_TRUE(plain.ok());
  EXPECT_THAT(Texts(*plain), ElementsAre("b/E/F a=3"));
  EXPECT_THAT(Problems(*plain), ElementsAre(HasSubstr("2 id: "), HasSubstr("3 id: ")));
}

TEST(ImportRowsTest, ACellCannotAddToTheStructureOfAName) {
  const char map[] = "subject: '{id}'\nrecords: [{event: 'V~{v}', form: F, items: {a: '{a}'}}]\n";
  const auto rows = Make(map, "id,v,a\nx,1~2,1\nx,1?2,1\nx,,1\nx,3,1\n");
  ASSERT_TRUE(rows.ok());
  EXPECT_THAT(Texts(*rows), ElementsAre("x/V~3/F a=1"));
  EXPECT_THAT(Problems(*rows),
              ElementsAre(HasSubstr("2 v: "), HasSubstr("3 v: "), HasSubstr("4 v: ")));
}

TEST(ImportRowsTest, ColumnsMustFitTheMap) {
  EXPECT_THAT(
      ErrorOf(Make(kVisits, "id,sex,bili\n")),
      HasSubstr("\"chol\", which is not there; the first line has: id, sex, bili; correct"));
  EXPECT_THAT(ErrorOf(Make(kVisits, "id;sex;bili;chol\n")),
              HasSubstr("; the cells seem to stand between ';': write separator: ';' in the map"));
  EXPECT_THAT(ErrorOf(Make(kVisits, "id,sex,bili,chol,bili\n")), HasSubstr("is there twice"));
  EXPECT_THAT(ErrorOf(Make(kVisits, "id,sex,bili,chol,ast\n")),
              HasSubstr("does not take column \"ast\""));
  EXPECT_TRUE(Make(std::string(kVisits) + "ignore: [ast]\n", "id,sex,bili,chol,ast\n").ok());
}

TEST(ImportRowsTest, TheVersionOfTheMapIsWrittenUnder) {
  const auto rows = Make(std::string(kVisits) + "version: 3\n", "id,sex,bili,chol\n1,f,1,1\n");
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->writes[0].request.version(), 3u);
}

}  // namespace
}  // namespace trialsync::command
