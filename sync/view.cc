// SPDX-License-Identifier: Apache-2.0
#include "sync/view.h"

#include <algorithm>
#include <limits>

#include "sync/record.h"
#include "sync/replay.h"
#include "sync/stored_change.h"

namespace trialsync::sync {

View::View(const storage::Reader* below, PartitionNumber partition,
           const study::DefinitionSet* definitions)
    : transaction_(below), state_(&transaction_, partition, definitions) {}

void View::PrepareRecord(const v1::RecordKey& key) {
  PrepareBirthsOf(key);
  ReplayOwn(state_.tables().OutboxOfRecord(storage::RecordKeyBytes(key)));
}

void View::PrepareBirthsOf(const v1::RecordKey& key) {
  for (const std::string* id : {&key.subject(), &key.event_birth(), &key.form_birth()}) {
    if (const std::optional<ChangeId> birth = ChangeId::From(*id)) PrepareBirth(*birth);
  }
}

void View::PrepareBirth(const ChangeId& birth) {
  ReplayOwn(state_.tables().OutboxOfBirth(birth));
  ReplayOwn(state_.tables().OutboxOfRecord(storage::RecordKeyBytes(LabelRecord(birth))));
}

void View::PrepareLabel(v1::BirthKind kind, const v1::RecordKey& parent, const std::string& label) {
  for (const auto& [birth, row] : state_.tables().BirthsByLabel(kind, parent, label)) {
    PrepareBirth(birth);
  }
  for (const ChangeId& birth : state_.tables().OutboxOfLabel(kind, parent, label)) {
    PrepareBirth(birth);
  }
}

void View::PrepareRequest(const std::string& account, const std::string& request_id) {
  const std::optional<ChangeId> own = state_.tables().OwnRequest(account, request_id);
  if (own && !state_.tables().Request(account, request_id)) {
    state_.tables().PutRequest(account, request_id, *own);
  }
}

void View::PrepareBirths() { ReplayOwn(state_.tables().OutboxOfBirths()); }

void View::PrepareAll() {
  if (all_) return;
  all_ = true;
  const std::optional<ChainId> own = state_.tables().OwnChain();
  if (!own) return;
  const std::optional<v1::ChainHead> receipted = state_.tables().Chain(*own);
  std::vector<uint64_t> seqs;
  state_.tables().ForEachOwn(own->incarnation, (receipted ? receipted->seq() : 0) + 1,
                             [&](uint64_t seq, const v1::OwnRow&) {
                               seqs.push_back(seq);
                               return true;
                             });
  ReplayOwn(std::move(seqs));
}

Verdict View::Add(const Arriving& arriving) {
  replayed_.insert(arriving.stamp.seq);
  return Replay(state_, arriving).verdict;
}

void View::ReplayOwn(std::vector<uint64_t> seqs) {
  for (const uint64_t seq : seqs) {
    if (!replayed_.insert(seq).second) continue;
    const std::optional<StoredChange> stored = ReadChange(state_.tables(), kOutboxNumber + seq);
    // What was stamped again may be in the log under another stamp.
    if (!stored || state_.tables().Change(stored->id)) continue;
    // What it names comes first: else it would wait for that.
    if (stored->change.has_birth()) PrepareBirthsOf(stored->change.birth().parent());
    if (stored->change.has_same_thing()) {
      for (const std::string* id :
           {&stored->change.same_thing().birth(), &stored->change.same_thing().other()}) {
        if (const std::optional<ChangeId> birth = ChangeId::From(*id)) PrepareBirth(*birth);
      }
    }
    Replay(state_, {.change = &stored->change,
                    .id = stored->id,
                    .stamp = stored->stamp,
                    .from_centre = false,
                    .number = stored->number,
                    .effect_number = stored->number,
                    .epoch = stored->change.base().epoch(),
                    .received_time_us = 0});
  }
}

}  // namespace trialsync::sync
