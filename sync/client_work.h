// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_CLIENT_WORK_H_
#define TRIALSYNC_SYNC_CLIENT_WORK_H_

#include <string_view>

#include "sync/author.h"
#include "sync/machine.h"

namespace trialsync::sync {

// Does what a client asks for at `desk` and returns the answer for it. Publishing, activating and
// retiring versions are not among it: they are the coordinator's, and are answered with
// FAILED_PRECONDITION here.
Answer Perform(Desk& desk, const ClientRequest& request);

// The resource name on which a piece of work acts, as the client gave it; empty for the acts on
// study versions.
std::string_view ResourceOf(const ClientWork& work);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_CLIENT_WORK_H_
