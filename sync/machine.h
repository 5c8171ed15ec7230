// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_MACHINE_H_
#define TRIALSYNC_SYNC_MACHINE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "storage/head.h"
#include "storage/kv.h"
#include "storage/write_batch.h"
#include "trialsync/v1/record_service.pb.h"
#include "trialsync/v1/status_service.pb.h"
#include "trialsync/v1/study_service.pb.h"
#include "trialsync/v1/subject_service.pb.h"
#include "trialsync/v1/sync.pb.h"
#include "trialsync/v1/worklist_service.pb.h"

// What goes into the state machines of a site and of the coordinator, and what comes out. They are
// pure: no IO, no clock, no threads, no callbacks. Inputs go in as one group; out comes one Ready,
// whose parts must take effect in the order of its fields.
namespace trialsync::sync {

// One stream between a site replica and the coordinator, numbered by whoever opened the transport;
// never used twice while the process runs.
using SessionId = uint64_t;

// A stream was opened.
struct SessionOpened {
  SessionId session = 0;
};

// A stream ended, by whatever cause. The last input of its session.
struct SessionClosed {
  SessionId session = 0;
};

// Something arrived on a stream: SiteMessage at the coordinator, CoordinatorMessage at a site.
struct MessageReceived {
  SessionId session = 0;
  std::variant<v1::SiteMessage, v1::CoordinatorMessage> message;
};

// A person or script asks for a change. Each is answered once, by an Answer with its token.
using ClientWork =
    std::variant<v1::CreateSubjectRequest, v1::RenameSubjectRequest, v1::MergeSubjectsRequest,
                 v1::WriteRecordRequest, v1::BatchWriteRecordsRequest, v1::ActOnRecordRequest,
                 v1::SettleDiscrepancyRequest, v1::OpenQueryRequest, v1::AnswerQueryRequest,
                 v1::CloseQueryRequest, v1::PublishStudyVersionRequest,
                 v1::ActivateStudyVersionRequest, v1::RetireStudyVersionRequest,
                 v1::BecomeReplicaRequest>;
struct ClientRequest {
  uint64_t token = 0;
  ClientWork work;
};

// Time passed: heartbeats and silences are looked at.
struct Tick {};

using Input =
    std::variant<SessionOpened, SessionClosed, MessageReceived, ClientRequest, Tick>;

// Commits that an input asks for or brings, at least 1: by these a group is measured
// (kGroupCommitsMax).
uint64_t CommitsIn(const Input& input);

// A message for a stream.
struct Send {
  SessionId session = 0;
  std::variant<v1::SiteMessage, v1::CoordinatorMessage> message;
};

// The answer of a ClientRequest.
using ClientResult =
    std::variant<std::monostate, v1::Subject, v1::WriteRecordResponse,
                 v1::BatchWriteRecordsResponse, v1::ActOnRecordResponse,
                 v1::SettleDiscrepancyResponse, v1::Discrepancy, v1::StudyVersion,
                 v1::StudyVersionActivation, v1::BecomeReplicaResponse>;
struct Answer {
  uint64_t token = 0;
  absl::Status status;
  // Set when status is OK.
  ClientResult result;
  // With ABORTED: what stands.
  std::optional<v1::WriteConflict> conflict;
};

// Something a person who runs the daemon should know. Never holds a value of a patient or a secret.
struct Event {
  enum class Severity { kInfo, kWarning, kAlarm };
  Severity severity = Severity::kInfo;
  std::string text;
  std::vector<std::pair<std::string, std::string>> fields;
};

// What a group of inputs leads to, in the order in which it must be done:
//  1. `writes` are made durable, as one atomic batch, and then the note of their group;
//  2. only then `sends` go out, in order, and after them the streams in `closes` are ended;
//  3. only then clients get their `answers`, and `events` are logged.
// If 1 fails nothing of 2 and 3 may happen, and the machine must be opened anew from the store.
struct Ready {
  storage::WriteBatch writes;
  // Of `writes`, where there are any.
  storage::HeadNote note;
  std::vector<Send> sends;
  std::vector<SessionId> closes;
  std::vector<Answer> answers;
  std::vector<Event> events;
};

// Random bytes for nonces, identities and epochs: from the system in a daemon, from the seed in a
// simulation.
class Entropy {
 public:
  virtual ~Entropy() = default;
  // `size_bytes` random bytes.
  virtual std::string Bytes(size_t size_bytes) = 0;
  uint64_t U64();
};

// A state machine. Not thread-safe: one loop drives it.
class Machine {
 public:
  virtual ~Machine() = default;

  // Takes the inputs of one group in order. `snapshot` is of the store after all earlier groups, and
  // is let go of before the next one is written;
  // `now` is evidence and the measure of silences, never of order. An error means that the store
  // could not be read: then `ready` must be dropped, and the machine opened anew.
  virtual absl::Status Step(std::span<const Input> inputs, absl::Time now,
                            std::shared_ptr<const storage::Snapshot> snapshot, Ready& ready) = 0;
};

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_MACHINE_H_
