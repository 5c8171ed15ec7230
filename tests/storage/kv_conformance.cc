// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/kv_conformance.h"

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "storage/key.h"
#include "storage/write_batch.h"
#include "tests/storage/listing.h"

namespace trialsync::storage {

using std::string_literals::operator""s;

void KvConformance::Put(std::string_view key, std::string_view value) {
  WriteBatch batch;
  batch.Put(key, value);
  ASSERT_EQ(kv().Write(batch, Durability::kNoSync), absl::OkStatus());
}

void KvConformance::Delete(std::string_view key) {
  WriteBatch batch;
  batch.Delete(key);
  ASSERT_EQ(kv().Write(batch, Durability::kNoSync), absl::OkStatus());
}

TEST_P(KvConformance, NewStoreIsEmpty) {
  EXPECT_EQ(ValueOf(*kv().NewSnapshot(), "a"), "(none)");
  EXPECT_EQ(ValueOf(*kv().NewSnapshot(), ""), "(none)");
  EXPECT_EQ(AllRows(*kv().NewSnapshot()), RowMap());
  EXPECT_EQ(kv().failure(), absl::OkStatus());
}

TEST_P(KvConformance, PutReplacesAndDeleteRemoves) {
  Put("a", "1");
  Put("a", "2");
  EXPECT_EQ(ValueOf(*kv().NewSnapshot(), "a"), "2");
  Delete("a");
  EXPECT_EQ(ValueOf(*kv().NewSnapshot(), "a"), "(none)");
  Delete("a");
  EXPECT_EQ(AllRows(*kv().NewSnapshot()), RowMap());
}

TEST_P(KvConformance, EmptyValueIsNotAbsence) {
  Put("a", "");
  EXPECT_EQ(ValueOf(*kv().NewSnapshot(), "a"), "");
  EXPECT_EQ(Scanned(*kv().NewSnapshot(), "", ""), "a=");
}

TEST_P(KvConformance, ManyAreReadAsOneByOne) {
  std::vector<std::string> keys;
  for (int i = 0; i < 100; ++i) keys.push_back(absl::StrFormat("k%03d", i));
  for (size_t i = 0; i < keys.size(); i += 3) Put(keys[i], keys[i] + "!");
  Put("k004", "");
  Delete("k006");
  const std::shared_ptr<const Snapshot> snapshot = kv().NewSnapshot();
  Put("k009", "later");
  const auto values = snapshot->GetMany(keys);
  ASSERT_TRUE(values.ok()) << values.status();
  ASSERT_EQ(values->size(), keys.size());
  for (size_t i = 0; i < keys.size(); ++i) EXPECT_EQ((*values)[i], *snapshot->Get(keys[i])) << i;
  EXPECT_EQ((*values)[9], "k009!");
  EXPECT_EQ((*values)[4], "");
  EXPECT_EQ((*values)[6], std::nullopt);
  EXPECT_TRUE(snapshot->GetMany({})->empty());
}

TEST_P(KvConformance, KeysAreAnyBytesInUnsignedOrder) {
  const std::vector<std::string> ascending = {"",     "\x00"s,  "\x00\x00"s,  "\x00\xFF"s, "\x01",
                                              "a",    "a\x00"s, "a\x00\x01"s, "aa",        "\x7F",
                                              "\x80", "\xFF",   "\xFF\x00"s,  "\xFF\xFF"};
  for (auto key = ascending.rbegin(); key != ascending.rend(); ++key) Put(*key, "of " + *key);

  const std::shared_ptr<const Snapshot> snapshot = kv().NewSnapshot();
  std::vector<std::string> scanned;
  const std::unique_ptr<Iterator> row = snapshot->Scan("", "");
  for (; row->Valid(); row->Next()) scanned.emplace_back(row->key());
  EXPECT_EQ(row->status(), absl::OkStatus());
  EXPECT_EQ(scanned, ascending);
  for (const std::string& key : ascending) EXPECT_EQ(ValueOf(*snapshot, key), "of " + key);
}

TEST_P(KvConformance, ScanHoldsToItsBounds) {
  for (const char* key : {"b", "d", "f"}) Put(key, key);
  const std::shared_ptr<const Snapshot> snapshot = kv().NewSnapshot();
  EXPECT_EQ(Scanned(*snapshot, "b", "f"), "b=b d=d");
  EXPECT_EQ(Scanned(*snapshot, "a", "g"), "b=b d=d f=f");
  EXPECT_EQ(Scanned(*snapshot, "c", "e"), "d=d");
  EXPECT_EQ(Scanned(*snapshot, "c", ""), "d=d f=f");
  EXPECT_EQ(Scanned(*snapshot, "", "c"), "b=b");
  EXPECT_EQ(ScannedReverse(*snapshot, "b", "f"), "d=d b=b");
  EXPECT_EQ(ScannedReverse(*snapshot, "a", "g"), "f=f d=d b=b");
  EXPECT_EQ(ScannedReverse(*snapshot, "c", "e"), "d=d");
  EXPECT_EQ(ScannedReverse(*snapshot, "c", ""), "f=f d=d");
  EXPECT_EQ(ScannedReverse(*snapshot, "", "c"), "b=b");
}

TEST_P(KvConformance, ScanOfRangeWithoutRowsIsEmpty) {
  for (const char* key : {"b", "d"}) Put(key, key);
  const std::shared_ptr<const Snapshot> snapshot = kv().NewSnapshot();
  const std::vector<std::pair<std::string, std::string>> ranges = {
      {"c", "d"}, {"e", ""}, {"", "b"}, {"b", "b"}, {"d", "b"}, {"z", "a"}};
  for (const auto& [first, last] : ranges) {
    EXPECT_EQ(Scanned(*snapshot, first, last), "") << first << " to " << last;
    EXPECT_EQ(ScannedReverse(*snapshot, first, last), "") << first << " to " << last;
  }
}

TEST_P(KvConformance, ScanOutlivesItsArguments) {
  for (const char* key : {"b", "d", "f"}) Put(key, key);
  const std::shared_ptr<const Snapshot> snapshot = kv().NewSnapshot();
  auto first = std::make_unique<std::string>("b");
  auto last = std::make_unique<std::string>("e");
  const std::unique_ptr<Iterator> row = snapshot->Scan(*first, *last);
  *first = "x";
  *last = "z";
  first.reset();
  last.reset();
  ASSERT_TRUE(row->Valid());
  row->Next();
  ASSERT_TRUE(row->Valid());
  EXPECT_EQ(row->key(), "d");
  row->Next();
  EXPECT_FALSE(row->Valid());
}

TEST_P(KvConformance, LaterEntriesOfOneBatchWin) {
  Put("c", "old");
  WriteBatch batch;
  batch.Put("a", "1");
  batch.Put("a", "2");
  batch.Put("b", "1");
  batch.Delete("b");
  batch.Delete("c");
  batch.Put("c", "new");
  ASSERT_EQ(kv().Write(batch, Durability::kSync), absl::OkStatus());
  EXPECT_EQ(Scanned(*kv().NewSnapshot(), "", ""), "a=2 c=new");
}

TEST_P(KvConformance, DeleteRangeIsHalfOpenAndInOrderWithTheOthers) {
  for (const char* key : {"a", "b", "c", "d"}) Put(key, "old");
  WriteBatch batch;
  batch.Put("bb", "before");
  batch.DeleteRange("b", "d");
  batch.Put("c", "after");
  batch.DeleteRange("x", "x");
  batch.DeleteRange("d", "a");
  ASSERT_EQ(kv().Write(batch, Durability::kSync), absl::OkStatus());
  EXPECT_EQ(Scanned(*kv().NewSnapshot(), "", ""), "a=old c=after d=old");
  EXPECT_EQ(ValueOf(*kv().NewSnapshot(), "b"), "(none)");
  EXPECT_EQ(ScannedReverse(*kv().NewSnapshot(), "", "c"), "a=old");
}

// RocksDB keeps both kinds of entries in lists of their own, and may mix up its places in them.
TEST_P(KvConformance, ATableIsWrittenOnAfterItsRowsWereDeletedAsARange) {
  const auto key = [](uint32_t number) { return KeyWriter().U8(0x21).U32(1).U32(number).Take(); };
  for (uint32_t round = 0; round < 5; ++round) {
    WriteBatch batch;
    for (uint32_t i = 0; i < 100; ++i) batch.Put(key(i * 5 + round), "before");
    batch.DeleteRange(KeyWriter().U8(0x21).U32(1).key(), KeyWriter().U8(0x21).U32(2).key());
    for (uint32_t i = 0; i < 100; ++i) batch.Put(key(i * 7 + round), "after");
    ASSERT_EQ(kv().Write(batch, Durability::kSync), absl::OkStatus());
    EXPECT_EQ(AllRows(*kv().NewSnapshot()).size(), 100u);
  }
}

TEST_P(KvConformance, EmptyBatchIsTaken) {
  Put("a", "1");
  EXPECT_EQ(kv().Write(WriteBatch(), Durability::kNoSync), absl::OkStatus());
  EXPECT_EQ(kv().Write(WriteBatch(), Durability::kSync), absl::OkStatus());
  EXPECT_EQ(Scanned(*kv().NewSnapshot(), "", ""), "a=1");
}

TEST_P(KvConformance, LatestIsTheStoreBetweenTwoWrites) {
  Put("a", "1");
  EXPECT_EQ(AllRows(*kv().Latest()), (RowMap{{"a", "1"}}));
  Delete("a");
  Put("b", "2");
  EXPECT_EQ(AllRows(*kv().Latest()), (RowMap{{"b", "2"}}));
  EXPECT_EQ(ValueOf(*kv().Latest(), "a"), "(none)");
}

TEST_P(KvConformance, SnapshotDoesNotSeeLaterWrites) {
  Put("a", "1");
  Put("b", "1");
  const std::shared_ptr<const Snapshot> before = kv().NewSnapshot();
  Put("a", "2");
  Put("aa", "2");
  WriteBatch batch;
  batch.DeleteRange("b", "c");
  ASSERT_EQ(kv().Write(batch, Durability::kSync), absl::OkStatus());

  EXPECT_EQ(Scanned(*before, "", ""), "a=1 b=1");
  EXPECT_EQ(ScannedReverse(*before, "", ""), "b=1 a=1");
  EXPECT_EQ(ValueOf(*before, "b"), "1");
  EXPECT_EQ(ValueOf(*before, "aa"), "(none)");
  EXPECT_EQ(Scanned(*kv().NewSnapshot(), "", ""), "a=2 aa=2");
}

TEST_P(KvConformance, IteratorDoesNotSeeLaterWrites) {
  for (const char* key : {"a", "b", "c"}) Put(key, "old");
  const std::shared_ptr<const Snapshot> before = kv().NewSnapshot();
  const std::unique_ptr<Iterator> row = before->Scan("", "");
  ASSERT_TRUE(row->Valid());
  Delete("b");
  Put("c", "new");
  Put("d", "new");
  EXPECT_EQ(Listed(*row), "a=old b=old c=old");
}

TEST_P(KvConformance, ValueOfTenMebibytes) {
  std::string value(10 << 20, '\0');
  std::mt19937_64 random(/*seed=*/1);
  for (char& byte : value) byte = static_cast<char>(random() & 0xFF);
  Put("big", value);
  Put("small", "1");
  EXPECT_TRUE(ValueOf(*kv().NewSnapshot(), "big") == value);
  WriteBatch none;
  ASSERT_EQ(kv().Write(none, Durability::kSync), absl::OkStatus());
  engine().Reopen();
  EXPECT_TRUE(ValueOf(*kv().NewSnapshot(), "big") == value);
  EXPECT_EQ(ValueOf(*kv().NewSnapshot(), "small"), "1");
  EXPECT_GE(kv().DiskBytes(), value.size());
  EXPECT_LT(kv().DiskBytes(), 4 * value.size());
}

TEST_P(KvConformance, ReopenedStoreHasWhatWasWritten) {
  Put("a", "1");
  Put("b", "1");
  WriteBatch batch;
  batch.Put("a", "2");
  batch.Delete("b");
  batch.Put("c", "2");
  ASSERT_EQ(kv().Write(batch, Durability::kSync), absl::OkStatus());
  engine().Reopen();
  EXPECT_EQ(Scanned(*kv().NewSnapshot(), "", ""), "a=2 c=2");
  Put("d", "3");
  engine().Reopen();
  EXPECT_EQ(Scanned(*kv().NewSnapshot(), "", ""), "a=2 c=2 d=3");
}

TEST_P(KvConformance, AfterFailedSyncNothingMoreIsAcknowledgedUntilReopened) {
  Put("a", "1");
  ASSERT_EQ(kv().Write(WriteBatch(), Durability::kSync), absl::OkStatus());
  WriteBatch doubtful;
  doubtful.Put("b", "2");
  doubtful.Put("c", "2");
  engine().FailNextSync();
  const absl::Status first = kv().Write(doubtful, Durability::kSync);
  EXPECT_EQ(first.code(), absl::StatusCode::kInternal) << first;
  EXPECT_EQ(kv().failure(), first);

  // The disk works again, and still nothing is acknowledged.
  for (const Durability durability : {Durability::kSync, Durability::kNoSync}) {
    WriteBatch later;
    later.Put("d", "3");
    const absl::Status refused = kv().Write(later, durability);
    EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << refused;
  }
  EXPECT_EQ(Scanned(*kv().NewSnapshot(), "", ""), "a=1");

  engine().Reopen();
  EXPECT_EQ(kv().failure(), absl::OkStatus());
  const std::string found = Scanned(*kv().NewSnapshot(), "", "");
  EXPECT_TRUE(found == "a=1" || found == "a=1 b=2 c=2") << found;
  Put("e", "4");
  EXPECT_EQ(ValueOf(*kv().NewSnapshot(), "e"), "4");
}

TEST_P(KvConformance, SnapshotOutlivesItsStore) {
  Put("a", "1");
  const std::shared_ptr<const Snapshot> snapshot = kv().NewSnapshot();
  Put("a", "2");
  DeleteStore();
  EXPECT_EQ(ValueOf(*snapshot, "a"), "1");
  EXPECT_EQ(Scanned(*snapshot, "", ""), "a=1");
}

// Random batches, reopenings and old snapshots against a plain map.
TEST_P(KvConformance, AgreesWithPlainMapOverRandomHistory) {
  std::mt19937_64 random(/*seed=*/20261122);
  const auto below = [&random](uint64_t bound) { return random() % bound; };
  const auto random_key = [&] {
    std::string key(below(4), '\0');
    for (char& byte : key) byte = "\x00\x01z\xFF"[below(4)];
    return key;
  };
  RowMap truth;
  std::vector<std::pair<std::shared_ptr<const Snapshot>, RowMap>> old;
  for (int step = 0; step < 600; ++step) {
    WriteBatch batch;
    for (uint64_t entries = below(8); entries > 0; --entries) {
      const std::string key = random_key();
      const std::string last = random_key();
      switch (below(8)) {
        case 0:
          batch.DeleteRange(key, last);
          if (key < last) truth.erase(truth.lower_bound(key), truth.lower_bound(last));
          break;
        case 1:
        case 2:
          batch.Delete(key);
          truth.erase(key);
          break;
        default:
          truth[key] = std::to_string(step) + std::string(below(300), 'v');
          batch.Put(key, truth[key]);
      }
    }
    const Durability durability = below(2) == 0 ? Durability::kSync : Durability::kNoSync;
    ASSERT_EQ(kv().Write(batch, durability), absl::OkStatus());
    std::shared_ptr<const Snapshot> now = kv().NewSnapshot();
    ASSERT_EQ(AllRows(*now), truth) << "after step " << step;
    const std::string key = random_key();
    ASSERT_EQ(ValueOf(*now, key), truth.contains(key) ? truth[key] : "(none)");
    const std::string first = random_key();
    const std::string last = random_key();
    std::string expected;
    for (const auto& [row_key, value] : truth) {
      if (row_key < first || (!last.empty() && row_key >= last)) continue;
      expected += (expected.empty() ? "" : " ") + row_key + "=" + value;
    }
    ASSERT_EQ(Scanned(*now, first, last), expected);
    if (below(10) == 0) old.emplace_back(now, truth);
    if (below(50) == 0) {
      for (const auto& [snapshot, rows] : old) ASSERT_EQ(AllRows(*snapshot), rows);
      old.clear();
      now.reset();
      if (below(2) == 0) engine().Reopen();
    }
  }
}

// Each batch sets all keys to one number; a reader never sees two.
TEST_P(KvConformance, ReadersSeeWholeBatchesWhileOneThreadWrites) {
  constexpr int kBatches = 300;
  std::atomic<bool> done = false;
  std::atomic<int> torn = 0;
  std::atomic<int> went_back = 0;
  std::atomic<int> reads = 0;
  const auto read = [&] {
    int newest = 0;
    do {
      const std::shared_ptr<const Snapshot> snapshot = kv().NewSnapshot();
      const std::string value = ValueOf(*snapshot, "k0");
      const std::unique_ptr<Iterator> row = snapshot->Scan("", "");
      for (; row->Valid(); row->Next()) torn += row->value() != value ? 1 : 0;
      const int number = value == "(none)" ? 0 : std::stoi(value);
      went_back += number < newest ? 1 : 0;
      newest = number;
      ++reads;
    } while (!done);
  };
  std::thread first_reader(read);
  std::thread second_reader(read);
  for (int number = 1; number <= kBatches; ++number) {
    WriteBatch batch;
    for (int key = 0; key < 20; ++key) batch.Put("k" + std::to_string(key), std::to_string(number));
    EXPECT_EQ(kv().Write(batch, number % 10 == 0 ? Durability::kSync : Durability::kNoSync),
              absl::OkStatus());
  }
  done = true;
  first_reader.join();
  second_reader.join();
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(went_back, 0);
  EXPECT_GE(reads, 2);
  EXPECT_EQ(ValueOf(*kv().NewSnapshot(), "k19"), std::to_string(kBatches));
}

}  // namespace trialsync::storage
