// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_DATA_DIRECTORY_H_
#define TRIALSYNC_DAEMON_DATA_DIRECTORY_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/head.h"
#include "storage/rocksdb_kv.h"

// What a daemon keeps in its --data directory:
//   store/           RocksDB
//   head             what of the store was acknowledged last (storage/head.h)
//   signing_key      of a coordinator (signing_key.h)
//   listen_address   HOST:PORT of the running or last daemon, for scripts
//   metrics_address  the same of /metrics
namespace trialsync::daemon {

// Opens the store of a data directory, and makes both where there is nothing yet. A directory that
// was in use but has lost its store, or all that was in it, is NOT_FOUND: beginning anew from
// nothing must be asked for by emptying it. But with `may_begin_anew` it is opened with an empty
// store if its head file is there, which tells what is gone. FAILED_PRECONDITION when another
// process has the store open, or a backup was not put back to its end; other errors as
// RocksDbKv::Open().
struct DataDirectory {
  std::unique_ptr<storage::RocksDbKv> store;
  std::unique_ptr<storage::Head> head;
};
absl::StatusOr<DataDirectory> OpenDataDirectory(const std::string& directory, bool may_begin_anew);

// Whether the directory's disk takes writes: OK once kDiskProbeBytes were written there, synced and
// deleted again. RESOURCE_EXHAUSTED, INTERNAL otherwise.
absl::Status ProbeDisk(const std::string& directory);

// Writes a small file of the directory at once and whole. INTERNAL if that failed.
absl::Status WriteDataFile(const std::string& directory, const std::string& file_name,
                           const std::string& content);

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_DATA_DIRECTORY_H_
