// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_LOOP_H_
#define TRIALSYNC_SYNC_LOOP_H_

#include <span>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "storage/head.h"
#include "storage/kv.h"
#include "sync/machine.h"

namespace trialsync::sync {

// Where a loop's effects go beside the store. The daemon's implementation hands them to gRPC, the
// simulator's to its network. Called by the loop's thread only; must not call back into the loop.
class Port {
 public:
  virtual ~Port() = default;
  // Puts a message behind those sent before on its stream. A stream that is gone is no error.
  virtual void SendMessage(Send send) = 0;
  // Ends a stream after what was sent on it.
  virtual void CloseSession(SessionId session) = 0;
  virtual void Deliver(Answer answer) = 0;
  virtual void Log(Event event) = 0;
};

// Drives one machine over one store: takes a group of inputs, makes what follows durable as one batch
// and notes it beside the store, then lets messages and answers go. This order is the whole of
// "saved means saved"; the daemon and the simulator run this very code. Not thread-safe.
class Loop {
 public:
  // None is owned; all must outlive the loop.
  Loop(storage::Kv* store, storage::Head* head, Machine* machine, Port* port);

  // Runs one group of at most kGroupInputsMax inputs. OK: everything it led to was done. Any error:
  // nothing was sent or answered but UNAVAILABLE to the group's own clients; the store's state is
  // in doubt, and the loop must not be run again before machine and loop were made anew from it.
  absl::Status Run(std::span<const Input> group, absl::Time now);

 private:
  storage::Kv* store_;
  storage::Head* head_;
  Machine* machine_;
  Port* port_;
  absl::Status failure_;
};

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_LOOP_H_
