// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_RECEIPT_H_
#define TRIALSYNC_SYNC_RECEIPT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/ids.h"
#include "trialsync/v1/change.pb.h"

namespace trialsync::sync {

// What became of one lineage of a change.
struct CellVerdict {
  uint32_t lineage = 0;
  v1::Outcome outcome = v1::OUTCOME_UNSPECIFIED;
  auto operator<=>(const CellVerdict&) const = default;
};

// What became of a change at one commit.
struct Verdict {
  v1::Outcome outcome = v1::OUTCOME_UNSPECIFIED;
  v1::Reason reason = v1::REASON_UNSPECIFIED;
  // Lineages whose outcome differs from `outcome`, ascending.
  std::vector<CellVerdict> cells;
  auto operator<=>(const Verdict&) const = default;
};

// A change held until now, judged again by a later commit.
struct Admission {
  // Number under which the held change was committed.
  uint64_t number = 0;
  Verdict verdict;
  auto operator<=>(const Admission&) const = default;
};

// The coordinator's durable answer for a change: all that a replay of the log needs beside the
// authored bytes (protocol §7). A value type.
//
// The byte layout is fixed, so that a range of receipts expands to the same bytes at the site.
// Integers are big-endian. It is hashed into the log's leaves: it must not change.
//
//   u8   layout = 1
//   u64  epoch          u64 number
//   16   replica        u64 incarnation    u64 seq
//   i64  received time, Unix microseconds
//   u8   flags (bit 0: an incarnation begins that went on from another; none other yet)
//   [16 parent replica, u64 parent incarnation, u64 fork seq]      if bit 0
//   u16  n, n × (u64 epoch, u64 number)         earlier receipts of this change
//   --- details ---
//   verdict             u8 outcome, u16 reason, u16 n, n × (u32 lineage, u8 outcome)
//   u32  n, n × (u64 number, verdict)           held changes that this commit admitted
struct Receipt {
  uint64_t epoch = 0;
  uint64_t number = 0;
  Stamp stamp;
  int64_t received_time_us = 0;
  // Set in the first receipt of a chain that went on from another one: the change that its own
  // first one stands behind.
  std::optional<Stamp> origin;
  Verdict verdict;
  std::vector<Admission> admissions;

  auto operator<=>(const Receipt&) const = default;

  // The fixed layout.
  std::string Encode() const;
  // The part of it from the outcome on.
  std::string EncodeDetails() const;
  // True when the details say "applied" and nothing else, as most do.
  bool PlainlyApplied() const;
  // True when the part before the details has nothing that the stamp does not tell.
  bool PlainlyNext() const { return !origin; }
};

// Reads the fixed layout; DATA_LOSS if `bytes` are anything else.
absl::StatusOr<Receipt> DecodeReceipt(std::string_view bytes);

// Reads the details into `receipt`; DATA_LOSS if `bytes` are anything else.
absl::Status DecodeReceiptDetails(std::string_view bytes, Receipt& receipt);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_RECEIPT_H_
