// SPDX-License-Identifier: Apache-2.0
#include "sync/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "storage/key.h"
#include "storage/tables.h"
#include "storage/transaction.h"
#include "sync/receipt.h"
#include "tests/sync/put_log.h"
#include "tests/world/small_trial.h"

namespace trialsync::sync {
namespace {

using storage::Table;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const SiteName kAlpha{world::kSmallStudy, "ALPHA"};

// One site with two replicas, with a dispute, a query, a held change and enough commits for a node
// of the tree.
class VerifyTest : public testing::Test {
 protected:
  VerifyTest() : world_(/*seed=*/7) {
    world::PublishSmallStudy(world_);
    world::ActivateSmallStudy(world_, "ALPHA");
    ward_ = &world_.AddReplica(kAlpha, "ward");
    clinic_ = &world_.AddReplica(kAlpha, "clinic");
    Link(true);
    world::AddSubject(*ward_, kAlpha, "P-1");
    world::AddSubject(*ward_, kAlpha, "P-2");
    world::WriteItem(*ward_, kAlpha, "P-1", "alt", "20 U/L");
    world::WriteItem(*ward_, kAlpha, "P-2", "alt", "20 U/L");
    world_.RunUntilQuiet();
    Link(false);
    world::LockRecord(world_.coordinator(), kAlpha, "P-2");
    world::WriteItem(*ward_, kAlpha, "P-2", "alt", "30 U/L");
    world::WriteItem(*ward_, kAlpha, "P-1", "alt", "5000 U/L");
    world::WriteItem(*clinic_, kAlpha, "P-1", "alt", "60 U/L");
    Link(true);
  }

  // Enough commits for a stored node of the tree.
  void FillOneTile() {
    for (int i = 0; i < 256; ++i) {
      world::WriteItem(*ward_, kAlpha, "P-1", "note", "note " + std::to_string(i));
    }
    world_.RunUntilQuiet();
  }

  void Link(bool up) {
    for (world::Node* node : {ward_, clinic_}) world_.SetLink(*node, up);
    world_.RunUntilQuiet();
  }

  static bool GoOn(uint64_t, uint64_t) { return true; }

  absl::StatusOr<Verification> Verify(world::Node& node,
                                      const VerifyProgressFunction& progress = GoOn) {
    storage::Transaction transaction(node.store().NewSnapshot());
    const auto partition = storage::StoreTables(&transaction).FindPartition(kAlpha);
    const auto definitions = world_.coordinator().coordinator()->definitions().at(kAlpha.study);
    return VerifyPartition(node.store().NewSnapshot(), partition.value(), kAlpha, *definitions,
                           progress);
  }

  std::string DifferenceOf(world::Node& node) {
    const auto verification = Verify(node);
    return verification.ok() ? verification->difference : verification.status().ToString();
  }

  // Edits the node's store behind its back.
  void Tamper(world::Node& node, const std::function<void(storage::PartitionTables&)>& edit) {
    storage::Transaction transaction(node.store().NewSnapshot());
    const auto partition = storage::StoreTables(&transaction).FindPartition(kAlpha);
    storage::PartitionTables tables(&transaction, partition.value());
    edit(tables);
    ASSERT_TRUE(tables.status().ok());
    ASSERT_TRUE(node.store().Write(transaction.TakeBatch(), storage::Durability::kSync).ok());
  }

  // Deletes the first row that the site's partition has in a table.
  void DeleteFirstRow(world::Node& node, Table table) {
    Tamper(node, [&node, table](storage::PartitionTables& tables) {
      storage::KeyWriter prefix;
      prefix.U8(static_cast<uint8_t>(table)).U32(tables.partition().value);
      const auto snapshot = node.store().NewSnapshot();
      const auto row = snapshot->Scan(prefix.key(), storage::PrefixEnd(prefix.key()));
      ASSERT_TRUE(row->Valid());
      tables.transaction().Delete(row->key());
    });
  }

  world::World world_;
  world::Node* ward_ = nullptr;
  world::Node* clinic_ = nullptr;
};

TEST_F(VerifyTest, FindsNothingWhereNothingIsWrong) {
  FillOneTile();
  const auto centre = Verify(world_.coordinator());
  ASSERT_TRUE(centre.ok());
  EXPECT_EQ(centre->difference, "");
  EXPECT_GT(centre->log.size(), 256u);
  for (world::Node* node : {ward_, clinic_}) {
    const auto site = Verify(*node);
    ASSERT_TRUE(site.ok());
    EXPECT_EQ(site->difference, "");
    EXPECT_EQ(site->log.root(), centre->log.root());
  }
}

TEST_F(VerifyTest, OutboxAndPredictionsAreASitesOwn) {
  Link(false);
  world::WriteItem(*ward_, kAlpha, "P-1", "note", "unsent");
  EXPECT_EQ(DifferenceOf(*ward_), "");
}

TEST_F(VerifyTest, AnEmptyReplicaIsWhole) {
  world::Node& fresh = world_.AddReplica(kAlpha, "fresh");
  EXPECT_EQ(DifferenceOf(fresh), "");
}

TEST_F(VerifyTest, NamesTheRecordThatDiffersAndWhereButNoValue) {
  Tamper(world_.coordinator(), [](storage::PartitionTables& tables) {
    std::string key;
    v1::RecordState record;
    tables.ForEachRecord("", "", [&](std::string_view record_key, const v1::RecordState& state) {
      if (state.key().form() == 0) return true;
      key = std::string(record_key);
      record = state;
      return false;
    });
    record.mutable_cells(0)->mutable_values(0)->mutable_value()->mutable_quantity()->set_number(
        "99");
    tables.PutRecord(key, record);
  });
  EXPECT_THAT(DifferenceOf(world_.coordinator()),
              AllOf(StartsWith("records: record P-"), HasSubstr("/V1/LAB differs"),
                    HasSubstr("cells[0].values[0].value.quantity.number"), Not(HasSubstr("99"))));
}

TEST_F(VerifyTest, FindsAnAlteredOutcome) {
  Tamper(*clinic_, [](storage::PartitionTables& tables) {
    v1::LogRow row = tables.Log(6).value();
    // The outcome stands behind place, stamp, time, flags and an empty list.
    (*row.mutable_receipt())[60] = static_cast<char>(v1::OUTCOME_AGREED);
    PutLog(tables, 6, row);
  });
  EXPECT_THAT(DifferenceOf(*clinic_), AllOf(StartsWith("log: commit 6 "), HasSubstr("AGREED")));
}

TEST_F(VerifyTest, FindsACheckpointThatIsNotOfTheLog) {
  Tamper(*clinic_, [](storage::PartitionTables& tables) {
    std::string note = tables.Checkpoint(tables.Head().epoch());
    note.replace(note.find('\n') + 1, 1, "9");
    tables.PutCheckpoint(tables.Head().epoch(), note);
  });
  EXPECT_THAT(DifferenceOf(*clinic_), StartsWith("checkpoint: "));
}

TEST_F(VerifyTest, FindsAnAlteredChange) {
  Tamper(world_.coordinator(), [](storage::PartitionTables& tables) {
    v1::LogRow row = tables.Log(5).value();
    v1::Change change;
    ASSERT_TRUE(change.ParseFromString(row.authored()));
    change.set_reason("another reason");
    row.set_authored(change.SerializeAsString());
    PutLog(tables, 5, row);
  });
  EXPECT_NE(DifferenceOf(world_.coordinator()), "");
}

TEST_F(VerifyTest, FindsAHistoryThatSkipsACommit) {
  Tamper(*ward_, [](storage::PartitionTables& tables) {
    const uint64_t last = tables.Head().size();
    v1::LogRow row = tables.Log(last).value();
    row.set_previous_of_record(row.previous_of_record() - 1);
    PutLog(tables, last, row);
  });
  EXPECT_THAT(DifferenceOf(*ward_), HasSubstr("as the one before it on its record"));
}

TEST_F(VerifyTest, FindsAMissingCommitAndOneTooMany) {
  Tamper(*ward_, [](storage::PartitionTables& tables) {
    PutLog(tables, tables.Head().size() + 1, tables.Log(6).value());
  });
  EXPECT_THAT(DifferenceOf(*ward_), HasSubstr("is there, and the log ends at"));
  DeleteFirstRow(*clinic_, Table::kLog);
  EXPECT_THAT(DifferenceOf(*clinic_), StartsWith("log: commit 1 is missing"));
}

TEST_F(VerifyTest, ACommitThatIsThereTwiceIsFoundNotFatal) {
  Tamper(world_.coordinator(),
         [](storage::PartitionTables& tables) { PutLog(tables, 8, tables.Log(7).value()); });
  EXPECT_THAT(DifferenceOf(world_.coordinator()), StartsWith("log: commit 8 is change "));
}

TEST_F(VerifyTest, FindsAChangeThatAnotherReplicaClaims) {
  Tamper(world_.coordinator(), [](storage::PartitionTables& tables) {
    v1::LogRow row = tables.Log(7).value();
    Receipt receipt = DecodeReceipt(row.receipt()).value();
    receipt.number = 8;
    receipt.stamp = {.chain = {}, .seq = 1};
    row.set_receipt(receipt.Encode());
    PutLog(tables, 8, row);
  });
  EXPECT_THAT(DifferenceOf(world_.coordinator()),
              AllOf(StartsWith("log: commit 8 is change "), HasSubstr("in the log before it")));
}

struct DerivedTable {
  Table table;
  const char* shown;
};

class VerifyTableTest : public VerifyTest, public testing::WithParamInterface<DerivedTable> {};

TEST_P(VerifyTableTest, FindsAMissingRow) {
  if (GetParam().table == Table::kTile) FillOneTile();
  DeleteFirstRow(world_.coordinator(), GetParam().table);
  EXPECT_THAT(DifferenceOf(world_.coordinator()), StartsWith(GetParam().shown));
}

INSTANTIATE_TEST_SUITE_P(
    AllDerived, VerifyTableTest,
    testing::Values(
        DerivedTable{Table::kLogHead, "log: commit 1 is there"},
        DerivedTable{Table::kTile, "tree of the log: "}, DerivedTable{Table::kChange, "changes: "},
        DerivedTable{Table::kRecord, "records: "}, DerivedTable{Table::kBirth, "births: "},
        DerivedTable{Table::kLabel, "labels: "}, DerivedTable{Table::kVersion, "versions: "},
        DerivedTable{Table::kDiscrepancy, "discrepancies: "},
        DerivedTable{Table::kOpenDiscrepancy, "open discrepancies: "},
        DerivedTable{Table::kRecordDiscrepancy, "open discrepancies of records: "},
        DerivedTable{Table::kHeld, "held changes: "}, DerivedTable{Table::kRequest, "requests: "},
        DerivedTable{Table::kChain, "chains: "},
        DerivedTable{Table::kEnrolled, "enrolled replicas: "}));

TEST_F(VerifyTest, FindsABrokenOwnChain) {
  // An unsent one, which is in no log yet.
  Link(false);
  world::WriteItem(*ward_, kAlpha, "P-1", "note", "unsent");
  Tamper(*ward_, [](storage::PartitionTables& tables) {
    const ChainId own = tables.OwnChain().value();
    const uint64_t last = tables.LastOwn(own.incarnation);
    v1::OwnRow row = tables.Own(own.incarnation, last).value();
    row.mutable_authored()->append("\x7a\x00", 2);
    tables.PutOwn(own.incarnation, last, row);
  });
  EXPECT_THAT(DifferenceOf(*ward_), AllOf(StartsWith("own chain: change "), HasSubstr("hash")));
}

TEST_F(VerifyTest, TellsHowFarItIsAndCanBeEnded) {
  uint64_t last_done = 0;
  uint64_t last_total = 0;
  const auto all = Verify(*ward_, [&](uint64_t done, uint64_t total) {
    last_done = done;
    last_total = total;
    return true;
  });
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(last_done, all->log.size());
  EXPECT_EQ(last_total, all->log.size());
  EXPECT_EQ(Verify(*ward_, [](uint64_t, uint64_t) { return false; }).status().code(),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace trialsync::sync
