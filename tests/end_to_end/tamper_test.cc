// SPDX-License-Identifier: Apache-2.0
// Rows that somebody edits or deletes in a daemon's store by hand: verify finds them (fault U2).
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "storage/key.h"
#include "storage/rocksdb_kv.h"
#include "storage/tables.h"
#include "tests/end_to_end/trial.h"
#include "tests/end_to_end/writer.h"

namespace trialsync::end_to_end {
namespace {

namespace fs = std::filesystem;
using storage::Table;

// The last row of a table gets another byte in the middle (the only one, if it has none), or is
// deleted.
void Tamper(const Daemon& daemon, Table table, bool by_deletion) {
  const auto store =
      storage::RocksDbKv::Open({.path = daemon.data_directory() + "/store", .log = {}});
  ASSERT_EQ(store.status(), absl::OkStatus());
  const std::string first = storage::KeyWriter().U8(static_cast<uint8_t>(table)).Take();
  const auto snapshot = (*store)->NewSnapshot();
  const auto row = snapshot->ScanReverse(first, storage::PrefixEnd(first));
  ASSERT_TRUE(row->Valid());
  std::string value(row->value());
  if (value.empty()) value.push_back('\1');
  value[value.size() / 2] ^= 1;
  storage::WriteBatch batch;
  if (by_deletion) {
    batch.Delete(row->key());
  } else {
    batch.Put(row->key(), value);
  }
  ASSERT_EQ((*store)->Write(batch, storage::Durability::kSync), absl::OkStatus());
}

TEST(TamperTest, VerifyFindsWhatWasChangedByHand) {
  Trial trial("pbc", "deploy/studies/pbc/v1.yaml");
  Trial::Site& site = trial.AddSite("MAYO1");
  Ledger saved;
  Writer writer(&site, &saved, "first", 1);
  writer.WriteNew(5);
  ASSERT_TRUE(WaitUntil([&] { return InStep(trial); }));
  ASSERT_EQ(site.daemon.Stop(), 0);
  ASSERT_EQ(trial.coordinator().Stop(), 0);
  for (Daemon* daemon : {&site.daemon, &trial.coordinator()}) {
    const std::string store = daemon->data_directory() + "/store";
    const std::string kept = trial.directory() + "/kept";
    fs::remove_all(kept);
    fs::copy(store, kept);
    for (const Table table :
         {Table::kLog, Table::kRecord, Table::kBirth, Table::kLabel, Table::kChange}) {
      for (const bool by_deletion : {false, true}) {
        Tamper(*daemon, table, by_deletion);
        daemon->Start();
        EXPECT_NE(Verify(*daemon), "")
            << "table " << static_cast<int>(table) << (by_deletion ? ", deleted" : ", edited");
        daemon->Kill();
        fs::remove_all(store);
        fs::copy(kept, store);
      }
    }
    daemon->Start();
    EXPECT_EQ(Verify(*daemon), "");
    daemon->Kill();
  }
}

}  // namespace
}  // namespace trialsync::end_to_end
