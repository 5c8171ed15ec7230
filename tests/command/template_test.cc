// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trialsync::command {
namespace {

std::string Filled(std::string_view text, std::vector<std::string_view> cells, size_t row = 1) {
  const absl::StatusOr<Template> parsed = ParseTemplate(text);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed.ok() ? Fill(*parsed, cells, row) : "";
}

std::string ErrorOf(std::string_view text) {
  return std::string(ParseTemplate(text).status().message());
}

TEST(TemplateTest, FillsCells) {
  EXPECT_EQ(Filled("PBC-{id}", {"7"}), "PBC-7");
  EXPECT_EQ(Filled("{a}/{b} {a}", {"1", "2"}), "1/2 1");
  EXPECT_EQ(Filled("BASE", {}), "BASE");
  EXPECT_EQ(Filled("{alk.phos} U/L", {"1718"}), "1718 U/L");
}

TEST(TemplateTest, PadsWithZerosAndNeverCuts) {
  EXPECT_EQ(Filled("PBC-{id:3}", {"7"}), "PBC-007");
  EXPECT_EQ(Filled("PBC-{id:3}", {"1007"}), "PBC-1007");
  EXPECT_EQ(Filled("{a:b}", {"7"}), "7") << "not a width: part of the column's name";
}

TEST(TemplateTest, CountsRowsOfTheSubject) {
  EXPECT_EQ(Filled("VISIT~{#}", {}, 12), "VISIT~12");
  EXPECT_EQ(Filled("V{#:3}", {}, 12), "V012");
  EXPECT_TRUE(ParseTemplate("VISIT~{#}")->takes_row_of_subject);
  EXPECT_FALSE(ParseTemplate("VISIT~{n}")->takes_row_of_subject);
}

TEST(TemplateTest, TakesBraces) { EXPECT_EQ(Filled("{{{a}}", {"1"}), "{1}"); }

TEST(TemplateTest, SaysWhatIsWrongWithABrace) {
  EXPECT_THAT(ErrorOf("a{id"), ::testing::HasSubstr("not closed"));
  EXPECT_THAT(ErrorOf("a{}"), ::testing::HasSubstr("names no column"));
  EXPECT_THAT(ErrorOf("{id:0}"), ::testing::HasSubstr("width"));
  EXPECT_THAT(ErrorOf("{id:99}"), ::testing::HasSubstr("width"));
}

}  // namespace
}  // namespace trialsync::command
