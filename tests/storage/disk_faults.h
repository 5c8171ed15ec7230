// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_STORAGE_DISK_FAULTS_H_
#define TRIALSYNC_TESTS_STORAGE_DISK_FAULTS_H_

#include <cstdint>

// A program that links this has its own fdatasync() and fsync(), in front of the system's, also
// for the shared libraries that it uses. They sync, count, and fail when asked to. So an engine is
// tested against a failing disk without a word about it in the engine. Safe from any thread.
namespace trialsync::storage {

// How many syncs of files succeeded in this process.
uint64_t DiskSyncCount();

// The next sync of any file fails with `error_number` (EIO, ENOSPC) and syncs nothing.
void FailNextDiskSync(int error_number);

}  // namespace trialsync::storage

#endif  // TRIALSYNC_TESTS_STORAGE_DISK_FAULTS_H_
