// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "sync/hand_over.h"
#include "sync/site_group.h"

namespace trialsync::sync {
namespace {

const char* BeginningOf(v1::RecoveryCause cause) {
  switch (cause) {
    case v1::RECOVERY_CAUSE_COPIED:
      return "another running daemon uses a copy of this store: make this one a replica of its own";
    case v1::RECOVERY_CAUSE_REWOUND:
      return "the coordinator's store went back, and commits of this log come behind others now: "
             "recovering";
    default:
      return "the store went back, or an old copy of it was used: recovering";
  }
}

}  // namespace

void SiteMachine::Group::BeginRecovery(v1::RecoveryCause cause) {
  machine_.rewound_.reset();
  storage::StoreTables store(&transaction_);
  v1::RecoveryRow row =
      NewRecovery(store.Identity().value_or(v1::StoreIdentity()), cause, now_);
  // A copy goes on by itself until a person says what it is to be.
  if (cause != v1::RECOVERY_CAUSE_COPIED) row.set_incarnation_after(machine_.entropy_->U64());
  machine_.recovery_ = AddRecovery(store, std::move(row));
  if (!store.status().ok()) tables_.Fail(store.status());
  Tell(Event::Severity::kAlarm, BeginningOf(cause),
       {{"cause", v1::RecoveryCause_Name(cause)},
        {"mend", cause == v1::RECOVERY_CAUSE_COPIED ? "trialsync recovery become-replica" : ""}});
  EndSession();
}

absl::Status SiteMachine::Group::BecomeReplica() {
  if (!machine_.recovery_ || !machine_.recovery_->waits_for_person()) {
    return absl::FailedPreconditionError(
        "this store is not known to be a copy of another one that is in use: nothing to do");
  }
  storage::StoreTables store(&transaction_);
  v1::RecoveryRow& row = machine_.recovery_->row;
  row.set_replica_after(machine_.entropy_->Bytes(ReplicaId::kBytes));
  row.set_incarnation_after(machine_.entropy_->U64());
  store.PutRecovery(machine_.recovery_->index, row);
  Tell(Event::Severity::kInfo, "this store becomes a replica of its own",
       {{"replica", ToHex(row.replica_after())}});
  return store.status();
}

void SiteMachine::Group::OnWelcomeWhileRecovering(const v1::Welcome& welcome) {
  v1::RecoveryRow& row = machine_.recovery_->row;
  machine_.session_->log_size_wanted = welcome.log().size();
  TakeTold(welcome.told_incarnation(), welcome.told_seq(), row);
  storage::StoreTables(&transaction_).PutRecovery(machine_.recovery_->index, row);
  TryEndRecovery();
}

void SiteMachine::Group::TryEndRecovery() {
  if (SessionLog().Head().size() < machine_.session_->log_size_wanted) return;
  if (machine_.rewound_ && !TakeRewound()) return;
  storage::StoreTables store(&transaction_);
  Recovered recovered = sync::EndRecovery(store, tables_, *machine_.recovery_, now_);
  for (const Recovered::Receipted& change : recovered.receipted) ListSurprise(change);
  machine_.recovery_ = LastRecovery(store);
  if (!store.status().ok()) return tables_.Fail(store.status());
  if (!tables_.status().ok()) return;
  machine_.chain_ = recovered.chain;
  machine_.last_seq_ = recovered.last_seq;
  machine_.last_hash_ = recovered.last_hash;
  machine_.receipted_seq_ = 0;
  machine_.index_rows_left_ = false;
  const v1::RecoveryRow& row = machine_.recovery_->row;
  Tell(row.lost_last_seq() == 0 ? Event::Severity::kInfo : Event::Severity::kAlarm,
       row.lost_last_seq() == 0 ? "recovered: all that was known of this store is here"
                                : "recovered, but own changes are lost: see trialsync recovery show",
       {{"commits_pulled", absl::StrCat(row.log_size_after() - row.log_size_before())},
        {"stamped_again", absl::StrCat(row.stamped_again_count())},
        {"recognised", absl::StrCat(row.recognised_count())},
        {"lost_first_seq", absl::StrCat(row.lost_first_seq())},
        {"lost_last_seq", absl::StrCat(row.lost_last_seq())}});
  // The next Hello tells the coordinator of it.
  EndSession();
}

void SiteMachine::Group::OnHandOverRequest(const v1::HandOverRequest& request) {
  if (machine_.rewound_) return LeaveRewound("the coordinator lacks some of it");
  for (const v1::VersionReference& version : request.definitions()) {
    const auto definition = machine_.definitions_.Find(version);
    if (definition == nullptr) continue;
    v1::SiteMessage message;
    *message.mutable_definition()->mutable_version() = version;
    message.mutable_definition()->set_definition(definition->bytes());
    SendToCoordinator(std::move(message));
  }
  absl::StatusOr<v1::HandOver> piece = BuildHandOver(tables_, request.first_number());
  if (absl::IsInvalidArgument(piece.status())) {
    return Refuse(v1::REFUSAL_REASON_MESSAGE_INVALID, std::string(piece.status().message()),
                  "trialsync verify, at both ends");
  }
  if (!piece.ok()) return tables_.Fail(piece.status());
  Tell(Event::Severity::kWarning, "the coordinator lacks what this site has: handing it over",
       {{"first_number", absl::StrCat(request.first_number())},
        {"last_number", absl::StrCat(piece->frame().checkpoint().log().size())}});
  v1::SiteMessage message;
  *message.mutable_hand_over() = *std::move(piece);
  SendToCoordinator(std::move(message));
}

void SiteMachine::Group::ListSurprise(const Recovered::Receipted& change) {
  const std::optional<v1::LogRow> row = tables_.Log(change.number);
  if (!row) return;
  absl::StatusOr<Receipt> receipt = DecodeReceipt(row->receipt());
  if (!receipt.ok()) return tables_.Fail(receipt.status());
  ListPrediction(tables_, {.row = change.own,
                           .id = ChangeIdOf(Sha256Of(change.own.authored())),
                           .receipt = *std::move(receipt)});
}

}  // namespace trialsync::sync
