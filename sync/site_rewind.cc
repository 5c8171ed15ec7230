// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/fork.h"
#include "sync/site_group.h"

// What a site does when the coordinator took commits off its log (protocol §10,
// tests/model/RECOVERY.md 4.7).
namespace trialsync::sync {
namespace {

// Whether the log has the commit that another one ended with.
bool HasReached(const v1::LogPosition& end, ReplayedLog& log) {
  return end.size() <= log.log().size() &&
         log.state().branches().At(end.size()).epoch() == end.epoch();
}

}  // namespace

storage::PartitionTables& SiteMachine::Group::SessionLog() {
  return machine_.rewound_ ? machine_.rewound_->log->tables() : tables_;
}

void SiteMachine::Group::OnRewind(const v1::Rewind& rewind) {
  if (machine_.rewound_) return LeaveRewound("commits of it were taken off again");
  const uint64_t common = rewind.first_number() - 1;
  absl::Status valid = CheckSignature(rewind.checkpoint());
  if (valid.ok() && (rewind.first_number() == 0 || common >= tables_.Head().size())) {
    valid = absl::InvalidArgumentError("a rewind to behind the end of the log");
  }
  if (!valid.ok()) {
    return Refuse(v1::REFUSAL_REASON_MESSAGE_INVALID, std::string(valid.message()),
                  "trialsync verify, at both ends");
  }
  Rewound rewound;
  rewound.common_size = common;
  rewound.end = rewind.checkpoint().log();
  rewound.log = std::make_shared<ReplayedLog>(machine_.partition_, &machine_.definitions_,
                                              common == 0 ? 0 : FirstEpoch(tables_));
  if (absl::Status copied = rewound.log->Append(tables_, common); !copied.ok()) {
    return tables_.Fail(std::move(copied));
  }
  BeginRecovery(v1::RECOVERY_CAUSE_REWOUND);
  v1::RecoveryRow& row = machine_.recovery_->row;
  // All behind that is pulled.
  row.set_log_size_before(std::min(common, row.log_size_before()));
  storage::StoreTables(&transaction_).PutRecovery(machine_.recovery_->index, row);
  machine_.rewound_ = std::move(rewound);
}

void SiteMachine::Group::OnRewoundFrame(const v1::LogFrame& frame) {
  Rewound& rewound = *machine_.rewound_;
  const auto changes = ApplyLogFrame(frame, ChainInSession(), machine_.session_->sent,
                                     rewound.log->state(), rewound.log->log());
  if (!changes.ok()) {
    machine_.rewound_.reset();
    return RefuseFrame(changes.status());
  }
  rewound.log->Keep();
  rewound.checkpoint = frame.checkpoint().note();
  TellProgress(frame);
  TryEndRecovery();
}

void SiteMachine::Group::LeaveRewound(const char* why) {
  machine_.rewound_.reset();
  v1::RecoveryRow& row = machine_.recovery_->row;
  if (row.cause() == v1::RECOVERY_CAUSE_REWOUND) {
    // Nothing is pulled for it any more.
    row.set_log_size_before(tables_.Head().size());
    storage::StoreTables(&transaction_).PutRecovery(machine_.recovery_->index, row);
  }
  Tell(Event::Severity::kWarning, "the log that was being made anew is left", {{"because", why}});
  EndSession();
}

bool SiteMachine::Group::TakeRewound() {
  if (!HasReached(machine_.rewound_->end, *machine_.rewound_->log)) {
    LeaveRewound("the coordinator's store went back since");
    return false;
  }
  Rewound rewound = *std::move(machine_.rewound_);
  machine_.rewound_.reset();
  if (!NamesAll(rewound.log->state(), tables_, rewound.common_size)) {
    const char* const why =
        "the coordinator takes commits off that it does not name, or does not have";
    Tell(Event::Severity::kAlarm, "the log that was made anew is not taken", {{"because", why}});
    Refuse(v1::REFUSAL_REASON_LOG_DIVERGED, why, "trialsync verify, at both ends");
    return false;
  }
  const v1::LogHead head = rewound.log->tables().Head();
  absl::Status taken = TakeOver(tables_, rewound.common_size, *rewound.log);
  if (!taken.ok()) tables_.Fail(std::move(taken));
  tables_.PutCheckpoint(head.epoch(), rewound.checkpoint);
  return true;
}

}  // namespace trialsync::sync
