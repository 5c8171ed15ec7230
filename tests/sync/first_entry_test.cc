// SPDX-License-Identifier: Apache-2.0
#include "sync/first_entry.h"

#include <gtest/gtest.h>

#include "storage/memory_kv.h"
#include "study/yaml.h"
#include "sync/partition_state.h"

namespace trialsync::sync {
namespace {

constexpr char kStudy[] = R"(
study: pbc
version: 1
title: {en: Test}
forms:
  LAB:
    id: 1
    label: {en: Laboratory}
    items:
      remark: {id: 1, type: text, label: {en: Remark}}
      age: {id: 2, type: integer, hard: [0, 120], soft: [18, 90], label: {en: Age}}
      stage: {id: 3, type: integer, owner: centre, label: {en: Stage}}
      pressure: {id: 4, type: text, label: {en: Pressure}}
      systolic: {id: 5, type: integer, split_from: pressure, label: {en: Systolic}}
events:
  BASE: {id: 1, forms: [LAB], label: {en: Baseline}}
)";

class FirstEntryTest : public testing::Test {
 protected:
  FirstEntryTest() {
    const absl::StatusOr<std::string> bytes = study::CompileStudy(kStudy, "test.yaml");
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    definition_ = study::Definition::FromBytes(*bytes).value();
    EXPECT_TRUE(definitions_.Add(definition_).ok());
    key_.set_subject(std::string(ChangeId::kBytes, 's'));
    key_.set_event(1);
    key_.set_form(1);
    *change_.mutable_record() = key_;
    Write(1)->set_text("nothing");
    arriving_ = {.change = &change_,
                 .id = ChangeId(),
                 .stamp = {},
                 .from_centre = false,
                 .number = 7,
                 .effect_number = 7,
                 .epoch = 1,
                 .received_time_us = 0};
  }

  v1::Value* Write(uint32_t item) {
    v1::ItemWrite* const write = change_.mutable_edit()->add_writes();
    write->set_item(item);
    return write->mutable_value();
  }

  bool IsFirst() const { return IsFirstEntry(arriving_, *definition_); }

  std::shared_ptr<const study::Definition> definition_;
  study::DefinitionSet definitions_;
  v1::RecordKey key_;
  v1::Change change_;
  Arriving arriving_;
};

TEST_F(FirstEntryTest, IsAnEditThatIsSimplyApplied) {
  EXPECT_TRUE(IsFirst());
  Write(2)->set_integer(95);  // beyond the soft range alone
  EXPECT_TRUE(IsFirst());
}

TEST_F(FirstEntryTest, IsNoneWhereSomebodyIsAsked) {
  Write(2)->set_integer(130);
  EXPECT_FALSE(IsFirst());
}

TEST_F(FirstEntryTest, IsNoneWhereTheOtherSideOwnsAnItem) {
  Write(3)->set_integer(2);
  EXPECT_FALSE(IsFirst());
  arriving_.from_centre = true;
  EXPECT_FALSE(IsFirst());
}

TEST_F(FirstEntryTest, IsNoneOfAPart) {
  Write(5)->set_integer(120);
  EXPECT_FALSE(IsFirst());
}

TEST_F(FirstEntryTest, IsNoneWhereItTakesEffectLaterOrIsNotCommitted) {
  arriving_.effect_number = 9;
  EXPECT_FALSE(IsFirst());
  arriving_.number = arriving_.effect_number = kOutboxNumber + 1;
  EXPECT_FALSE(IsFirst());
}

TEST_F(FirstEntryTest, IsNoneUnlessItIsAnEdit) {
  change_.mutable_act()->set_kind(v1::RECORD_ACT_KIND_LOCK);
  EXPECT_FALSE(IsFirst());
}

TEST_F(FirstEntryTest, ARecordIsThereHoweverItWasLookedAt) {
  storage::MemoryKv kv;
  storage::Transaction transaction(kv.NewSnapshot());
  PartitionState state(&transaction, PartitionNumber{1}, &definitions_);
  EXPECT_FALSE(state.HasRecord(key_));
  EXPECT_EQ(state.Record(key_).cells_size(), 0);
  EXPECT_FALSE(state.HasRecord(key_));
  state.PutFirstEntry(key_, 7);
  EXPECT_TRUE(state.HasRecord(key_));
  EXPECT_TRUE(state.IsFirstEntry(7));
  EXPECT_FALSE(state.IsFirstEntry(8));

  v1::RecordKey other = key_;
  other.set_event(2);
  state.MutableRecord(other).set_last_commit(3);
  EXPECT_TRUE(state.HasRecord(other));
  state.Flush();
  EXPECT_TRUE(state.HasRecord(other));
  EXPECT_EQ(state.Record(other).last_commit(), 3u);
  EXPECT_TRUE(state.HasRecord(other));
}

TEST_F(FirstEntryTest, OneWhoseChangeIsGoneIsAFailedRead) {
  storage::MemoryKv kv;
  storage::Transaction transaction(kv.NewSnapshot());
  PartitionState state(&transaction, PartitionNumber{1}, &definitions_);
  state.PutFirstEntry(key_, 7);
  EXPECT_EQ(state.Record(key_).cells_size(), 0);
  EXPECT_TRUE(absl::IsDataLoss(state.status())) << state.status();
}

}  // namespace
}  // namespace trialsync::sync
