// SPDX-License-Identifier: Apache-2.0
#include "sync/judgement.h"

#include "proto/check.h"

namespace trialsync::sync {
namespace {

Stamp StampOf(const v1::ChainRow& chain, uint64_t seq) {
  const std::optional<ReplicaId> replica = ReplicaId::From(chain.replica());
  TS_CHECK(replica);
  return {{*replica, chain.incarnation()}, seq};
}

bool IsOn(const v1::ChainRow& row, const ChainId& chain) {
  return row.incarnation() == chain.incarnation && row.replica() == chain.replica.view();
}

}  // namespace

bool HasSeen(const Arriving& arriving, const v1::WriterRow& writer,
             const v1::ChainRow& writer_chain) {
  const v1::Position& base = arriving.change->base();
  if (writer.effect_epoch() == base.epoch() && writer.effect_number() <= base.number()) return true;
  if (IsOn(writer_chain, arriving.stamp.chain)) return writer.seq() < arriving.stamp.seq;
  if (arriving.ancestry->StandsBefore(StampOf(writer_chain, writer.seq()), arriving.stamp)) {
    return true;
  }
  if (arriving.branches->beginnings().empty()) return false;
  const std::optional<ChangeId> change = ChangeId::From(writer.change());
  return change && arriving.branches->Saw(
                       base, PositionOf(writer.effect_epoch(), writer.effect_number()), *change);
}

bool StandsAfter(const Arriving& arriving, const v1::ChainRow& later_chain, uint64_t later_seq) {
  if (IsOn(later_chain, arriving.stamp.chain)) return later_seq > arriving.stamp.seq;
  return arriving.ancestry->StandsBefore(arriving.stamp, StampOf(later_chain, later_seq));
}

}  // namespace trialsync::sync
