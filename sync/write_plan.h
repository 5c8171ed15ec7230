// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_WRITE_PLAN_H_
#define TRIALSYNC_SYNC_WRITE_PLAN_H_

#include <optional>
#include <string>
#include <vector>

#include "study/definition.h"
#include "sync/author.h"
#include "sync/standing.h"

// What is to become of each item that a client writes, before anything is saved.
namespace trialsync::sync {

// What stands in the way of a write, beside the status.
struct WriteFailure {
  // With ABORTED.
  std::optional<v1::WriteConflict> conflict;
  // With INVALID_ARGUMENT: each item whose value is not valid, with the reason.
  std::vector<v1::ItemResult> invalid;
};

enum class Fate {
  kWrite,
  // It stands already.
  kUnchanged,
  // Another value stands, and the client wants it left.
  kLeft,
  // Another value stands, and the client does not show that its author has seen it.
  kConflict,
};

// One item of a request.
struct Offered {
  // Of the definition written under.
  const v1::ItemDefinition* item = nullptr;
  uint32_t lineage = 0;
  v1::Value value;
  // Of the item, or of the record; empty if none was given.
  std::string etag;
  // The desk's side owns the item; otherwise what is written is a proposal.
  bool owned = true;
  // A number came without the unit, of which the item has one.
  bool unit_assumed = false;

  // Set by DecideFates().
  Standing standing;
  // What stands is a value that another replica of the hospital keeps: nobody here has seen it.
  bool kept_elsewhere = false;
  Fate fate = Fate::kWrite;

  // The value is one of those that stay at the hospital.
  bool is_private() const { return item->site_only() && !value.has_missing(); }
};

// Reads the items of a request. INVALID_ARGUMENT with all that is wrong, one a line, and listed in
// `failure`.
absl::StatusOr<std::vector<Offered>> ReadItems(Desk& desk, const v1::WriteRecordRequest& request,
                                               const study::Definition& definition, uint32_t form,
                                               WriteFailure& failure);

// Compares what is offered with what stands in `record`. INVALID_ARGUMENT for an etag that is none;
// ABORTED, with `failure.conflict`, if any item is a conflict.
absl::Status DecideFates(Desk& desk, const v1::WriteRecordRequest& request,
                         const v1::RecordState& record, const study::Definition& definition,
                         std::vector<Offered>& items, WriteFailure& failure);

// Whether the record still is as `etag`, if there is one, says it was seen: ABORTED, with what
// differs in `conflict`, if not. The record must be prepared.
absl::Status CheckEtag(Desk& desk, const v1::RecordKey& key, const std::string& etag,
                       std::optional<v1::WriteConflict>& conflict);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_WRITE_PLAN_H_
