// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_RESOLVE_H_
#define TRIALSYNC_SYNC_RESOLVE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "proto/names.h"
#include "sync/present.h"
#include "sync/view.h"
#include "sync/vocabulary.h"

// From names to identities, as far as they are there; present.h has what needs all of it.
namespace trialsync::sync {

// A record's name as far as it could be followed.
struct Resolution {
  // Event and form are always set; the births are those found.
  v1::RecordKey key;
  // Kind and label of the births that the name tells and that are not there, outermost first.
  struct Missing {
    v1::BirthKind kind = v1::BIRTH_KIND_UNSPECIFIED;
    std::string label;
  };
  std::vector<Missing> missing;
};

// Follows `name`. NOT_FOUND for an event or form that no version has, and for a rank (`?2`) that is
// not there: nobody can make that. INVALID_ARGUMENT for what repeats and does not say which.
absl::StatusOr<Resolution> FollowName(View& view, const Vocabulary& vocabulary,
                                      const RecordName& name);

// What a birth of this kind has as its parent where it belongs to the record `key`.
v1::RecordKey ParentOf(v1::BirthKind kind, const v1::RecordKey& key);

// Makes `birth` the subject, event or form of `key`, by its kind.
void SetBirth(v1::BirthKind kind, const ChangeId& birth, v1::RecordKey& key);

// A birth as its row says, or, where it has not taken effect, as its change does; nullopt if there
// is neither. Prepares what the outbox holds on it.
std::optional<v1::BirthRow> FindBirth(View& view, const ChangeId& birth);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_RESOLVE_H_
