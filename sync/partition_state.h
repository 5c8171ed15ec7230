// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_PARTITION_STATE_H_
#define TRIALSYNC_SYNC_PARTITION_STATE_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/arena.h"
#include "proto/ids.h"
#include "storage/tables.h"
#include "study/definition.h"
#include "sync/ancestry.h"
#include "sync/branches.h"
#include "trialsync/v1/state.pb.h"

namespace trialsync::sync {

// One partition as the rules see it: its tables, the definitions in force, and the records that
// changes touch, decoded when first asked for and written by Flush(). Not thread-safe.
class PartitionState {
 public:
  // Neither argument is owned; both must outlive this.
  PartitionState(storage::Transaction* transaction, PartitionNumber partition,
                 const study::DefinitionSet* definitions)
      : tables_(transaction, partition), definitions_(definitions), ancestry_(&tables_),
        branches_(&tables_) {}
  PartitionState(const PartitionState&) = delete;
  PartitionState& operator=(const PartitionState&) = delete;

  storage::PartitionTables& tables() { return tables_; }
  const study::DefinitionSet& definitions() const { return *definitions_; }
  Ancestry& ancestry() { return ancestry_; }
  Branches& branches() { return branches_; }

  // The state of a record; empty, with its key set, if there is none yet. The references are valid
  // until Flush().
  const v1::RecordState& Record(const v1::RecordKey& key) { return *Cached(key).state; }
  v1::RecordState& MutableRecord(const v1::RecordKey& key);

  // Whether a commit has left anything in it.
  bool HasRecord(const v1::RecordKey& key);
  // Makes a record of which there is nothing yet that of a first entry, by this commit
  // (first_entry.h).
  void PutFirstEntry(const v1::RecordKey& key, uint64_t number);
  // Whether that was the last commit of which PutFirstEntry() was told.
  bool IsFirstEntry(uint64_t number) const { return first_entry_ == number; }

  // Whether any change is held, so that most commits need not look for what they set free.
  bool AnyHeld();
  void NoteHeld() { any_held_ = true; }

  // Whether commits were taken off another branch of this log, likewise.
  bool AnyTakenOff();
  void NoteTakenOff() { any_taken_off_ = true; }

  // What was born under this id; null if nothing is known of it. Valid until PutBirth() of it, or
  // Flush().
  const v1::BirthRow* Birth(const ChangeId& id);
  void PutBirth(const ChangeId& id, const v1::BirthRow& row);

  // All versions of the definition, by number, then hash; and one of them, null if it is not known.
  // Valid until PutVersion().
  const std::vector<v1::VersionRow>& Versions();
  const v1::VersionRow* Version(const v1::VersionReference& version);
  void PutVersion(const v1::VersionRow& row);

  // Whether a stamp's replica is the centre's own: every other one was enrolled by a commit of this
  // partition before its first change.
  bool IsCentre(const ReplicaId& replica);
  void ForgetEnrolments() { centres_.clear(); }

  // Writes the records that were changed and the log that was appended into the transaction, and
  // forgets all records: their memory is used again by the next ones.
  void Flush();

  // OK, or the first failed read: then nothing of this may be written, sent or answered.
  const absl::Status& status() const { return tables_.status(); }

 private:
  struct CachedRecord {
    v1::RecordState* state = nullptr;  // on the arena
    bool stored = false;
    bool changed = false;
  };
  // What the store has of a record, as it stands; an empty state if there is nothing.
  CachedRecord Load(std::string_view bytes);
  CachedRecord& Cached(const v1::RecordKey& key);

  storage::PartitionTables tables_;
  const study::DefinitionSet* definitions_;
  Ancestry ancestry_;
  Branches branches_;
  google::protobuf::Arena arena_;
  std::map<std::string, CachedRecord> records_;
  // The last one that was asked for: the rules ask for one several times.
  CachedRecord* last_ = nullptr;
  uint64_t first_entry_ = 0;
  std::optional<bool> any_held_;
  std::optional<bool> any_taken_off_;
  std::map<ReplicaId, bool> centres_;
  std::optional<std::vector<v1::VersionRow>> versions_;
  std::map<ChangeId, v1::BirthRow> births_;
};

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_PARTITION_STATE_H_
