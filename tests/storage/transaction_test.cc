// SPDX-License-Identifier: Apache-2.0
#include "storage/transaction.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/memory_kv.h"
#include "tests/storage/listing.h"

namespace trialsync::storage {
namespace {

// A store with the rows b, d and f.
class TransactionTest : public testing::Test {
 protected:
  TransactionTest() {
    WriteBatch batch;
    for (const char* key : {"b", "d", "f"}) batch.Put(key, "old");
    EXPECT_EQ(kv_.Write(batch, Durability::kSync), absl::OkStatus());
  }

  MemoryKv kv_;
};

TEST_F(TransactionTest, ReadsItsOwnWritesOverTheSnapshot) {
  Transaction transaction(kv_.NewSnapshot());
  transaction.Put("a", "new");
  transaction.Put("b", "new");
  transaction.Delete("d");
  EXPECT_EQ(ValueOf(transaction, "a"), "new");
  EXPECT_EQ(ValueOf(transaction, "b"), "new");
  EXPECT_EQ(ValueOf(transaction, "c"), "(none)");
  EXPECT_EQ(ValueOf(transaction, "d"), "(none)");
  EXPECT_EQ(ValueOf(transaction, "f"), "old");
  EXPECT_EQ(Scanned(transaction, "", ""), "a=new b=new f=old");
  EXPECT_EQ(ScannedReverse(transaction, "", ""), "f=old b=new a=new");
  // The store does not see them yet.
  EXPECT_EQ(Scanned(*kv_.NewSnapshot(), "", ""), "b=old d=old f=old");
}

TEST_F(TransactionTest, ScansHoldToTheirBounds) {
  Transaction transaction(kv_.NewSnapshot());
  for (const char* key : {"a", "c", "e", "g"}) transaction.Put(key, "new");
  EXPECT_EQ(Scanned(transaction, "b", "e"), "b=old c=new d=old");
  EXPECT_EQ(ScannedReverse(transaction, "b", "e"), "d=old c=new b=old");
  EXPECT_EQ(Scanned(transaction, "e", ""), "e=new f=old g=new");
  EXPECT_EQ(Scanned(transaction, "e", "b"), "");
  EXPECT_EQ(ScannedReverse(transaction, "e", "b"), "");
  EXPECT_EQ(Scanned(transaction, "c", "c"), "");
}

TEST_F(TransactionTest, LastRowOfRangeMayBePendingOrStored) {
  Transaction transaction(kv_.NewSnapshot());
  EXPECT_EQ(transaction.ScanReverse("a", "g")->key(), "f");
  transaction.Put("fa", "new");
  EXPECT_EQ(transaction.ScanReverse("a", "g")->key(), "fa");
  transaction.Delete("fa");
  transaction.Delete("f");
  EXPECT_EQ(transaction.ScanReverse("a", "g")->key(), "d");
}

TEST_F(TransactionTest, BatchHasNetEffectsInOrderOfKeys) {
  Transaction transaction(kv_.NewSnapshot());
  transaction.Put("z", "1");
  transaction.Put("b", "1");
  transaction.Put("b", "2");
  transaction.Delete("z");
  transaction.Delete("a");
  transaction.Put("a", "3");
  EXPECT_EQ(transaction.pending_count(), 3u);
  EXPECT_EQ(transaction.pending_bytes(), 5u);
  const WriteBatch batch = transaction.TakeBatch();
  std::string list;
  for (const WriteBatch::Entry& entry : batch) {
    list += entry.kind == WriteBatch::Kind::kPut ? "put " : "delete ";
    list.append(entry.key).append(entry.value).append("; ");
  }
  EXPECT_EQ(list, "put a3; put b2; delete z; ");
}

TEST_F(TransactionTest, WhatWasReadAheadIsBelowWhatIsWritten) {
  Transaction below(kv_.NewSnapshot());
  below.Put("e", "below");
  below.Delete("d");
  Transaction transaction(&below);
  transaction.Put("f", "before");
  const std::vector<std::string> ahead = {"b", "d", "e", "f", "none"};
  ASSERT_TRUE(transaction.ReadAhead(ahead).ok());
  EXPECT_EQ(ValueOf(transaction, "b"), "old");
  EXPECT_EQ(ValueOf(transaction, "e"), "below");
  EXPECT_EQ(ValueOf(transaction, "f"), "before");
  EXPECT_EQ(*transaction.Get("d"), std::nullopt);
  EXPECT_EQ(*transaction.Get("none"), std::nullopt);
  transaction.Put("none", "new");
  transaction.Delete("b");
  EXPECT_EQ(ValueOf(transaction, "none"), "new");
  EXPECT_EQ(*transaction.Get("b"), std::nullopt);
  const std::vector<std::string> keys = {"b", "e", "none"};
  EXPECT_EQ((*transaction.GetMany(keys))[0], std::nullopt);
  EXPECT_EQ((*transaction.GetMany(keys))[1], "below");
  EXPECT_EQ((*transaction.GetMany(keys))[2], "new");
}

TEST_F(TransactionTest, RangeIsDeletedBelowWhatIsWritten) {
  Transaction below(kv_.NewSnapshot());
  Transaction transaction(&below);
  transaction.Put("e", "new");
  transaction.DeleteBelow("c", "f");
  EXPECT_EQ(ValueOf(transaction, "d"), "old");
  below.Absorb(std::move(transaction));
  ASSERT_EQ(kv_.Write(below.TakeBatch(), Durability::kSync), absl::OkStatus());
  EXPECT_EQ(Scanned(*kv_.NewSnapshot(), "", ""), "b=old e=new f=old");
}

TEST_F(TransactionTest, WalksAreInOrderAfterFewWritesAndAfterMany) {
  Transaction transaction(kv_.NewSnapshot());
  RowMap truth = {{"b", "old"}, {"d", "old"}, {"f", "old"}};
  const auto put = [&](int first, int last, int step) {
    for (int i = first; i < last; i += step) {
      const std::string key = "c" + std::to_string(100 + i * 37 % 100);
      transaction.Put(key, "new");
      truth[key] = "new";
    }
    EXPECT_EQ(AllRows(transaction), truth);
  };
  put(0, 90, 3);
  put(1, 7, 3);
  put(7, 90, 3);
  put(2, 90, 3);
}

TEST_F(TransactionTest, WithoutWritesHasEmptyBatch) {
  Transaction transaction(kv_.NewSnapshot());
  EXPECT_EQ(ValueOf(transaction, "b"), "old");
  EXPECT_TRUE(transaction.TakeBatch().empty());
}

TEST_F(TransactionTest, MisuseAborts) {
  Transaction transaction(kv_.NewSnapshot());
  const std::unique_ptr<Iterator> row = transaction.Scan("", "");
  transaction.Put("c", "new");
  EXPECT_DEATH(row->Next(), "check failed");
  transaction.TakeBatch();
  EXPECT_DEATH(row->Valid(), "check failed");
  EXPECT_DEATH(transaction.Put("c", "new"), "check failed");
  EXPECT_DEATH((void)transaction.Get("b"), "check failed");
  EXPECT_DEATH(Transaction(nullptr), "check failed");
}

// A reader whose scans break off after one row.
class DamagedSnapshot : public Snapshot {
 public:
  absl::StatusOr<std::optional<std::string>> Get(std::string_view) const override {
    return absl::DataLossError("damaged");
  }
  absl::StatusOr<std::vector<std::optional<std::string>>> GetMany(
      std::span<const std::string>) const override {
    return absl::DataLossError("damaged");
  }
  std::unique_ptr<Iterator> Scan(std::string_view, std::string_view) const override {
    return std::make_unique<DamagedIterator>();
  }
  std::unique_ptr<Iterator> ScanReverse(std::string_view, std::string_view) const override {
    return std::make_unique<DamagedIterator>();
  }

 private:
  class DamagedIterator : public Iterator {
   public:
    bool Valid() const override { return valid_; }
    void Next() override { valid_ = false; }
    std::string_view key() const override { return "d"; }
    std::string_view value() const override { return "old"; }
    absl::Status status() const override {
      return valid_ ? absl::OkStatus() : absl::DataLossError("damaged");
    }

   private:
    bool valid_ = true;
  };
};

TEST(Transaction, ScanEndsWhereTheStoredRowsAreDamaged) {
  Transaction transaction(std::make_shared<const DamagedSnapshot>());
  transaction.Put("c", "new");
  transaction.Put("e", "new");
  EXPECT_EQ(transaction.Get("x").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ValueOf(transaction, "e"), "new");
  const std::unique_ptr<Iterator> row = transaction.Scan("", "");
  EXPECT_EQ(row->key(), "c");
  row->Next();
  EXPECT_EQ(row->key(), "d");
  row->Next();
  // "e" is there, but what lies between "d" and "e" is not known.
  EXPECT_FALSE(row->Valid());
  EXPECT_EQ(row->status().code(), absl::StatusCode::kDataLoss);
}

// Random reads and writes in many transactions, one after the other, against a plain map.
TEST(Transaction, AgreesWithPlainMap) {
  std::mt19937_64 random(/*seed=*/11);
  const auto below = [&random](uint64_t bound) { return random() % bound; };
  const auto random_key = [&] {
    std::string key(below(4), '\0');
    for (char& byte : key) byte = "\x00mz\xFF"[below(4)];
    return key;
  };
  const auto rows_between = [](const RowMap& rows, const std::string& first,
                               const std::string& last) {
    std::vector<std::pair<std::string, std::string>> between;
    for (const auto& [key, value] : rows) {
      if (key >= first && (last.empty() || key < last)) between.emplace_back(key, value);
    }
    return between;
  };
  const auto listed = [](std::unique_ptr<Iterator> row) {
    std::vector<std::pair<std::string, std::string>> list;
    for (; row->Valid(); row->Next()) list.emplace_back(row->key(), row->value());
    EXPECT_EQ(row->status(), absl::OkStatus());
    return list;
  };

  MemoryKv kv;
  RowMap stored;
  for (int round = 0; round < 300; ++round) {
    // In every other round many rows are written before the first walk.
    const uint64_t kinds_of_steps = round % 2 == 0 ? 4 : 3;
    Transaction transaction(kv.NewSnapshot());
    RowMap truth = stored;
    for (uint64_t step = below(60); step > 0; --step) {
      const std::string key = random_key();
      switch (below(kinds_of_steps)) {
        case 0:
          transaction.Delete(key);
          truth.erase(key);
          break;
        case 1: {
          truth[key] = std::to_string(round) + "." + std::to_string(step);
          transaction.Put(key, truth[key]);
          break;
        }
        case 2:
          ASSERT_EQ(ValueOf(transaction, key), truth.contains(key) ? truth[key] : "(none)");
          break;
        default: {
          const std::string last = random_key();
          auto expected = rows_between(truth, key, last);
          ASSERT_EQ(listed(transaction.Scan(key, last)), expected);
          std::reverse(expected.begin(), expected.end());
          ASSERT_EQ(listed(transaction.ScanReverse(key, last)), expected);
        }
      }
    }
    ASSERT_EQ(AllRows(transaction), truth);
    if (below(4) == 0) continue;
    ASSERT_EQ(kv.Write(transaction.TakeBatch(), Durability::kNoSync), absl::OkStatus());
    stored = truth;
    ASSERT_EQ(AllRows(*kv.NewSnapshot()), stored);
  }
}

}  // namespace
}  // namespace trialsync::storage
