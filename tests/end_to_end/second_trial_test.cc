// SPDX-License-Identifier: Apache-2.0
// Another trial is a definition, a map and a table: Student's sleep data, imported without a link
// at two hospitals, and compared with what the coordinator exports, value by value.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tests/end_to_end/trial.h"

namespace trialsync::end_to_end {
namespace {

using ::testing::HasSubstr;

constexpr char kStudyFile[] = "deploy/studies/sleep/v1.yaml";
constexpr char kMap[] = "deploy/studies/sleep/map.yaml";
constexpr char kTable[] = "deploy/studies/sleep/sleep.csv";
constexpr size_t kPatients = 10;

// The lines of a file whose cells need no quotes.
std::vector<std::vector<std::string>> ReadCells(const std::string& path) {
  std::vector<std::vector<std::string>> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(absl::StrSplit(line, ','));
  }
  return lines;
}

// `SUBJECT EVENT`, and the hours that the patient slept longer there, as the table says.
std::map<std::string, std::string> ExpectedValues() {
  std::map<std::string, std::string> values;
  for (const auto& row : ReadCells(kTable)) {
    if (row[0] == "patient") continue;
    const std::string subject = absl::StrCat("S-", row[0].size() == 1 ? "0" : "", row[0]);
    values[subject + " DRUG_1"] = row[1] + " h";
    values[subject + " DRUG_2"] = row[2] + " h";
  }
  return values;
}

// The same of an exported form.
std::map<std::string, std::string> ExportedValues(const std::string& path) {
  std::map<std::string, std::string> values;
  const auto lines = ReadCells(path);
  const std::vector<std::string> header = {"site", "subject", "event", "form", "remarks", "gain"};
  if (lines.empty() || lines.front() != header) ADD_FAILURE() << path << " has another header";
  for (const auto& row : lines) {
    if (row == header) continue;
    if (row.size() != header.size()) {
      ADD_FAILURE() << absl::StrJoin(row, ",");
      continue;
    }
    // Patients with odd numbers are at the first hospital.
    EXPECT_EQ(row[0], (row[1].back() - '0') % 2 == 1 ? "KALAMAZOO" : "DUBLIN");
    EXPECT_EQ(row[3], "NIGHT");
    EXPECT_TRUE(values.emplace(row[1] + " " + row[2], row[5]).second) << row[1];
  }
  return values;
}

// The rows of the table whose patient has an odd (or even) number.
std::string PartOfTable(const std::string& directory, int remainder) {
  const std::string path = absl::StrCat(directory, "/part", remainder, ".csv");
  std::ofstream part(path);
  std::ifstream table(kTable);
  for (std::string line; std::getline(table, line);) {
    const std::string patient = line.substr(0, line.find(','));
    if (patient == "patient" || std::stoi(patient) % 2 == remainder) part << line << "\n";
  }
  return path;
}

std::string Succeed(const Daemon& daemon, const std::vector<std::string>& arguments) {
  const Said said = RunCommand(daemon, "data.manager", arguments);
  EXPECT_EQ(said.exit_code, 0) << said.text;
  return said.text;
}

TEST(SecondTrialTest, ItsTableComesOutOfTheCoordinatorAsItWentIn) {
  Trial trial("sleep", kStudyFile);
  Trial::Site& odd = trial.AddSite("KALAMAZOO");
  Trial::Site& even = trial.AddSite("DUBLIN");
  for (Trial::Site* site : {&odd, &even}) site->Cut();
  for (Trial::Site* site : {&odd, &even}) {
    const std::string part = PartOfTable(trial.directory(), site == &odd ? 1 : 0);
    Succeed(site->daemon, {"import", part, "--map", kMap, "--dry-run"});
    EXPECT_EQ(SiteStatus(*site)->outbox_count(), 0u);
    const std::string said = Succeed(site->daemon, {"import", part, "--map", kMap});
    EXPECT_THAT(said, HasSubstr("5 rows: 10 records written, 0 unchanged, 0 problems"));
    // Five subjects, and a form at each of two fixed events.
    EXPECT_EQ(SiteStatus(*site)->outbox_count(), 15u);
  }
  EXPECT_EQ(StatusAtCentre(trial.coordinator(), "DUBLIN")->record_count(), 0u);

  for (Trial::Site* site : {&odd, &even}) site->Mend();
  ASSERT_TRUE(WaitUntil([&] { return InStep(trial); }));
  const std::string directory = trial.directory() + "/export";
  Succeed(trial.coordinator(), {"export", "--all", "--out", directory});
  const auto expected = ExpectedValues();
  ASSERT_EQ(expected.size(), 2 * kPatients);
  EXPECT_EQ(ExportedValues(directory + "/NIGHT.csv"), expected);

  // The same table again changes nothing.
  Succeed(odd.daemon, {"import", PartOfTable(trial.directory(), 1), "--map", kMap});
  EXPECT_EQ(SiteStatus(odd)->outbox_count(), 0u);
  for (const Daemon* daemon : {&odd.daemon, &even.daemon, &trial.coordinator()}) {
    Succeed(*daemon, {"verify"});
  }
}

}  // namespace
}  // namespace trialsync::end_to_end
