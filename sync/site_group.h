// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_SITE_GROUP_H_
#define TRIALSYNC_SYNC_SITE_GROUP_H_

#include <memory>
#include <optional>

#include "storage/transaction.h"
#include "sync/author.h"
#include "sync/frame.h"
#include "sync/receipt.h"
#include "sync/site.h"
#include "sync/view.h"

namespace trialsync::sync {

// One group of inputs on its way through a site's machine: the reads and writes of the group, and
// the desk at which its clients' work is done. An implementation detail of SiteMachine.
class SiteMachine::Group : public Desk {
 public:
  Group(SiteMachine& machine, absl::Time now, std::shared_ptr<const storage::Snapshot> snapshot,
        Ready& ready);

  void Handle(const SessionOpened& input);
  void Handle(const SessionClosed& input);
  void Handle(const MessageReceived& input);
  void Handle(const ClientRequest& input);
  void Handle(const Tick& input);

  // Sends what can be sent and hands over the writes. The first failed read, if there was one.
  absl::Status Finish();

  // Desk.
  const SiteName& partition_name() const override { return machine_.options_.name; }
  View& view() override { return *view_; }
  v1::Position base() const override;
  bool at_centre() const override { return false; }
  absl::Time now() const override { return now_; }
  Entropy& entropy() override { return *machine_.entropy_; }
  absl::StatusOr<Saved> Save(const v1::Change& change, const Scope& scope) override;
  absl::Status SavePrivate(const ChangeId& change, const v1::PrivateEdit& edit) override;
  absl::Status ClosePrediction(const storage::DiscrepancyId& id) override;

 private:
  void OnWelcome(const v1::Welcome& welcome);
  // Whether the coordinator signs with the key that this store trusts; the first one it meets is it.
  absl::Status TrustKey(const std::string& key);
  absl::Status CheckSignature(const v1::Checkpoint& checkpoint);
  void OnLogFrame(const v1::LogFrame& frame);
  void RefuseFrame(const absl::Status& why);
  // A frame was taken: says how far the log of the session is.
  void TellProgress(const v1::LogFrame& frame);
  void OnDefinition(const v1::DefinitionTransfer& transfer);
  void OnRefusal(const v1::Refusal& refusal);
  // The coordinator lacks what this site has (site_recovery.cc).
  void OnHandOverRequest(const v1::HandOverRequest& request);
  // Clears the rows of the outbox that these changes, all up to `receipted`, have.
  void SettleOutbox(storage::PartitionTables& tables, std::span<const ReceiptedChange> changes,
                    uint64_t receipted);
  // Commits of this log were taken off (site_rewind.cc): a copy of it is made, up to where that
  // began, and the session goes on with that.
  void OnRewind(const v1::Rewind& rewind);
  void OnRewoundFrame(const v1::LogFrame& frame);
  // What was made of the copy is of no use any more: the next session is about the log as it is.
  void LeaveRewound(const char* why);
  // Puts the copy in the place of the log. False, and the session ended, if it is not what the
  // coordinator told of, or does not name, and have, all that goes.
  bool TakeRewound();
  // The log that the session is about.
  storage::PartitionTables& SessionLog();
  // site_recovery.cc.
  void BeginRecovery(v1::RecoveryCause cause);
  absl::Status BecomeReplica();
  void OnWelcomeWhileRecovering(const v1::Welcome& welcome);
  void TryEndRecovery();
  // As ListPrediction(), of a change whose first receipt came by the recovery.
  void ListSurprise(const Recovered::Receipted& change);
  bool NextIsInTheLog();

  void NoteLabel(const v1::Change& change, const Scope& scope, v1::OwnRow& row);
  // Tells that its first receipt says something else than was shown, if it does.
  void ListPrediction(storage::PartitionTables& tables, const ReceiptedChange& change);
  void AnswerWithoutDesk(uint64_t token, absl::Status status);
  void SendBatches();
  void SendToCoordinator(v1::SiteMessage message);
  void EndSession();
  // Ends the session because of what the coordinator sent.
  void Refuse(v1::RefusalReason reason, const std::string& message, const std::string& mend);
  void Tell(Event::Severity severity, std::string text,
            std::vector<std::pair<std::string, std::string>> fields = {});
  v1::LogPosition LogEnd();
  v1::ChainPosition ChainPositionHere() const;
  ChainId ChainInSession() const;

  SiteMachine& machine_;
  const absl::Time now_;
  Ready& ready_;
  storage::Transaction transaction_;
  storage::PartitionTables tables_;
  // While a client's work is done: what it writes, dropped as a whole if it fails.
  std::unique_ptr<storage::Transaction> attempt_;
  std::unique_ptr<storage::PartitionTables> desk_tables_;
  std::unique_ptr<View> view_;
};

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_SITE_GROUP_H_
