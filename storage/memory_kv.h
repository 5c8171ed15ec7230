// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_STORAGE_MEMORY_KV_H_
#define TRIALSYNC_STORAGE_MEMORY_KV_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "storage/kv.h"
#include "storage/memory_tree.h"
#include "storage/write_batch.h"

namespace trialsync::storage {

// A store in memory for tests and the simulator. It gives the same answers for the same calls, and
// on request it does what a machine does to a store: loses power, fails a write, fails a sync.
// Snapshots and images cost one pointer each.
//
// One object stands for the store of one node over all its lives: Crash() ends a life, Reopen()
// begins the next. The calls besides Kv's are for the test that drives it, and are safe from any
// thread.
class MemoryKv : public Kv {
 public:
  // An empty store.
  MemoryKv() = default;

  // A store with the contents of `image`, all of it durable: a backup put back, or a disk copied.
  explicit MemoryKv(const MemoryTree& image) : durable_(image), visible_(image) {}

  std::shared_ptr<const Snapshot> NewSnapshot() const override;

  // Bytes of all keys and values that snapshots show.
  uint64_t DiskBytes() const override;

  // What the worst loss of power would leave: all up to the last kSync that succeeded.
  MemoryTree Image() const;

  // How many batches lie between that and the last write, one whose sync failed included.
  size_t unsynced_batches() const;

  // The power fails. Of the unsynced batches the oldest `surviving_batches` (at most
  // unsynced_batches()) reached the disk, the others are lost. Writes are refused until Reopen().
  // Snapshots taken before still show what they showed: the process that held them is gone.
  void Crash(size_t surviving_batches = 0);

  // Opens the store again, after a crash or a failed write: writes are taken, all that is found is
  // durable. Without a crash before it (only the process ended) that is every batch that had
  // reached the operating system; so a batch whose sync failed shows now. Failures that were asked
  // for and did not happen yet are forgotten.
  void Reopen();

  // The next Write() fails with `error` (not OK), and nothing of its batch is kept.
  void FailNextWrite(absl::Status error);

  // The next Write() with kSync fails with `error` (not OK) after its batch had reached the
  // operating system: what Crash() and Reopen() decide of the unsynced batches holds for it.
  void FailNextSync(absl::Status error);

 protected:
  absl::Status Apply(const WriteBatch& batch, Durability durability) override;

 private:
  mutable std::mutex mutex_;  // guards all below
  MemoryTree durable_;
  // The store after each batch since `durable_`, the oldest first.
  std::vector<MemoryTree> unsynced_;
  // What new snapshots show: the last of these, but for a batch whose sync failed.
  MemoryTree visible_;
  absl::Status next_write_error_;
  absl::Status next_sync_error_;
};

}  // namespace trialsync::storage

#endif  // TRIALSYNC_STORAGE_MEMORY_KV_H_
