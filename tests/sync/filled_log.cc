// SPDX-License-Identifier: Apache-2.0
#include "tests/sync/filled_log.h"

#include <string>

#include "proto/check.h"
#include "sync/time.h"

namespace trialsync::sync {

v1::Change FilledLog::ChangeOf(uint64_t number) {
  v1::Change change;
  change.set_study("pbc");
  change.set_site("MAYO1");
  change.set_author("anna");
  *change.mutable_authored_time() = MicrosToTimestamp(kFirstReceivedUs - 60'000'000);
  change.set_authored_utc_offset_minutes(-360);
  change.set_reason("visit is over");
  change.set_nonce(Sha256Of(std::to_string(number)).str().substr(0, 16));
  change.mutable_record()->set_subject("subject of 16 by");
  change.mutable_record()->set_event(2);
  change.mutable_record()->set_form(5);
  change.mutable_act()->set_kind(v1::RECORD_ACT_KIND_LOCK);
  return change;
}

FilledLog::FilledLog(uint64_t size)
    : transaction_(store_.NewSnapshot()), state_(&transaction_, PartitionNumber{1}, &definitions_) {
  LogWriter log = LogWriter::Open(&state_).value();
  log.BeginEpoch(kEpoch);
  for (uint64_t number = 1; number <= size; ++number) {
    const v1::Change change = ChangeOf(number);
    const std::string authored = change.SerializeAsString();
    Incoming incoming;
    incoming.stamp = {{*ReplicaId::From("a replica's name"), 7}, number};
    incoming.authored = authored;
    incoming.authored_digest = Sha256Of(authored);
    incoming.change = &change;
    incoming.received_time_us = kFirstReceivedUs + static_cast<int64_t>(number - 1) * 1'000'000;
    const Receipt receipt = log.Append(incoming);
    // As protocol §7 words it.
    leaves_.push_back(PlainLeaf(incoming.authored_digest.str() + receipt.Encode()));
  }
  log.Flush();
  state_.Flush();
  TS_CHECK(log.size() == size && state_.status().ok());
}

}  // namespace trialsync::sync
