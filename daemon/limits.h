// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_LIMITS_H_
#define TRIALSYNC_DAEMON_LIMITS_H_

#include <cstddef>

#include "absl/time/time.h"
#include "sync/limits.h"

// Every limit of the daemon, as one set; those of the replication itself are in sync/limits.h.
namespace trialsync::daemon {

// Inputs and bytes that wait for the loop. Beyond either no stream is read any more and new work of
// clients is refused: four windows of full batches, so that groups stay full while one is synced.
inline constexpr size_t kQueueInputsMax = 1024;
inline constexpr size_t kQueueBytesMax = size_t{32} << 20;

// How often the machine is told that time passed: a fraction of its heartbeat.
inline constexpr absl::Duration kTickInterval = absl::Seconds(1);

// Largest gRPC message taken, on the stream and from clients: the largest of the stream, with room
// for the frame around it.
inline constexpr size_t kGrpcMessageBytesMax = sync::kMessageBytesMax + (size_t{1} << 20);

// Details of a conflict travel in the metadata of the answer, which the client limits to 256 KiB.
inline constexpr size_t kConflictBytesMax = size_t{128} << 10;

// Threads that answer reads. They wait for the disk, so gRPC's own few threads must not do it.
inline constexpr int kReadThreads = 4;
inline constexpr size_t kReadsWaitingMax = 256;

// Verifications at one time: each replays whole logs.
inline constexpr int kVerificationsMax = 2;

// Pauses between attempts to connect: the first, and the longest.
inline constexpr absl::Duration kBackoffMin = absl::Milliseconds(500);
inline constexpr absl::Duration kBackoffMax = absl::Seconds(30);

// The longest pause after a refusal that the centre can mend any minute, as by publishing a study:
// whoever does it sees the site come while still watching.
inline constexpr absl::Duration kBackoffAwaitedMax = absl::Seconds(5);

// A peer that answers no ping for this long is gone, though its machine may still hold the line.
inline constexpr absl::Duration kKeepaliveInterval = absl::Seconds(20);
inline constexpr absl::Duration kKeepaliveTimeout = absl::Seconds(10);

// A clean stop: for what waits in the queue, for the peers to hear of it, and in all, which is less
// than systemd waits by default. It ends a daemon that opens its store anew, too: a busy machine is no hang.
inline constexpr absl::Duration kDrainTimeout = absl::Seconds(4);
inline constexpr absl::Duration kGoodbyeTimeout = absl::Seconds(2);
inline constexpr absl::Duration kStopTimeout = absl::Seconds(60);

// After a write to the disk failed: how often it is tried whether it takes writes again, and how many
// bytes of them. The pause doubles with every start that did not help, up to the longest one.
inline constexpr absl::Duration kDiskProbeInterval = absl::Seconds(2);
inline constexpr absl::Duration kDiskProbeIntervalMax = absl::Minutes(5);
inline constexpr size_t kDiskProbeBytes = size_t{16} << 20;

// A configuration file is written by hand.
inline constexpr size_t kConfigBytesMax = size_t{64} << 10;

static_assert(kQueueInputsMax >= sync::kGroupInputsMax);
static_assert(kQueueBytesMax >= 2 * kGrpcMessageBytesMax);

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_LIMITS_H_
