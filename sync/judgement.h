// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_JUDGEMENT_H_
#define TRIALSYNC_SYNC_JUDGEMENT_H_

#include <cstdint>
#include <optional>
#include <utility>

#include "proto/ids.h"
#include "storage/tables.h"
#include "sync/ancestry.h"
#include "sync/branches.h"
#include "sync/receipt.h"
#include "trialsync/v1/change.pb.h"
#include "trialsync/v1/state.pb.h"

// What the rules are asked, and what they answer. protocol §2 to §6.
namespace trialsync::sync {

// Numbers from here on stand for changes in a replica's own outbox, in the order of their seq: they
// come after every commit, so no base reaches them.
inline constexpr uint64_t kOutboxNumber = uint64_t{1} << 63;
inline bool IsOutboxNumber(uint64_t number) { return number >= kOutboxNumber; }

// A change before the rules.
struct Arriving {
  const v1::Change* change = nullptr;
  ChangeId id;
  Stamp stamp;
  // The stamp's replica is the centre's own.
  bool from_centre = false;
  // Number under which it is (being) committed; kOutboxNumber + seq while it is in the outbox.
  uint64_t number = 0;
  // The commit that is being made: where it takes effect if it does. Differs from `number` when a
  // held change is admitted.
  uint64_t effect_number = 0;
  uint64_t epoch = 0;
  int64_t received_time_us = 0;
  // Of the partition; set by Replay().
  Ancestry* ancestry = nullptr;
  Branches* branches = nullptr;
};

// What the rules say of it.
struct Judgement {
  Verdict verdict;
  // For a held change: what it waits for.
  storage::Awaited awaits;

  static Judgement Of(v1::Outcome outcome, v1::Reason reason = v1::REASON_UNSPECIFIED) {
    return {.verdict = {.outcome = outcome, .reason = reason, .cells = {}}, .awaits = {}};
  }
  static Judgement Refused(v1::Reason reason) { return Of(v1::OUTCOME_REFUSED, reason); }
  static Judgement Held(v1::Reason reason, storage::Awaited awaits = {}) {
    Judgement judgement = Of(v1::OUTCOME_HELD, reason);
    judgement.awaits = std::move(awaits);
    return judgement;
  }
  static Judgement AwaitsChange(const ChangeId& change) {
    return Held(v1::REASON_CHANGE_AWAITED,
                {.change = change, .version = std::nullopt, .record_key = std::nullopt});
  }

  bool took_effect() const {
    return verdict.outcome != v1::OUTCOME_HELD && verdict.outcome != v1::OUTCOME_REFUSED;
  }
};

// Whether the author of `arriving` had seen what `writer`, on chain `writer_chain`, did: it took
// effect at a position at or below the base, or stands before it on the author's own chain.
bool HasSeen(const Arriving& arriving, const v1::WriterRow& writer,
             const v1::ChainRow& writer_chain);

// Whether `later`, on chain `later_chain`, stands on the own chain of its author after `arriving`.
bool StandsAfter(const Arriving& arriving, const v1::ChainRow& later_chain, uint64_t later_seq);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_JUDGEMENT_H_
