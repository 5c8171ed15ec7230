// SPDX-License-Identifier: Apache-2.0
// The studies under deploy/studies, on their real data.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "study/checks.h"
#include "study/value.h"
#include "study/versions.h"
#include "study/yaml.h"
#include "tests/study/studies.h"

namespace trialsync::study {
namespace {

using ::testing::UnorderedElementsAre;

constexpr std::string_view kFolder = "deploy/studies/";

std::string ReadFile(const std::string& path) {
  std::ifstream file(std::string(kFolder) + path);
  EXPECT_TRUE(file.good()) << path;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Rows of a file without commas or line breaks inside quotes, by the header's names.
std::vector<std::map<std::string, std::string>> ReadRows(const std::string& path) {
  std::istringstream text(absl::StrReplaceAll(ReadFile(path), {{"\"", ""}}));
  std::string line;
  std::getline(text, line);
  const std::vector<std::string> header = absl::StrSplit(line, ',');
  std::vector<std::map<std::string, std::string>> rows;
  while (std::getline(text, line)) {
    const std::vector<std::string> cells = absl::StrSplit(line, ',');
    EXPECT_EQ(cells.size(), header.size());
    for (size_t at = 0; at < cells.size(); ++at) {
      if (at == 0) rows.emplace_back();
      rows.back()[header[at]] = cells[at];
    }
  }
  return rows;
}

std::shared_ptr<const Definition> Load(const std::string& path,
                                       const Definition* previous = nullptr) {
  return CompileOrDie(ReadFile(path), previous);
}

class Pbc : public ::testing::Test {
 protected:
  // The cells of a row that belong to the form, as values of the first version.
  std::map<uint32_t, v1::Value> ReadRecord(const std::map<std::string, std::string>& row,
                                           const std::string& form) {
    std::map<uint32_t, v1::Value> record;
    for (const auto& [column, text] : row) {
      const v1::ItemDefinition* item =
          first_->FindItem(first_->FindForm(form)->id(), absl::StrReplaceAll(column, {{".", "_"}}));
      if (item == nullptr || text.empty()) continue;
      const auto value = ParseValue(first_->proto(), *item, text);
      EXPECT_TRUE(value.ok()) << value.status();
      // What goes in comes out, but for the unit that was filled in.
      EXPECT_EQ(FormatValue(*value), value->has_quantity() ? text + " " + item->units(0) : text);
      record[item->id()] = *value;
    }
    return record;
  }

  // Counts the findings that are certain, by check.
  void Run(const std::map<uint32_t, v1::Value>& record, const std::string& form) {
    const auto lookup = [&](uint32_t item) {
      const auto found = record.find(item);
      return found == record.end() ? nullptr : &found->second;
    };
    for (const CheckFinding& finding : RunChecks(*first_, first_->FindForm(form)->id(), lookup)) {
      if (finding.truth == Truth::kFalse && finding.hard) ++queries_[finding.message];
      if (finding.truth == Truth::kFalse && !finding.hard) ++remarks_;
    }
  }

  const std::shared_ptr<const Definition> first_ = Load("pbc/v1.yaml");
  const std::shared_ptr<const Definition> second_ = Load("pbc/v2.yaml", first_.get());
  std::map<std::string, int> queries_;
  int remarks_ = 0;
};

TEST_F(Pbc, EveryCellOfTheRealDataIsAValueAndOpensOnlyAFewQueries) {
  const auto rows = ReadRows("pbc/pbcseq.csv");
  ASSERT_EQ(rows.size(), 1945u);
  size_t cells = 0;
  std::string subject;
  for (const auto& row : rows) {
    const auto lab = ReadRecord(row, "LAB");
    cells += lab.size();
    Run(lab, "LAB");
    if (row.at("id") == subject) continue;
    subject = row.at("id");
    const auto demography = ReadRecord(row, "DEMO");
    EXPECT_EQ(demography.size(), 5u);
    cells += demography.size();
    Run(demography, "DEMO");
  }
  EXPECT_EQ(cells, 1945u * 13 - (60 + 61 + 58 + 821 + 60 + 73) + 312 * 5);
  EXPECT_THAT(
      queries_,
      UnorderedElementsAre(
          std::pair("LAB.albumin: expected at least 1 g/dL and at most 6 g/dL; correct the value "
                    "or confirm it",
                    2),
          std::pair("LAB.ast: expected at least 5 U/mL and at most 1000 U/mL; correct the value "
                    "or confirm it",
                    2),
          std::pair("LAB.protime: expected at least 5 s and at most 30 s; correct the value or "
                    "confirm it",
                    2),
          std::pair("Ascites with an albumin of 4 g/dL or more", 1)));
  EXPECT_GT(remarks_, 0);
}

TEST_F(Pbc, TheAmendmentBreaksNothingThatNoStepCovers) {
  const auto findings = CompareVersions(*first_, *second_);
  ASSERT_TRUE(findings.ok()) << findings.status();
  std::vector<std::string> covered;
  for (const VersionFinding& finding : *findings) {
    EXPECT_FALSE(finding.blocks()) << finding.sentence;
    if (IsBreaking(finding.difference)) {
      covered.push_back(std::string(DifferenceName(finding.difference)));
    }
  }
  EXPECT_THAT(covered, UnorderedElementsAre("unit-removed", "code-removed"));
}

TEST_F(Pbc, EveryValueOfTheRealDataCanBeReadUnderTheAmendment) {
  DefinitionSet both;
  ASSERT_TRUE(both.Add(first_).ok());
  ASSERT_TRUE(both.Add(second_).ok());
  for (const auto& row : ReadRows("pbc/pbcseq.csv")) {
    for (const auto& [item, value] : ReadRecord(row, "LAB")) {
      const std::vector<StoredValue> cell = {{.item = item, .version = 1, .value = value}};
      const std::vector<Reading> readings = ReadCell(cell, *second_, both);
      ASSERT_EQ(readings.size(), 1u);
      ASSERT_TRUE(readings[0].value.has_value()) << item << " " << FormatValue(value);
    }
  }
  const std::vector<StoredValue> bili = {
      {.item = 206,
       .version = 1,
       .value = QuantityValue(v1::COMPARATOR_UNSPECIFIED, "14.5", "mg/dL")}};
  EXPECT_EQ(FormatValue(*ReadCell(bili, *second_, both)[0].value), "248.008 umol/L");
}

TEST_F(Pbc, BothVersionsComeBackFromTheirOwnYaml) {
  for (const auto& definition : {first_, second_}) {
    EXPECT_EQ(*CompileStudy(DefinitionToYaml(definition->proto()), "again.yaml"),
              definition->bytes());
  }
}

// Published definitions are identified by these bytes: a release that compiles them to others
// would make two versions of one.
TEST_F(Pbc, CompilesToTheSameBytesForEver) {
  EXPECT_EQ(first_->hash().hex(),
            "20ec84cb498377ddd1156650de3ca488dbac96aa55d63ad2eed2c27f7a761fd9");
}

TEST(Sleep, EveryCellIsAValue) {
  const auto definition = Load("sleep/v1.yaml");
  const v1::ItemDefinition& gain = *definition->FindItem(1);
  for (const auto& row : ReadRows("sleep/sleep.csv")) {
    for (const std::string column : {"drug_1_h", "drug_2_h"}) {
      const auto value = ParseValue(definition->proto(), gain, row.at(column));
      ASSERT_TRUE(value.ok()) << value.status();
      EXPECT_EQ(value->quantity().number(), row.at(column));
    }
  }
}

}  // namespace
}  // namespace trialsync::study
