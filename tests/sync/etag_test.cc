// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "sync/present.h"

namespace trialsync::sync {
namespace {

constexpr uint32_t kBili = 1;
constexpr uint32_t kChol = 2;

std::string Id(char letter) { return std::string(ChangeId::kBytes, letter); }

// A record in which `writers`, one letter each, wrote what stands in each lineage.
v1::RecordState RecordOf(const std::vector<std::pair<uint32_t, std::string>>& cells) {
  v1::RecordState record;
  record.add_chains();
  for (const auto& [lineage, writers] : cells) {
    v1::CellRow* cell = record.add_cells();
    cell->set_lineage(lineage);
    cell->add_values()->mutable_value()->set_decimal("1");
    for (const char writer : writers) {
      cell->add_writers(static_cast<uint32_t>(record.writers_size()));
      record.add_writers()->set_change(Id(writer));
    }
  }
  return record;
}

void AddAct(v1::RecordActKind kind, char change, v1::RecordState& record) {
  v1::ActRow* act = record.add_acts();
  act->set_kind(kind);
  act->mutable_by()->set_change(Id(change));
}

bool Differs(const std::string& etag, const v1::RecordState& record, uint32_t lineage) {
  const absl::StatusOr<bool> differs = EtagDiffers(etag, record, lineage);
  EXPECT_TRUE(differs.ok()) << differs.status();
  return differs.ok() && *differs;
}

TEST(EtagTest, WhatWasReadIsCurrent) {
  const v1::RecordState record = RecordOf({{kBili, "a"}, {kChol, "ab"}});
  EXPECT_FALSE(Differs(EtagOf(record), record, kBili));
  EXPECT_FALSE(Differs(EtagOf(record), record, kChol));
  EXPECT_FALSE(Differs(EtagOfLineage(record, kBili), record, kBili));
}

TEST(EtagTest, TheSameTextByAnotherWriterIsAChange) {
  const std::string etag = EtagOf(RecordOf({{kBili, "a"}}));
  EXPECT_TRUE(Differs(etag, RecordOf({{kBili, "c"}}), kBili));
}

TEST(EtagTest, OneMoreWriterOfTheSameValueIsNone) {
  const std::string etag = EtagOf(RecordOf({{kBili, "a"}}));
  EXPECT_FALSE(Differs(etag, RecordOf({{kBili, "ab"}}), kBili));
}

TEST(EtagTest, OtherItemsDoNotMatter) {
  const std::string etag = EtagOf(RecordOf({{kBili, "a"}, {kChol, "a"}}));
  const v1::RecordState now = RecordOf({{kBili, "a"}, {kChol, "b"}});
  EXPECT_FALSE(Differs(etag, now, kBili));
  EXPECT_TRUE(Differs(etag, now, kChol));
}

TEST(EtagTest, AnItemReadEmptyHasChangedOnceItIsFilled) {
  const std::string etag = EtagOf(RecordOf({{kChol, "a"}}));
  EXPECT_FALSE(Differs(etag, RecordOf({{kChol, "a"}}), kBili));
  EXPECT_TRUE(Differs(etag, RecordOf({{kBili, "a"}, {kChol, "a"}}), kBili));
}

TEST(EtagTest, AnEtagOfOneItemSaysNothingOfAnother) {
  const v1::RecordState record = RecordOf({{kBili, "a"}, {kChol, "a"}});
  EXPECT_TRUE(Differs(EtagOfLineage(record, kBili), record, kChol));
}

TEST(EtagTest, AHoldThatWasNotSeenDiffersOnEveryItem) {
  for (const auto kind : {v1::RECORD_ACT_KIND_SIGN, v1::RECORD_ACT_KIND_LOCK,
                          v1::RECORD_ACT_KIND_FREEZE, v1::RECORD_ACT_KIND_VOID}) {
    v1::RecordState record = RecordOf({{kBili, "a"}});
    const std::string before = EtagOf(record);
    AddAct(kind, 's', record);
    EXPECT_TRUE(Differs(before, record, kBili));
    EXPECT_TRUE(Differs(before, record, kChol)) << "an empty item, too";
    EXPECT_FALSE(Differs(EtagOf(record), record, kBili));
  }
}

TEST(EtagTest, MarksThatKeepNobodyFromWritingDoNotMatter) {
  v1::RecordState record = RecordOf({{kBili, "a"}});
  const std::string before = EtagOf(record);
  AddAct(v1::RECORD_ACT_KIND_COMPLETE, 's', record);
  AddAct(v1::RECORD_ACT_KIND_VERIFY, 't', record);
  EXPECT_FALSE(Differs(before, record, kBili));
}

TEST(EtagTest, AHoldThatEndedDoesNotMatter) {
  v1::RecordState record = RecordOf({{kBili, "a"}});
  AddAct(v1::RECORD_ACT_KIND_SIGN, 's', record);
  const std::string signed_etag = EtagOf(record);
  record.clear_acts();
  EXPECT_FALSE(Differs(signed_etag, record, kBili));
}

TEST(EtagTest, AFormOfOneWriterFitsACommandLine) {
  std::vector<std::pair<uint32_t, std::string>> cells;
  for (uint32_t item = 201; item < 221; ++item) cells.emplace_back(item, "a");
  EXPECT_LT(EtagOf(RecordOf(cells)).size(), 150u);
}

TEST(EtagTest, AnythingElseIsRefused) {
  const v1::RecordState record = RecordOf({{kBili, "a"}, {kChol, "b"}});
  std::string raw;
  ASSERT_TRUE(absl::WebSafeBase64Unescape(EtagOf(record), &raw));
  std::vector<std::string> wrong = {"",
                                    "!",
                                    "abc",
                                    "AA",
                                    absl::WebSafeBase64Escape("\x02"),
                                    absl::WebSafeBase64Escape(raw + "x"),
                                    absl::WebSafeBase64Escape(std::string("\x01\xff\xff\xff\xff"))};
  for (size_t size = 0; size < raw.size(); ++size) {
    // Cut between two sets of writers it is another etag, of fewer items.
    if (size == 5 || size == 5 + 4 + 8 + 4 + 4) continue;
    wrong.push_back(absl::WebSafeBase64Escape(raw.substr(0, size)));
  }
  for (const std::string& etag : wrong) {
    EXPECT_TRUE(absl::IsInvalidArgument(EtagDiffers(etag, record, kBili).status())) << etag;
  }
}

}  // namespace
}  // namespace trialsync::sync
