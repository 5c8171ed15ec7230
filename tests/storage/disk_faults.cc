// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/disk_faults.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace trialsync::storage {
namespace {

std::atomic<uint64_t> sync_count = 0;
std::atomic<int> next_error_number = 0;

int Sync(long system_call, int file) {
  if (const int error_number = next_error_number.exchange(0); error_number != 0) {
    errno = error_number;
    return -1;
  }
  const int result = static_cast<int>(syscall(system_call, file));
  if (result == 0) ++sync_count;
  return result;
}

}  // namespace

uint64_t DiskSyncCount() { return sync_count; }

void FailNextDiskSync(int error_number) { next_error_number = error_number; }

}  // namespace trialsync::storage

extern "C" int fdatasync(int file) { return trialsync::storage::Sync(SYS_fdatasync, file); }

extern "C" int fsync(int file) { return trialsync::storage::Sync(SYS_fsync, file); }
