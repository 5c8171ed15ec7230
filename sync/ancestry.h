// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_ANCESTRY_H_
#define TRIALSYNC_SYNC_ANCESTRY_H_

#include <map>
#include <optional>

#include "proto/ids.h"
#include "storage/tables.h"

namespace trialsync::sync {

// Which changes stand before which for a replica: on its chain, and on those that the chain went on
// from where a store went back or was copied (protocol §2, §9). Not thread-safe.
class Ancestry {
 public:
  // `tables` is not owned and must outlive this.
  explicit Ancestry(storage::PartitionTables* tables) : tables_(tables) {}

  // Whether `earlier` stands before `later` on the chain of `later`, or on those it went on from.
  bool StandsBefore(const Stamp& earlier, const Stamp& later);

  // The change that a chain went on from; nullopt if it begins by itself.
  const std::optional<Stamp>& OriginOf(const ChainId& chain);
  // Says it of a chain that is about to begin.
  void SetOrigin(const ChainId& chain, const Stamp& origin) { origins_[chain] = origin; }

 private:
  storage::PartitionTables* tables_;
  std::map<ChainId, std::optional<Stamp>> origins_;
};

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_ANCESTRY_H_
