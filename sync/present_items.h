// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_PRESENT_ITEMS_H_
#define TRIALSYNC_SYNC_PRESENT_ITEMS_H_

#include <memory>
#include <optional>

#include "study/definition.h"
#include "sync/namer.h"
#include "sync/present.h"
#include "sync/standing.h"

// Parts of what present.h shows.
namespace trialsync::sync {

// How a record is read.
struct ReadingOptions {
  // Null for each value's own.
  const study::Definition* version = nullptr;
  bool include_site_only = false;
  // Shows also items that are empty, and of which the version has no default.
  bool empty_items = false;
};

// The record as it is shown. Prepares it in the view; failed reads are told by view.state().
v1::Record MakeRecord(View& view, Namer& namer, const v1::RecordKey& key,
                      const ReadingOptions& options);

// The definition of a version that a client asks to read under; null for 0. NOT_FOUND.
absl::StatusOr<std::shared_ptr<const study::Definition>> ReadingVersion(PartitionState& state,
                                                                        uint32_t version);

// The value of a `site_only` item, of which `record` has only that it is filled; nullopt where it
// was not this replica that filled it.
std::optional<v1::Value> PrivateValueOf(PartitionState& state, const v1::RecordState& record,
                                        uint32_t item, uint32_t lineage);

// What `change` wrote, with the value of a `site_only` item where this replica keeps it.
v1::Value ShownValue(PartitionState& state, const ChangeId& change, const v1::ItemWrite& write);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_PRESENT_ITEMS_H_
