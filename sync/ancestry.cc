// SPDX-License-Identifier: Apache-2.0
#include "sync/ancestry.h"

#include "sync/chain.h"
#include "sync/stored_change.h"

namespace trialsync::sync {

bool Ancestry::StandsBefore(const Stamp& earlier, const Stamp& later) {
  // Everything of the chain up to and including `last` stands before.
  Stamp last{later.chain, later.seq - 1};
  while (earlier.chain != last.chain) {
    const std::optional<Stamp>& origin = OriginOf(last.chain);
    if (!origin) return false;
    last = *origin;
  }
  return earlier.seq <= last.seq;
}

const std::optional<Stamp>& Ancestry::OriginOf(const ChainId& chain) {
  const auto [it, inserted] = origins_.try_emplace(chain);
  if (!inserted) return it->second;
  const std::optional<v1::ChainHead> head = tables_->Chain(chain);
  if (head) {
    if (head->has_origin()) it->second = StampOf(head->origin());
    return it->second;
  }
  // A replica knows of its own chain what its first commit will tell everybody.
  const std::optional<v1::OwnBeginning> own = tables_->Beginning(chain.incarnation);
  const auto behind = own ? ChangeId::From(own->behind()) : std::nullopt;
  if (behind) it->second = PlaceOf(*tables_, *behind);
  return it->second;
}

}  // namespace trialsync::sync
