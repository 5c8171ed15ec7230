// SPDX-License-Identifier: Apache-2.0
#include "sync/machine.h"

#include "storage/key.h"

namespace trialsync::sync {

uint64_t Entropy::U64() { return storage::KeyReader(Bytes(sizeof(uint64_t))).U64(); }

}  // namespace trialsync::sync
