// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_VERIFY_CALL_H_
#define TRIALSYNC_DAEMON_VERIFY_CALL_H_

#include "daemon/backend.h"
#include "trialsync/v1/status_service.pb.h"

namespace grpc {
template <class Response>
class ServerWriteReactor;
}  // namespace grpc

namespace trialsync::daemon {

// Answers StatusService.Verify: replays every partition on a thread of the backend's verifiers and
// sends how far it is. The reactor owns itself.
grpc::ServerWriteReactor<v1::VerifyProgress>* StartVerifyCall(const Backend& backend);

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_VERIFY_CALL_H_
