// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "sync/compression.h"
#include "sync/frame.h"
#include "sync/limits.h"
#include "sync/log_tree.h"

namespace trialsync::sync {
namespace {

// Adds one's own commit to the run at the end of `content`, or begins a new run.
void AddOwn(const Receipt& receipt, v1::LogContent& content) {
  v1::OwnReceipts* run = nullptr;
  if (!content.entries().empty()) {
    v1::LogEntry* last = content.mutable_entries(content.entries_size() - 1);
    const bool continues = last->has_own() &&
                           last->own().received_time_us() == receipt.received_time_us &&
                           last->own().first_seq() + last->own().count() == receipt.stamp.seq;
    if (continues) run = last->mutable_own();
  }
  if (run == nullptr) {
    run = content.add_entries()->mutable_own();
    run->set_first_seq(receipt.stamp.seq);
    run->set_received_time_us(receipt.received_time_us);
  }
  if (!receipt.PlainlyApplied()) {
    v1::ReceiptException* exception = run->add_exceptions();
    exception->set_index(run->count());
    exception->set_details(receipt.EncodeDetails());
  }
  run->set_count(run->count() + 1);
}

}  // namespace

absl::StatusOr<v1::LogFrame> BuildLogFrame(storage::PartitionTables& tables, uint64_t first_number,
                                           const ChainId& receiver, const v1::LogPosition& log) {
  v1::LogContent content;
  size_t content_bytes = 0;
  uint64_t last_number = first_number - 1;
  absl::Status damaged;
  tables.ForEachLog(
      first_number, std::min(log.size(), first_number + kFrameCommitsMax - 1),
      [&](uint64_t number, v1::LogRow row) {
        const absl::StatusOr<Receipt> receipt = DecodeReceipt(row.receipt());
        if (!receipt.ok()) {
          damaged = receipt.status();
          return false;
        }
        const bool own = receipt->stamp.chain == receiver;
        // One's own travel without their bytes, but the receiver reads them back.
        const size_t bytes = row.authored().size() + row.receipt().size();
        if (number != first_number && content_bytes + bytes > kFrameBytesMax) return false;
        content_bytes += bytes;
        last_number = number;
        if (own && receipt->PlainlyNext()) {
          AddOwn(*receipt, content);
        } else if (own) {
          content.add_entries()->set_own_receipt(std::move(*row.mutable_receipt()));
        } else {
          v1::ForeignCommit* foreign = content.add_entries()->mutable_foreign();
          foreign->set_authored(std::move(*row.mutable_authored()));
          foreign->set_receipt(std::move(*row.mutable_receipt()));
        }
        return true;
      });
  if (!damaged.ok()) return damaged;
  if (!tables.status().ok()) return tables.status();

  v1::LogFrame frame;
  frame.set_first_number(first_number);
  const std::string bytes = content.SerializeAsString();
  frame.set_content(Compress(bytes));
  frame.set_content_bytes(static_cast<uint32_t>(bytes.size()));
  v1::LogPosition* end = frame.mutable_checkpoint()->mutable_log();
  *end = log;
  if (last_number != log.size()) {
    const absl::StatusOr<Sha256> root = RootAt(tables, last_number);
    if (!root.ok()) return root.status();
    end->set_size(last_number);
    end->set_root(root->str());
  }
  return frame;
}

v1::Batch BuildBatch(storage::PartitionTables& tables, uint64_t incarnation, uint64_t first_seq,
                     SentRows& sent) {
  v1::Batch batch;
  // A message is its fields one behind the other, so each change is written at once.
  v1::BatchContent next;
  next.add_changes();
  std::string bytes;
  size_t content_bytes = 0;
  batch.set_first_seq(first_seq);
  tables.ForEachOwn(incarnation, first_seq, [&](uint64_t seq, v1::OwnRow row) {
    const size_t change_bytes = row.authored().size();
    const bool full = batch.count() == kBatchChangesMax ||
                      (batch.count() != 0 && content_bytes + change_bytes > kBatchBytesMax);
    if (full) return false;
    content_bytes += change_bytes;
    batch.set_count(batch.count() + 1);
    batch.set_chain(row.chain());
    next.mutable_changes(0)->swap(*row.mutable_authored());
    next.AppendToString(&bytes);
    next.mutable_changes(0)->swap(*row.mutable_authored());
    sent.Keep(seq, std::move(row));
    return true;
  });
  batch.set_content(Compress(bytes));
  batch.set_content_bytes(static_cast<uint32_t>(bytes.size()));
  return batch;
}

}  // namespace trialsync::sync
