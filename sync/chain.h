// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_CHAIN_H_
#define TRIALSYNC_SYNC_CHAIN_H_

#include "proto/digest.h"

namespace trialsync::sync {

// The hash chain over a replica's changes, recomputed by the receiver, so that no change can be
// left out, put in or altered unseen: chain(i) = SHA-256(chain(i−1) ‖ SHA-256(authored bytes)),
// chain(0) = 32 zero bytes. On disk and on the wire: must not change.
inline Sha256 NextChainHash(const Sha256& previous, const Sha256& authored_digest) {
  return Sha256Of({previous.view(), authored_digest.view()});
}

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_CHAIN_H_
