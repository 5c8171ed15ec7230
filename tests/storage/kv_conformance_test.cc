// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/kv_conformance.h"

#include <cerrno>
#include <memory>
#include <utility>

#include "proto/check.h"
#include "storage/memory_kv.h"
#include "storage/rocksdb_kv.h"
#include "tests/storage/disk_faults.h"
#include "tests/storage/temporary_directory.h"

namespace trialsync::storage {
namespace {

class MemoryEngine : public EngineUnderTest {
 public:
  Kv& kv() override { return kv_; }
  void Reopen() override { kv_.Reopen(); }
  void FailNextSync() override { kv_.FailNextSync(absl::InternalError("the disk did not sync")); }

 private:
  MemoryKv kv_;
};

class RocksDbEngine : public EngineUnderTest {
 public:
  RocksDbEngine() { Open(); }

  Kv& kv() override { return *kv_; }

  void Reopen() override {
    kv_.reset();
    Open();
  }

  void FailNextSync() override { FailNextDiskSync(EIO); }

 private:
  void Open() {
    RocksDbOptions options;
    options.path = directory_.path() + "/store";
    options.create_if_missing = true;
    options.block_cache_mib = 8;
    absl::StatusOr<std::unique_ptr<Kv>> kv = RocksDbKv::Open(options);
    EXPECT_EQ(kv.status(), absl::OkStatus());
    TS_CHECK(kv.ok());
    kv_ = *std::move(kv);
  }

  const TemporaryDirectory directory_;
  std::unique_ptr<Kv> kv_;
};

INSTANTIATE_TEST_SUITE_P(Memory, KvConformance,
                         testing::Values([] { return std::make_unique<MemoryEngine>(); }));
INSTANTIATE_TEST_SUITE_P(RocksDb, KvConformance,
                         testing::Values([] { return std::make_unique<RocksDbEngine>(); }));

}  // namespace
}  // namespace trialsync::storage
