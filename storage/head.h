// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_STORAGE_HEAD_H_
#define TRIALSYNC_STORAGE_HEAD_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/kv.h"
#include "storage/write_batch.h"

// The note beside a store that names the last group of writes which was acknowledged (protocol §11).
// RocksDB drops the tail of a damaged write-ahead log without an error; only something outside of it
// can tell that what a store opens with is not all that its users were promised.
namespace trialsync::storage {

// Names one group of writes. Each has the next counter and a random token, so that two groups with
// one counter, from before and after a store was put back, are not taken for each other.
struct GroupMark {
  uint64_t counter = 0;
  uint64_t token = 0;
  auto operator<=>(const GroupMark&) const = default;
};

// The note: the last group that was acknowledged, and the end of the own chain of a replica as of
// it, so that what is gone can be named even if nobody else had heard of it. Zeros where there is no
// such chain.
struct HeadNote {
  GroupMark group;
  uint64_t incarnation = 0;
  uint64_t last_seq = 0;
  auto operator<=>(const HeadNote&) const = default;
};

// The last group that a store has, as a row of that very group.
struct StoredGroup {
  GroupMark mark;
  // Token of the group before it.
  uint64_t previous_token = 0;
};

// What the note and the store say of each other.
enum class HeadCheck {
  // Neither has anything: a new store.
  kNew,
  // The store has the group that the note names, or the one after it, whose answers were never
  // given: all that was acknowledged is there.
  kWhole,
  // The store has fewer groups than were acknowledged: its tail was lost, or it was put back.
  kBehind,
  // The note is not about what the store has: it is missing or damaged, was put back, or the
  // store's groups are others.
  kOther,
};
HeadCheck CheckHead(const std::optional<StoredGroup>& stored,
                    const std::optional<HeadNote>& noted);

// Where the note is kept. Not thread-safe: the loop's thread alone uses it.
class Head {
 public:
  Head() = default;
  Head(const Head&) = delete;
  Head& operator=(const Head&) = delete;
  virtual ~Head() = default;

  // The note; nullopt where there is none that can be read. INTERNAL if the disk does not read.
  virtual absl::StatusOr<std::optional<HeadNote>> Read() const = 0;

  // Replaces the note. Once it returned OK the new one is on stable storage; otherwise the old one
  // is, or the new one. RESOURCE_EXHAUSTED: the disk is full; INTERNAL: it does not write or sync.
  virtual absl::Status Write(const HeadNote& note) = 0;
};

// Makes a group of writes durable, and then its note: `batch` holds its mark as StoredGroup. OK: what
// it leads to may be told. Otherwise the group is in doubt, and the store must be opened again.
absl::Status WriteGroup(Kv& store, Head& head, const WriteBatch& batch, const HeadNote& note);

// A note in memory, for tests and the simulator.
class MemoryHead : public Head {
 public:
  absl::StatusOr<std::optional<HeadNote>> Read() const override { return note_; }
  absl::Status Write(const HeadNote& note) override;

  // The next Write() fails with `error` (not OK); with `written` the note is there all the same.
  void FailNextWrite(absl::Status error, bool written);
  // Puts a note back, or loses it.
  void Set(std::optional<HeadNote> note) { note_ = note; }

 private:
  std::optional<HeadNote> note_;
  absl::Status next_error_;
  bool next_written_ = false;
};

}  // namespace trialsync::storage

#endif  // TRIALSYNC_STORAGE_HEAD_H_
