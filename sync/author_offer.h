// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_AUTHOR_OFFER_H_
#define TRIALSYNC_SYNC_AUTHOR_OFFER_H_

#include "sync/author_common.h"

// A refused change is offered again as a new one; the refused one stays as it is.
namespace trialsync::sync {

// Where a view replays a change, and what is said of it.
Desk::Scope ScopeOf(View& view, const StoredChange& stored);

// The content of `refused` as a new change under `definition`, with its values read under it, what
// was born again under its new identity, and an act on what stands now. FAILED_PRECONDITION, with
// what to do instead, if the content is not valid now either.
absl::StatusOr<v1::Change> OfferAgain(Desk& desk, const StoredChange& refused,
                                      const study::Definition& definition, const Person& person);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_AUTHOR_OFFER_H_
