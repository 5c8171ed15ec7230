// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_STORAGE_ROCKSDB_ENGINE_H_
#define TRIALSYNC_STORAGE_ROCKSDB_ENGINE_H_

#include <rocksdb/options.h>
#include <rocksdb/status.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "storage/rocksdb_kv.h"

// What the files that talk to RocksDB share; for them alone.
namespace trialsync::storage {

// How a store is run, and why so.
rocksdb::Options EngineOptions(const RocksDbOptions& options);

// RocksDB's answer in our codes and words. `task` says what was tried: "write to".
absl::Status Translate(const rocksdb::Status& status, std::string_view task,
                       const std::string& path);

}  // namespace trialsync::storage

#endif  // TRIALSYNC_STORAGE_ROCKSDB_ENGINE_H_
