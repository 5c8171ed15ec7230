// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_COORDINATOR_GROUP_H_
#define TRIALSYNC_SYNC_COORDINATOR_GROUP_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "storage/transaction.h"
#include "sync/author.h"
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
  };
  // Null, and the failure noted, if its log cannot be read.
  Work* Open(const SiteName& name);
  // Makes a partition, with what the study's versions are so far.
  Work* Create(const SiteName& name);
  // Commits an act of the centre's own; returns its receipt.
  Receipt CommitOwn(Work& work, const v1::Change& change);
  v1::Change NewChange(const Work& work, const std::string& author, const std::string& reason);

  // Sessions (coordinator_session.cc).
  void OnHello(SessionId id, Session& session, const v1::Hello& hello);
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
  // Signs the end of a frame, and keeps that beside the log if it is the newest.
  absl::Status SignEnd(Work& work, v1::LogFrame& frame);
  void Refuse(SessionId id, v1::RefusalReason reason, const std::string& message,
              const std::string& mend, uint64_t boot = 0);
  void SendToSite(SessionId id, v1::CoordinatorMessage message);
  ReplicaStatus& StatusOf(const Session& session);

  // Study versions (coordinator_study.cc).
  absl::StatusOr<v1::StudyVersion> Publish(const v1::PublishStudyVersionRequest& request);
  absl::StatusOr<v1::StudyVersionActivation> Activate(
      const v1::ActivateStudyVersionRequest& request);
  absl::StatusOr<v1::StudyVersionActivation> Retire(const v1::RetireStudyVersionRequest& request);
  absl::StatusOr<std::shared_ptr<const study::Definition>> FindVersion(const std::string& name);

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
