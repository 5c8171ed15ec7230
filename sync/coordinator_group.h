// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_COORDINATOR_GROUP_H_
#define TRIALSYNC_SYNC_COORDINATOR_GROUP_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "storage/transaction.h"
#include "study/definition.h"
#include "sync/author.h"
#include "sync/checkpoint.h"
#include "sync/coordinator.h"
#include "sync/log.h"
#include "sync/view.h"

namespace trialsync::sync {

// One group of inputs on its way through the coordinator's machine. An implementation detail of
// CoordinatorMachine.
class CoordinatorMachine::Group {
 public:
  Group(CoordinatorMachine& machine, absl::Time now,
        std::shared_ptr<const storage::Snapshot> snapshot, Ready& ready);

  void Handle(const SessionOpened& input);
  void Handle(const SessionClosed& input);
  void Handle(const MessageReceived& input);
  void Handle(const ClientRequest& input);
  void Handle(const Tick& input);

  // Sends what can be sent and hands over the writes. The first failed read, if there was one.
  absl::Status Finish();

 private:
  class CentreDesk;

  // A partition that the group touches.
  struct Work {
    PartitionNumber number;
    SiteName name;
    std::unique_ptr<PartitionState> state;
    std::unique_ptr<LogWriter> log;
    v1::PartitionRow row;
  };
  // Null, and the failure noted, if its log cannot be read.
  Work* Open(const SiteName& name);
  // Makes a partition, with what the study's versions are so far.
  Work* Create(const SiteName& name);
  // Makes one without a commit, whose log a site is about to bring back.
  Work* CreateEmpty(const SiteName& name);
  // FAILED_PRECONDITION where nothing more is committed.
  static absl::Status Stopped(const Work& work);
  // Commits the next change; before it, where an epoch begins, the record of that. Requires that
  // the partition did not stop.
  Receipt Commit(Work& work, const Incoming& incoming);
  // The epoch of the next commit.
  uint64_t NextEpoch(const Work& work) const;
  // Appends a record of that epoch to the partition's log, or to one that is to take its place. The
  // first one begins the epoch.
  void AppendRecord(const Work& work, LogWriter& log, v1::EpochRecord record);
  // Commits an act of the centre's own; returns its receipt.
  Receipt CommitOwn(Work& work, const v1::Change& change);
  // What the centre's chain goes on from in this partition, where it begins there.
  std::optional<Stamp> CentreOrigin(Work& work);
  v1::Change NewChange(const SiteName& name, const LogWriter& log, const std::string& author,
                       const std::string& reason);

  // Sessions (coordinator_session.cc).
  void OnHello(SessionId id, Session& session, const v1::Hello& hello);
  // Whether the replica is not behind what the coordinator knows of it; else it was refused.
  bool Acceptable(SessionId id, const v1::Hello& hello, Work& work);
  void FenceOlder(SessionId id, const SiteName& partition, const ReplicaId& replica,
                  uint64_t boot);
  void NoteReplica(Work& work, const ReplicaId& replica, uint64_t incarnation,
                   const v1::ChainPosition& chain, const v1::RecoveryRow* recovery);
  static std::string FaultOf(const v1::Change& change, const Session& session, const Work& work);
  void OnHeartbeat(Session& session, const v1::Heartbeat& heartbeat);
  void OnBatch(SessionId id, Session& session, const v1::Batch& batch);
  void OnProgress(Session& session, const v1::LogPosition& log);
  void SendDefinitions(SessionId id, Session& session, Work& work);
  void SendFrames(SessionId id, Session& session, Work& work);
  // Signs a position of the log, and keeps that beside it if it is the newest.
  absl::Status Sign(Work& work, v1::Checkpoint& end);
  void Refuse(SessionId id, v1::RefusalReason reason, const std::string& message,
              const std::string& mend, uint64_t boot = 0);
  void SendToSite(SessionId id, v1::CoordinatorMessage message);
  ReplicaStatus& StatusOf(const Session& session);

  // A coordinator that went back (coordinator_recovery.cc).
  // Whether a site's log is the beginning of this one. Otherwise what is to be done was done: it is
  // refused, or asked for what it has.
  bool IsBeginning(SessionId id, Session& session, const v1::Hello& hello, Work& work);
  // The coordinator's own signature under the end of a Hello's log; nullopt if it is none.
  std::optional<Checkpoint> SignedEnd(const SiteName& name, const v1::Hello& hello);
  void RefuseLog(SessionId id, const v1::Hello& hello, Work& work);
  // Asks for the site's log behind the first `common_size` commits.
  void BeginHandOver(SessionId id, Session& session, const v1::Hello& hello,
                     const Checkpoint& signed_end, uint64_t common_size, Work& work);
  void AskForHandOver(
      SessionId id, uint64_t first_number,
      const google::protobuf::RepeatedPtrField<v1::VersionReference>& definitions,
      const Work& work);
  void OnDefinition(SessionId id, const Session& session, const v1::DefinitionTransfer& transfer);
  void OnHandOver(SessionId id, Session& session, const v1::HandOver& piece);
  // Whether a piece is shown to go on behind `log`; else what is to be done was done.
  bool GoesOn(SessionId id, const v1::HandOver& piece, const Checkpoint& signed_end,
              const LogWriter& log, Work& work);
  // Appends it to the log, if it is what was signed. `work` is gone then.
  absl::Status TakePiece(Work& work, const v1::HandOver& piece, const Checkpoint& signed_end);
  void RefusePiece(SessionId id, const Session& session, const absl::Status& why);
  // The report of what sites bring back to a partition; one for all pieces and sessions.
  struct Report {
    uint64_t index = 0;
    v1::RecoveryRow row;
  };
  Report ReportOf(const Session& session, const Work& work, uint64_t size_before);
  void EndReport(Report report, const LogWriter& log);

  // Where both logs went on (coordinator_fork.cc).
  void OnForkPiece(SessionId id, Session& session, const v1::HandOver& piece, Work& work);
  // Keeps one of the two, and takes in what only the other has.
  void SettleFork(const Session& session, Fork& fork, Work& work);
  // Tells a site that commits of its log were taken off.
  void SendRewind(SessionId id, uint64_t common_size, Work& work);
  void DrawEpoch(Work& work);
  void NoteMet(Work& work, const ReplicaId& replica);
  // Stops a partition for good, and ends its sessions.
  void Stop(Work& work, const std::string& why);
  void RefuseStopped(SessionId id, const Work& work);
  // Ends sessions as if they were cut: the sites say Hello anew.
  void CutSession(SessionId id);
  void CutSessions(const SiteName& name);

  // Study versions (coordinator_study.cc).
  absl::StatusOr<v1::StudyVersion> Publish(const v1::PublishStudyVersionRequest& request);
  absl::StatusOr<v1::StudyVersionActivation> Activate(
      const v1::ActivateStudyVersionRequest& request);
  absl::StatusOr<v1::StudyVersionActivation> Retire(const v1::RetireStudyVersionRequest& request);
  absl::StatusOr<std::shared_ptr<const study::Definition>> FindVersion(const std::string& name);
  // Takes one more into the study's set and the store. What was opened of partitions is closed.
  absl::Status AddDefinition(const std::string& study,
                             std::shared_ptr<const study::Definition> definition);

  // Clients (coordinator_group.cc).
  absl::StatusOr<SiteName> PartitionOf(const ClientWork& work) const;

  void Tell(Event::Severity severity, std::string text,
            std::vector<std::pair<std::string, std::string>> fields = {});
  void Fail(absl::Status status);

  CoordinatorMachine& machine_;
  const absl::Time now_;
  Ready& ready_;
  storage::Transaction transaction_;
  std::map<SiteName, Work> works_;
  absl::Status status_;
};

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_COORDINATOR_GROUP_H_
