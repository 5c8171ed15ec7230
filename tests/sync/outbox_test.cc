// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "storage/key.h"
#include "storage/tables.h"
#include "storage/transaction.h"
#include "sync/counts.h"
#include "sync/limits.h"
#include "tests/world/small_trial.h"

namespace trialsync::sync {
namespace {

const SiteName kAlpha{world::kSmallStudy, "ALPHA"};
// A subject and a record for each: more than a frame of receipts has.
constexpr uint64_t kSubjects = kFrameCommitsMax / 2 + 20;

// A site that was offline for more than one frame of changes.
class OutboxTest : public testing::Test {
 protected:
  OutboxTest() : world_(/*seed=*/11) {
    world::PublishSmallStudy(world_);
    world::ActivateSmallStudy(world_, kAlpha.site);
    ward_ = &world_.AddReplica(kAlpha, "ward");
    world_.SetLink(*ward_, true);
    world_.RunUntilQuiet();
    world_.SetLink(*ward_, false);
    for (uint64_t i = 0; i < kSubjects; ++i) {
      const std::string subject = absl::StrCat("P-", i);
      world::AddSubject(*ward_, kAlpha, subject);
      world::WriteItem(*ward_, kAlpha, subject, "alt", "20 U/L");
    }
  }

  // Rows of the index of the outbox by record, whether or not they count.
  uint64_t IndexRows() {
    storage::KeyWriter table;
    table.U8(static_cast<uint8_t>(storage::Table::kOutboxRecord)).U32(partition().value);
    const auto snapshot = ward_->store().NewSnapshot();
    uint64_t count = 0;
    for (auto row = snapshot->Scan(table.key(), storage::PrefixEnd(table.key())); row->Valid();
         row->Next()) {
      ++count;
    }
    return count;
  }

  // Changes that count as unreceipted, of all records.
  uint64_t Unreceipted() {
    storage::Transaction transaction(ward_->store().NewSnapshot());
    storage::PartitionTables tables(&transaction, partition());
    const std::optional<ChainId> own = tables.OwnChain();
    std::set<std::string> records;
    tables.ForEachOwn(own->incarnation, 1, [&](uint64_t, const v1::OwnRow& row) {
      if (!row.scope_record().empty()) records.insert(row.scope_record());
      return true;
    });
    uint64_t count = 0;
    for (const std::string& record : records) count += tables.OutboxOfRecord(record).size();
    EXPECT_TRUE(tables.status().ok());
    return count;
  }

  uint64_t Records() { return CountPartition(*ward_->store().NewSnapshot(), partition())->records; }

  void ReceiveOneFrame() {
    world_.SetLink(*ward_, true);
    while (ward_->site()->outbox_count() == 2 * kSubjects) ASSERT_TRUE(world_.StepNetwork(0));
    ASSERT_EQ(ward_->site()->outbox_count(), 2 * kSubjects - kFrameCommitsMax);
  }

  PartitionNumber partition() const { return ward_->site()->partition(); }

  world::World world_;
  world::Node* ward_ = nullptr;
};

TEST_F(OutboxTest, RowsOfReceiptedChangesAreLeftAndDoNotCount) {
  EXPECT_EQ(Unreceipted(), kSubjects);
  ReceiveOneFrame();
  EXPECT_EQ(IndexRows(), kSubjects);
  EXPECT_EQ(Unreceipted(), kSubjects - kFrameCommitsMax / 2);
  EXPECT_EQ(Records(), kSubjects);
}

TEST_F(OutboxTest, RowsGoWhenNothingWaitsAnyMore) {
  ReceiveOneFrame();
  world_.RunUntilQuiet();
  EXPECT_EQ(ward_->site()->outbox_count(), 0u);
  EXPECT_EQ(IndexRows(), 0u);
  EXPECT_EQ(Records(), kSubjects);
  world_.SetLink(*ward_, false);
  world::WriteItem(*ward_, kAlpha, "P-1", "alt", "30 U/L");
  EXPECT_EQ(IndexRows(), 1u);
  EXPECT_EQ(Unreceipted(), 1u);
}

TEST_F(OutboxTest, RowsThatWereLeftGoAfterARestartToo) {
  ReceiveOneFrame();
  world_.Crash(*ward_);
  world_.Restart(*ward_);
  EXPECT_EQ(IndexRows(), kSubjects);
  world_.RunUntilQuiet();
  EXPECT_EQ(ward_->site()->outbox_count(), 0u);
  EXPECT_EQ(IndexRows(), 0u);
}

}  // namespace
}  // namespace trialsync::sync
