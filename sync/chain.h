// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_CHAIN_H_
#define TRIALSYNC_SYNC_CHAIN_H_

#include "proto/digest.h"
#include "proto/ids.h"
#include "trialsync/v1/state.pb.h"

namespace trialsync::sync {

// The hash chain over a replica's changes, recomputed by the receiver, so that no change can be
// left out, put in or altered unseen: chain(i) = SHA-256(chain(i−1) ‖ SHA-256(authored bytes)),
// chain(0) = 32 zero bytes. On disk and on the wire: must not change.
inline Sha256 NextChainHash(const Sha256& previous, const Sha256& authored_digest) {
  return Sha256Of({previous.view(), authored_digest.view()});
}

inline Stamp StampOf(const v1::StampRow& row) {
  return {{ReplicaId::From(row.replica()).value_or(ReplicaId()), row.incarnation()}, row.seq()};
}

inline v1::StampRow RowOf(const Stamp& stamp) {
  v1::StampRow row;
  row.set_replica(stamp.chain.replica.str());
  row.set_incarnation(stamp.chain.incarnation);
  row.set_seq(stamp.seq);
  return row;
}

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_CHAIN_H_
