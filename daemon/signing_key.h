// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_SIGNING_KEY_H_
#define TRIALSYNC_DAEMON_SIGNING_KEY_H_

#include <string>

#include "absl/status/statusor.h"
#include "sync/machine.h"
#include "sync/note_key.h"

namespace trialsync::daemon {

// The key with which a coordinator signs checkpoints, in the file `signing_key` of its data
// directory, which only its owner can read:
//
//   PRIVATE+KEY+NAME+HEX(id)+BASE64(01 ‖ secret)
//
// as Go's golang.org/x/mod/sumdb/note writes it. It is made where there is none and `may_make`:
// whoever has lost it must not go on under another one unnoticed. `name` is that of a new key.
// FAILED_PRECONDITION if it is missing, or is none; INTERNAL if it cannot be read or written.
// Nothing that is there is ever overwritten.
absl::StatusOr<sync::SigningKey> OpenSigningKey(const std::string& directory,
                                                const std::string& name, bool may_make,
                                                sync::Entropy& entropy);

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_SIGNING_KEY_H_
