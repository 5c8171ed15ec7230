// SPDX-License-Identifier: Apache-2.0
#include "sync/log.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "proto/check.h"
#include "sync/chain.h"
#include "sync/limits.h"
#include "sync/replay.h"

namespace trialsync::sync {
namespace {

// Commits whose records stay decoded: about what a processor's second cache holds. They are written
// while they are in it (measured: a tenth of the time of a catch-up).
constexpr uint64_t kFlushCommits = 64;

}  // namespace

absl::StatusOr<LogWriter> LogWriter::Open(PartitionState* state) {
  LogWriter log(state);
  const v1::LogHead head = state->tables().Head();
  log.epoch_ = head.epoch();
  std::vector<Sha256> roots;
  for (const std::string& bytes : head.frontier()) {
    absl::StatusOr<Sha256> root = Sha256FromBytes(bytes);
    if (!root.ok()) return absl::DataLossError("the log's head is damaged; run: trialsync verify");
    roots.push_back(*root);
  }
  absl::StatusOr<MerkleFrontier> frontier = MerkleFrontier::From(head.size(), std::move(roots));
  if (!frontier.ok()) return frontier.status();
  log.frontier_ = *std::move(frontier);
  if (!state->status().ok()) return state->status();
  return log;
}

void LogWriter::BeginEpoch(uint64_t epoch) {
  TS_CHECK(size() == 0);
  epoch_ = epoch;
}

v1::LogPosition LogWriter::Position() const {
  v1::LogPosition position;
  position.set_epoch(epoch_);
  position.set_size(size());
  position.set_root(Root().str());
  return position;
}

LogWriter::ChainEnd& LogWriter::Chain(const ChainId& chain) {
  const auto [it, inserted] = chains_.try_emplace(chain);
  if (inserted) {
    if (const std::optional<v1::ChainHead> head = state_->tables().Chain(chain)) {
      it->second.seq = head->seq();
      if (const auto hash = Sha256FromBytes(head->hash()); hash.ok()) it->second.hash = *hash;
    }
  }
  return it->second;
}

Receipt LogWriter::Append(const Incoming& incoming) {
  const uint64_t number = size() + 1;
  if (number % kFlushCommits == 0) state_->Flush();
  const ChangeId id = ChangeIdOf(incoming.authored_digest);
  ChainEnd& chain = Chain(incoming.stamp.chain);
  TS_CHECK(incoming.stamp.seq == chain.seq + 1);
  if (incoming.origin) state_->ancestry().SetOrigin(incoming.stamp.chain, *incoming.origin);

  const Arriving arriving{.change = incoming.change,
                          .id = id,
                          .stamp = incoming.stamp,
                          .from_centre = state_->IsCentre(incoming.stamp.chain.replica),
                          .number = number,
                          .effect_number = number,
                          .epoch = epoch_,
                          .received_time_us = incoming.received_time_us};
  CommitEffects effects = Replay(*state_, arriving);

  Receipt receipt;
  receipt.epoch = epoch_;
  receipt.number = number;
  receipt.stamp = incoming.stamp;
  receipt.received_time_us = incoming.received_time_us;
  receipt.origin = incoming.origin;
  receipt.verdict = std::move(effects.verdict);
  receipt.admissions = std::move(effects.admissions);

  v1::LogRow row;
  row.set_receipt(receipt.Encode());
  if (incoming.keep_authored) row.set_authored(std::string(incoming.authored));
  row.set_previous_of_record(LinkRecord(*incoming.change, receipt.verdict, number));
  state_->tables().AppendLog(number, row);

  const Sha256 leaf = LeafHash(incoming.authored_digest, row.receipt());
  PutFinishedSubtrees(leaf);
  frontier_.Append(leaf);
  chain.seq = incoming.stamp.seq;
  chain.hash = incoming.chain_hash != nullptr ? *incoming.chain_hash
                                              : NextChainHash(chain.hash, incoming.authored_digest);
  return receipt;
}

std::string LogWriter::Misfit(const Incoming& incoming, const ChangeId& id) {
  const ChainEnd& chain = Chain(incoming.stamp.chain);
  if (incoming.stamp.seq != chain.seq + 1) {
    return absl::StrCat("is change ", incoming.stamp.seq, " of replica ",
                        incoming.stamp.chain.replica.hex(), ", whose last one before it is ",
                        chain.seq);
  }
  if (const std::optional<Stamp>& origin = incoming.origin) {
    const uint64_t parent_seq = Chain(origin->chain).seq;
    if (chain.seq != 0 || origin->seq == 0 || origin->seq > parent_seq) {
      return absl::StrCat("goes on from change ", origin->seq, " of a chain that has ", parent_seq);
    }
  }
  if (state_->tables().Change(id)) {
    return absl::StrCat("is change ", id.hex(), ", which is in the log before it");
  }
  return "";
}

// Stores the roots of the subtrees of one tile and more that appending `leaf` finishes.
void LogWriter::PutFinishedSubtrees(const Sha256& leaf) {
  std::string roots;
  for (uint64_t leaves = kTileLeaves; (size() + 1) % leaves == 0; leaves <<= 1) {
    roots += frontier_.FinishedSubtree(leaf, leaves).view();
  }
  if (!roots.empty()) state_->tables().PutTile(size() / kTileLeaves, roots);
}

// Makes the commit the last of its record, and returns the one before: history is a walk along
// these. A refused record key is nobody's record.
uint64_t LogWriter::LinkRecord(const v1::Change& change, const Verdict& verdict, uint64_t number) {
  if (!change.has_record() || verdict.reason == v1::REASON_RECORD_INVALID) return 0;
  if (state_->IsFirstEntry(number)) return 0;
  v1::RecordState& record = state_->MutableRecord(change.record());
  const uint64_t previous = record.last_commit();
  record.set_last_commit(number);
  return previous;
}

void LogWriter::Flush() {
  v1::LogHead head;
  head.set_epoch(epoch_);
  head.set_size(size());
  for (const Sha256& root : frontier_.roots()) head.add_frontier(root.str());
  state_->tables().PutHead(head);
  for (const auto& [chain, end] : chains_) {
    if (end.seq == 0) continue;
    v1::ChainHead row;
    row.set_replica(chain.replica.str());
    row.set_incarnation(chain.incarnation);
    row.set_seq(end.seq);
    row.set_hash(end.hash.str());
    const std::optional<Stamp>& origin = state_->ancestry().OriginOf(chain);
    if (origin) *row.mutable_origin() = RowOf(*origin);
    state_->tables().PutChain(row);
  }
}

}  // namespace trialsync::sync
