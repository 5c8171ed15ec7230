// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_LIMITS_H_
#define TRIALSYNC_SYNC_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

// Every limit of the replication, as one set: each is safe only beside the others, so the
// relations between them are asserted at the end.
namespace trialsync::sync {

// Largest authored bytes of one change. A text value may have 1 MiB (study/value.h), and a form
// may hold several.
inline constexpr size_t kChangeBytesMax = size_t{8} << 20;

// Changes in one batch: enough to hide the round trip and to fill one sync of the disk (measured:
// 500 to 1,000 records a sync reach what one disk can do).
inline constexpr uint32_t kBatchChangesMax = 1000;

// Bytes of a batch before compression; a single larger change travels alone.
inline constexpr size_t kBatchBytesMax = size_t{1} << 20;

// Batches on the way without a receipt: two keep the pipe full on a LAN, eight on 200 ms.
inline constexpr uint32_t kBatchesInFlightMax = 8;

// Log frames sent ahead of the site's progress, per session: bounds the coordinator's memory.
inline constexpr uint32_t kFramesInFlightMax = 8;
inline constexpr uint32_t kFrameCommitsMax = 1000;
inline constexpr size_t kFrameBytesMax = size_t{1} << 20;

// Largest message on the stream: one change at its limit that zstd cannot shrink, with its frame.
inline constexpr size_t kMessageBytesMax = size_t{10} << 20;

// Largest content that a frame or batch may unpack to: refuses a decompression bomb before memory
// is spent on it.
inline constexpr size_t kContentBytesMax = kBatchBytesMax + kChangeBytesMax + (size_t{1} << 16);

// Bytes of what was taken off that one record of an epoch names; what is beyond makes another one.
inline constexpr size_t kTakenOffBytesMax = size_t{1} << 20;

// Items written by one change, and references closed by one decision.
inline constexpr int kWritesPerChangeMax = 1000;

// Inputs that share one atomic, synced batch (group commit), and commits that they bring, beyond
// which no more inputs are taken: bounds the latency of the first of them, and lets a site judge one
// batch while the coordinator judges the next.
inline constexpr size_t kGroupInputsMax = 64;
inline constexpr uint64_t kGroupCommitsMax = 1000;

// Receipts of a frame whose index rows a site removes one by one. Those of a longer one stay behind,
// and all of them go at once when nothing waits for a receipt any more: that spares a catch-up a
// fourth of the rows that it writes. At once is dearer where it is often.
inline constexpr size_t kIndexRowsRemovedMax = 64;

// Longest reason, query text or comment outside of values.
inline constexpr size_t kReasonBytesMax = size_t{1} << 20;

// Longest name of an account, and longest id of a client's request: both stand in keys.
inline constexpr size_t kAuthorBytesMax = 256;
inline constexpr size_t kRequestIdBytesMax = 256;

// So many sessions of one process must have been taken over by another boot of its store before the
// two are copies: what a killed process had sent may arrive behind the Hello of the next.
inline constexpr int kFencedByCopyMin = 3;

// Silence after which an end sends a heartbeat; three of them end the session.
inline constexpr absl::Duration kHeartbeatInterval = absl::Seconds(5);
inline constexpr int kHeartbeatsMissedMax = 3;

// zstd level: -3 is within 2 % of what -9 saves in the sizes of case data, at a quarter of its CPU.
inline constexpr int kCompressionLevel = 3;

// Leaves under one stored node of the log's tree: a root at any size costs at most this many leaf
// hashes beside the stored nodes. On disk: must not change.
inline constexpr uint64_t kTileLeaves = 256;

static_assert(kBatchBytesMax <= kMessageBytesMax);
static_assert(kChangeBytesMax + (size_t{1} << 20) <= kMessageBytesMax);
static_assert(kFrameBytesMax + kChangeBytesMax <= kContentBytesMax);
static_assert(kContentBytesMax <= size_t{64} << 20);
static_assert((kTileLeaves & (kTileLeaves - 1)) == 0);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_LIMITS_H_
