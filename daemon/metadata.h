// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_METADATA_H_
#define TRIALSYNC_DAEMON_METADATA_H_

// Trailing metadata of the services for clients. On the wire: must not change.
namespace trialsync::daemon {

// The serialised v1::WriteConflict of an ABORTED write.
inline constexpr char kConflictMetadataKey[] = "trialsync-write-conflict-bin";

// `1` with every error of a unary call: the daemon said so itself. Without it, UNAVAILABLE is what
// the transport makes of a connection that could not be made, or broke.
inline constexpr char kAnsweredMetadataKey[] = "trialsync-answered";

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_METADATA_H_
