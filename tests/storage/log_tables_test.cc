// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "storage/key.h"
#include "storage/memory_kv.h"
#include "storage/tables.h"
#include "tests/storage/listing.h"

namespace trialsync::storage {
namespace {

v1::LogRow RowOf(uint64_t number) {
  v1::LogRow row;
  row.set_receipt(absl::StrCat("receipt ", number));
  if (number != 3) row.set_authored(std::string(number, 'a'));
  return row;
}

// Commits 1 to 5 in one row, 6 and 7 in another.
class LogTablesTest : public testing::Test {
 protected:
  LogTablesTest() {
    Transaction transaction(kv_.NewSnapshot());
    PartitionTables tables(&transaction, {1});
    for (uint64_t number = 1; number <= 7; ++number) {
      tables.AppendLog(number, RowOf(number));
      if (number == 5) tables.FlushLog();
    }
    tables.FlushLog();
    tables.FlushLog();
    EXPECT_EQ(transaction.pending_count(), 2u);
    EXPECT_EQ(kv_.Write(transaction.TakeBatch(), Durability::kSync), absl::OkStatus());
  }

  static std::string ReceiptOf(PartitionTables& tables, uint64_t number) {
    const std::optional<v1::LogRow> row = tables.Log(number);
    return row ? row->receipt() : "(none)";
  }

  static std::string Visited(PartitionTables& tables, uint64_t first, uint64_t last) {
    std::string list;
    tables.ForEachLog(first, last, [&list](uint64_t number, const v1::LogRow& row) {
      EXPECT_EQ(row.SerializeAsString(), RowOf(number).SerializeAsString());
      absl::StrAppend(&list, number, " ");
      return true;
    });
    return list;
  }

  // Makes the row of commits 1 to 5 another one.
  void Damage(const std::string& value) {
    WriteBatch batch;
    batch.Put(KeyWriter().U8(static_cast<uint8_t>(Table::kLog)).U32(1).U64(5).key(), value);
    ASSERT_EQ(kv_.Write(batch, Durability::kSync), absl::OkStatus());
  }

  MemoryKv kv_;
};

TEST_F(LogTablesTest, EachCommitIsReadByItsNumber) {
  Transaction transaction(kv_.NewSnapshot());
  PartitionTables tables(&transaction, {1});
  for (const uint64_t number : {3u, 7u, 6u, 1u, 5u}) {
    EXPECT_EQ(ReceiptOf(tables, number), absl::StrCat("receipt ", number));
  }
  EXPECT_EQ(ReceiptOf(tables, 0), "(none)");
  EXPECT_EQ(ReceiptOf(tables, 8), "(none)");
  EXPECT_EQ(PartitionTables(&transaction, {2}).Log(1), std::nullopt);
  EXPECT_EQ(tables.status(), absl::OkStatus());
}

TEST_F(LogTablesTest, WalksBeginAndEndWithinRows) {
  Transaction transaction(kv_.NewSnapshot());
  PartitionTables tables(&transaction, {1});
  EXPECT_EQ(Visited(tables, 1, 7), "1 2 3 4 5 6 7 ");
  EXPECT_EQ(Visited(tables, 4, 6), "4 5 6 ");
  EXPECT_EQ(Visited(tables, 2, 3), "2 3 ");
  EXPECT_EQ(Visited(tables, 7, 100), "7 ");
  EXPECT_EQ(Visited(tables, 8, 100), "");
  EXPECT_EQ(tables.status(), absl::OkStatus());
}

TEST_F(LogTablesTest, WhatIsAppendedShowsBeforeItIsWritten) {
  Transaction transaction(kv_.NewSnapshot());
  PartitionTables tables(&transaction, {1});
  EXPECT_EQ(ReceiptOf(tables, 8), "(none)");
  tables.AppendLog(8, RowOf(8));
  tables.AppendLog(9, RowOf(9));
  EXPECT_EQ(ReceiptOf(tables, 8), "receipt 8");
  EXPECT_EQ(ReceiptOf(tables, 9), "receipt 9");
  EXPECT_EQ(ReceiptOf(tables, 7), "receipt 7");
  EXPECT_EQ(ReceiptOf(tables, 10), "(none)");
  tables.FlushLog();
  EXPECT_EQ(Visited(tables, 6, 9), "6 7 8 9 ");
  EXPECT_DEATH(
      {
        tables.AppendLog(10, RowOf(10));
        tables.AppendLog(12, RowOf(12));
      },
      "check failed");
}

TEST_F(LogTablesTest, TakenOffWithinARowOrBetweenTwo) {
  for (const uint64_t size : {0u, 3u, 5u, 6u, 7u}) {
    Transaction transaction(kv_.NewSnapshot());
    PartitionTables tables(&transaction, {1});
    EXPECT_EQ(ReceiptOf(tables, 7), "receipt 7");
    tables.TruncateLog(size);
    EXPECT_EQ(ReceiptOf(tables, size + 1), "(none)");
    tables.AppendLog(size + 1, RowOf(size + 1));
    tables.FlushLog();
    std::string all;
    for (uint64_t number = 1; number <= size + 1; ++number) absl::StrAppend(&all, number, " ");
    EXPECT_EQ(Visited(tables, 1, 100), all);
    EXPECT_EQ(tables.status(), absl::OkStatus());
  }
}

TEST_F(LogTablesTest, DamagedRowIsAFailedRead) {
  for (const std::string& value :
       {std::string(), std::string("abc"), std::string("\0\0\0\7x", 5), std::string(8 * 4, '\0')}) {
    Damage(value);
    Transaction transaction(kv_.NewSnapshot());
    PartitionTables tables(&transaction, {1});
    EXPECT_EQ(ReceiptOf(tables, 2), "(none)");
    EXPECT_EQ(tables.status().code(), absl::StatusCode::kDataLoss) << value.size();
    PartitionTables walked(&transaction, {1});
    walked.ForEachLog(1, 7, [](uint64_t, const v1::LogRow&) { return true; });
    EXPECT_EQ(walked.status().code(), absl::StatusCode::kDataLoss) << value.size();
  }
}

}  // namespace
}  // namespace trialsync::storage
