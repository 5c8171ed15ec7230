// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/format.h"

#include <gtest/gtest.h>

#include <sstream>

#include "daemon/command/progress.h"
#include "daemon/command/table.h"
#include "daemon/command/text.h"
#include "trialsync/v1/record_service.pb.h"
#include "trialsync/v1/status_service.pb.h"
#include "trialsync/v1/study_service.pb.h"

namespace trialsync::command {
namespace {

TEST(FormatTest, EnumsAreWords) {
  EXPECT_EQ(Word(v1::OUTCOME_REFUSED), "refused");
  EXPECT_EQ(Word(v1::REASON_VERSION_INACTIVE), "version inactive");
  EXPECT_EQ(Word(v1::OUTCOME_UNSPECIFIED), "");
  EXPECT_EQ(Word(v1::StudyVersionActivation::ACTIVE), "active");
  EXPECT_EQ(Word(static_cast<v1::Outcome>(99)), "99");
}

TEST(FormatTest, TimesAreUtc) {
  google::protobuf::Timestamp time;
  EXPECT_EQ(TimeText(time), "");
  time.set_seconds(1763803800);
  EXPECT_EQ(TimeText(time), "2025-11-22T09:30:00Z");
}

TEST(FormatTest, AgesAreInTheirLargestUnit) {
  google::protobuf::Timestamp time;
  const auto age = [&](int64_t seconds) {
    time.set_seconds(1000);
    return AgeText(time, absl::FromUnixSeconds(1000 + seconds));
  };
  EXPECT_EQ(AgeText(time, absl::FromUnixSeconds(5)), "");
  EXPECT_EQ(age(-5), "now");
  EXPECT_EQ(age(0), "now");
  EXPECT_EQ(age(59), "59 s");
  EXPECT_EQ(age(60), "1 min");
  EXPECT_EQ(age(3 * 3600), "3 h");
  EXPECT_EQ(age(49 * 3600), "2 d");
}

TEST(FormatTest, JsonHasEveryFieldForScriptsAndFewInALine) {
  v1::Record record;
  record.set_name("x");
  EXPECT_NE(JsonOf(record, JsonStyle::kPretty).find("\"pendingCount\": 0"), std::string::npos);
  EXPECT_EQ(JsonOf(record, JsonStyle::kLine), "{\"name\":\"x\"}\n");
}

TEST(FormatTest, JsonShowsIdsAndDigestsAsHexadecimal) {
  v1::Status status;
  v1::PartitionStatus* partition = status.add_partitions();
  partition->mutable_log()->set_root(std::string("\x00\xff\x10\xab", 4));
  partition->add_active_versions()->set_sha256(std::string(32, '\x5a'));
  const std::string json = JsonOf(status, JsonStyle::kLine);
  EXPECT_NE(json.find("\"root\":\"00ff10ab\""), std::string::npos) << json;
  std::string digits;
  for (int i = 0; i < 32; ++i) digits += "5a";
  EXPECT_NE(json.find("\"sha256\":\"" + digits + "\""), std::string::npos) << json;
}

TEST(TextTest, NothingReachesTheTerminalButText) {
  EXPECT_EQ(Printable("a\x1b[2Jb"), "a\\x1b[2Jb");
  EXPECT_EQ(Printable("a\nb\tc"), "a\\nb\\tc");
  EXPECT_EQ(Printable("\xc2\x9b"), "\\xc2\\x9b") << "C1 control sequence introducer";
  EXPECT_EQ(Printable("\xff\xe4\xb8"), "\\xff\\xe4\\xb8");
  EXPECT_EQ(Printable("中文 é"), "中文 é");
}

TEST(TextTest, NumbersComeInTheOrderOfTheirValues) {
  const std::vector<std::string> ordered = {"PBC-2",        "PBC-010",        "PBC-10",
                                            "PBC-10/AE~1",  "PBC-10/AE~1?2",  "PBC-10/AE~2",
                                            "PBC-10/AE~10", "PBC-10/VISIT~1", "PBC-11"};
  for (size_t i = 0; i < ordered.size(); ++i) {
    for (size_t j = 0; j < ordered.size(); ++j) {
      EXPECT_EQ(NaturallyLess(ordered[i], ordered[j]), i < j) << ordered[i] << " " << ordered[j];
    }
  }
}

TEST(TextTest, WideCharactersTakeTwoColumns) {
  EXPECT_EQ(DisplayWidth("abc"), 3u);
  EXPECT_EQ(DisplayWidth("中文"), 4u);
  EXPECT_EQ(DisplayWidth("é"), 1u);
}

TEST(TextTest, WrapsBetweenWordsAndCutsLongOnes) {
  EXPECT_EQ(Wrap("one two three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(Wrap("", 7), (std::vector<std::string>{""}));
  EXPECT_EQ(Wrap("abcdefghij", 4), (std::vector<std::string>{"abcd", "efgh", "ij"}));
  EXPECT_EQ(Wrap("中文中文", 4), (std::vector<std::string>{"中文", "中文"}));
  // A megabyte without a space: seconds where each line looks at all that is left.
  EXPECT_EQ(Wrap(std::string(size_t{1} << 20, 'x'), 64).size(), size_t{1} << 14);
}

TEST(TableTest, AlignsColumnsAndWrapsTheLast) {
  Table table({"ITEM", "VALUE"});
  table.AddRow({"bili", ""});
  table.AddRow({"姓名", std::string(70, 'x') + " second line"});
  std::ostringstream out;
  table.Print(out);
  EXPECT_EQ(out.str(),
            "ITEM  VALUE\nbili  -\n姓名  " + std::string(70, 'x') + "\n      second line\n");
}

TEST(TableTest, PrintsNothingWithoutRows) {
  std::ostringstream out;
  Table({"A", "B"}).Print(out);
  EXPECT_EQ(out.str(), "");
}

TEST(ProgressTest, IsSilentForShortWork) {
  std::ostringstream err;
  Progress(err, /*interactive=*/false, "x").Update(5, 5);
  EXPECT_EQ(err.str(), "");
}

TEST(ProgressTest, TellsALogEachTenthAndRedrawsForAPerson) {
  std::ostringstream log;
  {
    Progress progress(log, /*interactive=*/false, "x");
    for (uint64_t done = 1; done <= 100; ++done) progress.Update(done, 100);
  }
  EXPECT_EQ(log.str().substr(0, 16), "x 1/100\nx 10/100");
  EXPECT_NE(log.str().find("x 100/100\n"), std::string::npos);
  std::ostringstream screen;
  {
    Progress progress(screen, /*interactive=*/true, "x");
    progress.Update(1, 2);
    progress.Update(2, 2);
  }
  EXPECT_EQ(screen.str(), "\rx 1/2\rx 2/2\n");
}

}  // namespace
}  // namespace trialsync::command
