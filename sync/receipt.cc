// SPDX-License-Identifier: Apache-2.0
#include "sync/receipt.h"

#include "storage/key.h"

namespace trialsync::sync {
namespace {

using storage::KeyWriter;

constexpr uint8_t kLayout = 1;
constexpr uint8_t kBegins = 0x01;

// Takes the layout apart. What is missing reads as zero, and ok() tells.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  uint64_t Unsigned(size_t size_bytes) {
    uint64_t number = 0;
    for (const char byte : Take(size_bytes)) number = number << 8 | static_cast<uint8_t>(byte);
    return number;
  }
  uint8_t U8() { return static_cast<uint8_t>(Unsigned(1)); }
  uint16_t U16() { return static_cast<uint16_t>(Unsigned(2)); }
  uint32_t U32() { return static_cast<uint32_t>(Unsigned(4)); }
  uint64_t U64() { return Unsigned(8); }
  std::string_view Take(size_t size_bytes) {
    if (size_bytes > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, size_bytes);
    rest_.remove_prefix(size_bytes);
    return taken;
  }
  bool ok() const { return ok_; }
  bool finished() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

void PutU16(KeyWriter& out, size_t number) {
  out.U8(static_cast<uint8_t>(number >> 8)).U8(static_cast<uint8_t>(number));
}

void PutVerdict(KeyWriter& out, const Verdict& verdict) {
  out.U8(static_cast<uint8_t>(verdict.outcome));
  PutU16(out, static_cast<size_t>(verdict.reason));
  PutU16(out, verdict.cells.size());
  for (const CellVerdict& cell : verdict.cells) {
    out.U32(cell.lineage).U8(static_cast<uint8_t>(cell.outcome));
  }
}

// A count that lies asks for more than there is, and the reader stops being ok at once.
Verdict GetVerdict(Reader& in) {
  Verdict verdict;
  verdict.outcome = static_cast<v1::Outcome>(in.U8());
  verdict.reason = static_cast<v1::Reason>(in.U16());
  const uint16_t count = in.U16();
  for (uint16_t i = 0; i < count && in.ok(); ++i) {
    const uint32_t lineage = in.U32();
    verdict.cells.push_back({lineage, static_cast<v1::Outcome>(in.U8())});
  }
  return verdict;
}

void PutDetails(KeyWriter& out, const Receipt& receipt) {
  PutVerdict(out, receipt.verdict);
  out.U32(static_cast<uint32_t>(receipt.admissions.size()));
  for (const Admission& admission : receipt.admissions) {
    out.U64(admission.number);
    PutVerdict(out, admission.verdict);
  }
}

void GetDetails(Reader& in, Receipt& receipt) {
  receipt.verdict = GetVerdict(in);
  receipt.admissions.clear();
  const uint32_t count = in.U32();
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    const uint64_t number = in.U64();
    receipt.admissions.push_back({number, GetVerdict(in)});
  }
}

Stamp GetStamp(Reader& in) {
  Stamp stamp;
  if (const auto replica = ReplicaId::From(in.Take(ReplicaId::kBytes))) {
    stamp.chain.replica = *replica;
  }
  stamp.chain.incarnation = in.U64();
  stamp.seq = in.U64();
  return stamp;
}

absl::Status Damaged() {
  return absl::DataLossError("a receipt is not in the layout of this release");
}

}  // namespace

std::string Receipt::EncodeDetails() const {
  KeyWriter out;
  PutDetails(out, *this);
  return out.Take();
}

std::string Receipt::Encode() const {
  KeyWriter out;
  out.U8(kLayout).U64(epoch).U64(number);
  out.Fixed(stamp.chain.replica.view()).U64(stamp.chain.incarnation).U64(stamp.seq);
  out.U64(static_cast<uint64_t>(received_time_us)).U8(origin ? kBegins : 0);
  if (origin) {
    out.Fixed(origin->chain.replica.view()).U64(origin->chain.incarnation).U64(origin->seq);
  }
  PutU16(out, 0);
  PutDetails(out, *this);
  return out.Take();
}

bool Receipt::PlainlyApplied() const {
  return verdict.outcome == v1::OUTCOME_APPLIED && verdict.reason == v1::REASON_UNSPECIFIED &&
         verdict.cells.empty() && admissions.empty();
}

absl::StatusOr<Receipt> DecodeReceipt(std::string_view bytes) {
  Reader in(bytes);
  Receipt receipt;
  if (in.U8() != kLayout) return Damaged();
  receipt.epoch = in.U64();
  receipt.number = in.U64();
  receipt.stamp = GetStamp(in);
  receipt.received_time_us = static_cast<int64_t>(in.U64());
  const uint8_t flags = in.U8();
  if ((flags & ~kBegins) != 0) return Damaged();
  if (flags & kBegins) receipt.origin = GetStamp(in);
  if (in.U16() != 0) return Damaged();
  GetDetails(in, receipt);
  if (!in.finished()) return Damaged();
  return receipt;
}

absl::Status DecodeReceiptDetails(std::string_view bytes, Receipt& receipt) {
  Reader in(bytes);
  GetDetails(in, receipt);
  return in.finished() ? absl::OkStatus() : Damaged();
}

}  // namespace trialsync::sync
