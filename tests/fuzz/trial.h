// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_FUZZ_TRIAL_H_
#define TRIALSYNC_TESTS_FUZZ_TRIAL_H_

#include <vector>

#include "absl/time/time.h"
#include "proto/ids.h"
#include "proto/names.h"
#include "storage/memory_tree.h"
#include "trialsync/v1/change.pb.h"
#include "trialsync/v1/sync.pb.h"

namespace trialsync::fuzz {

// A trial in the middle of its life, from which the targets of the session and of damaged stores
// start: three replicas of one site, of which `ward` has worked offline for a while, and `reader`
// was away. There is something of everything on the worklist.
struct Trial {
  SiteName site;
  absl::Time now;

  // The stores before `ward` connects, and the coordinator's and ward's after it.
  storage::MemoryTree coordinator;
  storage::MemoryTree ward;
  storage::MemoryTree reader;
  storage::MemoryTree coordinator_after;
  storage::MemoryTree ward_after;

  // Everything that went over the stream meanwhile, in order.
  std::vector<v1::SiteMessage> up;
  std::vector<v1::CoordinatorMessage> down;

  // The changes of the log, of every kind, in the end; and on whose chains they are.
  std::vector<v1::Change> changes;
  ChainId ward_chain;
  ChainId clinic_chain;
  ChainId reader_chain;
  ChainId centre_chain;
};

// Made at the first call.
const Trial& TheTrial();

}  // namespace trialsync::fuzz

#endif  // TRIALSYNC_TESTS_FUZZ_TRIAL_H_
