// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_SYNC_FILLED_LOG_H_
#define TRIALSYNC_TESTS_SYNC_FILLED_LOG_H_

#include <cstdint>
#include <vector>

#include "storage/memory_kv.h"
#include "storage/tables.h"
#include "storage/transaction.h"
#include "study/definition.h"
#include "sync/log.h"
#include "sync/partition_state.h"
#include "tests/sync/naive_tree.h"

namespace trialsync::sync {

// A partition's log of a given size, written by the real LogWriter, and its leaves as it was made.
// Its changes are lock acts of `anna` at site MAYO1 of study pbc on a record that no version has,
// received one second after the other from kFirstReceivedUs on.
class FilledLog {
 public:
  static constexpr uint64_t kEpoch = 0x0123456789abcdef;
  // 2026-11-22T09:30:00Z.
  static constexpr int64_t kFirstReceivedUs = 1'795'339'800'000'000;

  explicit FilledLog(uint64_t size);

  storage::PartitionTables& tables() { return state_.tables(); }
  uint64_t size() const { return leaves_.size(); }
  Leaves First(uint64_t size) const { return Leaves(leaves_).first(size); }

  // The change of a commit.
  static v1::Change ChangeOf(uint64_t number);

 private:
  storage::MemoryKv store_;
  storage::Transaction transaction_;
  study::DefinitionSet definitions_;
  PartitionState state_;
  std::vector<Sha256> leaves_;
};

}  // namespace trialsync::sync

#endif  // TRIALSYNC_TESTS_SYNC_FILLED_LOG_H_
