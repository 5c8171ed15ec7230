// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_STORAGE_TABLES_H_
#define TRIALSYNC_STORAGE_TABLES_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "proto/ids.h"
#include "proto/names.h"
#include "storage/head.h"
#include "storage/kv.h"
#include "storage/transaction.h"
#include "trialsync/v1/state.pb.h"

// The typed tables of a store, written once over the port. docs/format.md has the key layout,
// which must not change within one disk format.
namespace trialsync::storage {

// The disk format that this release writes. A store with a greater one is refused untouched.
inline constexpr uint32_t kDiskFormat = 1;

// First byte of every key. On disk: must not change.
enum class Table : uint8_t {
  kIdentity = 0x01,
  kGroup = 0x02,
  kPartition = 0x03,
  kDefinition = 0x04,
  kRecovery = 0x05,
  kVerifierKey = 0x06,
  kLog = 0x10,
  kLogHead = 0x11,
  kTile = 0x12,
  kChange = 0x13,
  kRecord = 0x14,
  kBirth = 0x15,
  kLabel = 0x16,
  kVersion = 0x17,
  kDiscrepancy = 0x18,
  kOpenDiscrepancy = 0x19,
  kRecordDiscrepancy = 0x1a,
  kHeld = 0x1b,
  kRequest = 0x1c,
  kChain = 0x1d,
  kEnrolled = 0x1e,
  kReplica = 0x1f,
  kOwn = 0x20,
  kOutboxRecord = 0x21,
  kOutboxBirth = 0x22,
  kOutboxLabel = 0x25,
  kOwnRequest = 0x26,
  kPrivateLog = 0x23,
  kPrivateValue = 0x24,
  kOwnBeginning = 0x27,
  kCheckpoint = 0x28,
  kPartitionRow = 0x29,
  kTakenOff = 0x2a,
  kTakenOffPosition = 0x2b,
  kTakenOffLog = 0x2c,
};

// Common ground of the tables: rows that cannot be read (a damaged block, bytes that do not parse)
// read as missing, and status() tells. Whoever reads must look at status() before anything that
// depends on it is written, sent or answered: so the rules need not speak of disks in every line.
class Rows {
 public:
  // `transaction` is not owned and must outlive this.
  explicit Rows(Transaction* transaction) : transaction_(transaction) {}

  // OK, or the first failure of a read since this was made.
  const absl::Status& status() const { return status_; }
  // Notes a failure that whoever uses these tables met in a row.
  void Fail(absl::Status status);

  Transaction& transaction() { return *transaction_; }

 protected:
  std::optional<std::string> GetBytes(std::string_view key);
  void PutBytes(std::string_view key, std::string value);
  void Delete(std::string_view key);
  // Visits rows of [first, last) in order until `visit` returns false. `visit` must not write.
  void ForEach(std::string_view first, std::string_view last,
               const std::function<bool(std::string_view key, std::string_view value)>& visit);

  // A row as a message; false, and `message` is empty, if there is none.
  template <typename Message>
  bool ReadMessage(std::string_view key, Message* message) {
    const std::optional<std::string> bytes = GetBytes(key);
    if (!bytes) return false;
    if (message->ParseFromArray(bytes->data(), static_cast<int>(bytes->size()))) return true;
    message->Clear();
    Damaged(key);
    return false;
  }
  // The same as a new message; nullopt if there is none.
  template <typename Message>
  std::optional<Message> GetMessage(std::string_view key) {
    std::optional<Message> message(std::in_place);
    if (!ReadMessage(key, &*message)) message.reset();
    return message;
  }
  template <typename Message>
  std::optional<Message> Parse(std::string_view key, std::string_view bytes) {
    Message message;
    if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      Damaged(key);
      return std::nullopt;
    }
    return message;
  }
  template <typename Message>
  void PutMessage(std::string_view key, const Message& message) {
    PutBytes(key, message.SerializeAsString());
  }
  void Damaged(std::string_view key);

 private:
  Transaction* transaction_;
  absl::Status status_;
};

// What a store has once: who it is, its partitions, definitions, and the group counter.
class StoreTables : public Rows {
 public:
  using Rows::Rows;

  std::optional<v1::StoreIdentity> Identity();
  void PutIdentity(const v1::StoreIdentity& identity);

  // The last group that was written (head.h); nullopt in a new store.
  std::optional<StoredGroup> LastGroup();
  void PutGroup(const StoredGroup& group);
  // Makes the transaction the group after the last one, under a random token. Returns its mark.
  GroupMark PutNextGroup(uint64_t token);

  // The public half of the key that signs this store's checkpoints, as text; empty if none is known.
  std::string VerifierKey();
  void PutVerifierKey(std::string_view text);

  // What happened to this store, from index 1, oldest first.
  std::vector<v1::RecoveryRow> Recoveries();
  void PutRecovery(uint64_t index, const v1::RecoveryRow& row);

  struct Partition {
    PartitionNumber number;
    SiteName name;
  };
  std::optional<PartitionNumber> FindPartition(const SiteName& name);
  // Gives `name` the next number.
  PartitionNumber AddPartition(const SiteName& name);
  // By name.
  std::vector<Partition> Partitions();

  // Serialised definitions, exactly as published, by number.
  void PutDefinition(const std::string& study, uint32_t number, std::string_view sha256,
                     std::string bytes);
  std::vector<std::string> Definitions(const std::string& study);
  // Studies that have a definition.
  std::vector<std::string> Studies();
};

// What a held change waits for.
struct Awaited {
  // The change of this id to have an outcome, or
  std::optional<ChangeId> change;
  // this version to be published, or
  std::optional<v1::VersionReference> version;
  // the lock or signature on this record to end. None of them: a person.
  std::optional<std::string> record_key;
};

// Names a discrepancy: the change that made it, its kind, and the lineage or check within it.
struct DiscrepancyId {
  ChangeId change;
  v1::DiscrepancyKind kind = v1::DISCREPANCY_KIND_UNSPECIFIED;
  uint32_t part = 0;

  auto operator<=>(const DiscrepancyId&) const = default;
  // As people type it, `dispute-0123…-11`; and back, nullopt if it is none.
  std::string ToString() const;
  static std::optional<DiscrepancyId> FromString(std::string_view text);
};

// The tables of one partition.
class PartitionTables : public Rows {
 public:
  PartitionTables(Transaction* transaction, PartitionNumber partition)
      : Rows(transaction), partition_(partition) {}

  PartitionNumber partition() const { return partition_; }

  // The log, by commit number from 1. Its commits are stored in runs: those appended between two
  // FlushLog() are one row, since a store takes a large one far faster than many small ones.
  std::optional<v1::LogRow> Log(uint64_t number);
  // Requires that it is the next one after what was appended since the last FlushLog().
  void AppendLog(uint64_t number, const v1::LogRow& row);
  // Until then only Log() of these tables shows what was appended.
  void FlushLog();
  // Takes off what is behind the first `size` commits. Requires that nothing was appended since the
  // last FlushLog().
  void TruncateLog(uint64_t size);
  // Rows first ≤ number ≤ last, in order, until `visit` returns false.
  void ForEachLog(uint64_t first, uint64_t last,
                  const std::function<bool(uint64_t number, v1::LogRow row)>& visit);
  // The newest signed checkpoint of an epoch, as a note; empty if there is none.
  std::string Checkpoint(uint64_t epoch);
  void PutCheckpoint(uint64_t epoch, std::string_view note);
  // Commits that were taken off, by change, in the order of their positions; and the change at a
  // position that was taken off.
  std::vector<v1::TakenOff> TakenOff(const ChangeId& change);
  std::optional<ChangeId> TakenOffAt(const v1::Position& position);
  void PutTakenOff(const v1::TakenOff& commit);
  // All of them, by change.
  void ForEachTakenOff(const std::function<bool(const v1::TakenOff& commit)>& visit);
  // A commit that this store's own log had and has not any more: its receipt, and the authored bytes
  // where the change is not in the log elsewhere. With Checkpoint() it shows what was signed.
  std::optional<v1::LogRow> TakenOffLog(const v1::Position& position);
  void PutTakenOffLog(const v1::Position& position, const v1::LogRow& row);
  // At the coordinator: what it knows of the partition beside its log.
  v1::PartitionRow Row();
  void PutRow(const v1::PartitionRow& row);
  v1::LogHead Head();
  void PutHead(const v1::LogHead& head);
  // By index of a complete run of 256 leaves, from 0: the roots of all complete subtrees that end
  // with it, over 256, 512 … leaves; 32 bytes each.
  std::optional<std::string> Tile(uint64_t index);
  void PutTile(uint64_t index, std::string_view roots);

  std::optional<v1::ChangeRow> Change(const ChangeId& id);
  void PutChange(const ChangeId& id, const v1::ChangeRow& row);

  // Reads what Change() of these ids and Record() of these keys will be asked for, at once.
  void ReadAhead(std::span<const ChangeId> changes, std::span<const std::string> record_keys);

  // Records, by the bytes of RecordKeyBytes().
  std::optional<v1::RecordState> Record(std::string_view record_key);
  // The same into a message of the caller's, e.g. one on an arena; false, and it is empty, if there
  // is none.
  bool ReadRecord(std::string_view record_key, v1::RecordState* state);
  void PutRecord(std::string_view record_key, const v1::RecordState& state);
  // Records whose key begins so, from `after` (exclusive) on; `after` empty for all. As stored: one
  // with a `first_entry` has its key and nothing else.
  void ForEachRecord(
      std::string_view key_prefix, std::string_view after,
      const std::function<bool(std::string_view record_key, const v1::RecordState& state)>& visit);

  std::optional<v1::BirthRow> Birth(const ChangeId& id);
  // Keeps the label index in step.
  void PutBirth(const ChangeId& id, const v1::BirthRow& row);
  // Births of one kind and parent with this label, in no particular order.
  std::vector<std::pair<ChangeId, v1::BirthRow>> BirthsByLabel(v1::BirthKind kind,
                                                               const v1::RecordKey& parent,
                                                               std::string_view label);
  // Births of one kind under one parent, by label.
  std::vector<std::pair<ChangeId, v1::BirthRow>> Births(v1::BirthKind kind,
                                                        const v1::RecordKey& parent);

  std::optional<v1::VersionRow> Version(const v1::VersionReference& version);
  void PutVersion(const v1::VersionRow& row);
  // By number, then hash.
  std::vector<v1::VersionRow> Versions();

  std::optional<v1::DiscrepancyRow> Discrepancy(const DiscrepancyId& id);
  // Keeps the indexes of open ones in step.
  void PutDiscrepancy(const DiscrepancyId& id, const v1::DiscrepancyRow& row);
  // All, or only the open ones, from `after` (exclusive) on.
  void ForEachDiscrepancy(
      bool open_only, const std::optional<DiscrepancyId>& after,
      const std::function<bool(const DiscrepancyId& id, const v1::DiscrepancyRow& row)>& visit);
  // Open ones of a record.
  std::vector<DiscrepancyId> OpenOfRecord(std::string_view record_key);

  // Commit numbers of held changes that wait for `what`, ascending.
  void AddHeld(const Awaited& what, uint64_t number);
  void RemoveHeld(const Awaited& what, uint64_t number);
  std::vector<uint64_t> Held(const Awaited& what);
  bool AnyHeld();

  // First change of a client's request.
  std::optional<ChangeId> Request(std::string_view account, std::string_view request_id);
  void PutRequest(std::string_view account, std::string_view request_id, const ChangeId& change);

  // The same for this replica's own changes from the moment they are saved.
  std::optional<ChangeId> OwnRequest(std::string_view account, std::string_view request_id);
  void PutOwnRequest(std::string_view account, std::string_view request_id,
                     const ChangeId& change);

  // A chain as far as it is in the log.
  std::optional<v1::ChainHead> Chain(const ChainId& chain);
  void PutChain(const v1::ChainHead& head);
  std::vector<v1::ChainHead> Chains();

  // Commit at which a replica was enrolled.
  std::optional<uint64_t> Enrolled(const ReplicaId& replica);
  void PutEnrolled(const ReplicaId& replica, uint64_t number);

  // What a replica told of itself last; at the coordinator.
  std::optional<v1::ReplicaRow> Replica(const ReplicaId& replica);
  void PutReplica(const ReplicaId& replica, const v1::ReplicaRow& row);
  std::vector<std::pair<ReplicaId, v1::ReplicaRow>> Replicas();

  // The chain that this replica extends now; nullopt where it makes no changes of its own.
  std::optional<ChainId> OwnChain();
  // This replica's own chain, by incarnation and seq.
  std::optional<v1::OwnRow> Own(uint64_t incarnation, uint64_t seq);
  void PutOwn(uint64_t incarnation, uint64_t seq, const v1::OwnRow& row);
  void ForEachOwn(uint64_t incarnation, uint64_t first_seq,
                  const std::function<bool(uint64_t seq, v1::OwnRow row)>& visit);
  // The last seq of an incarnation; 0 if there is none.
  uint64_t LastOwn(uint64_t incarnation);
  void RemoveOwn(uint64_t incarnation, uint64_t seq);
  // How an own chain began that went on from another one.
  std::optional<v1::OwnBeginning> Beginning(uint64_t incarnation);
  void PutBeginning(uint64_t incarnation, const v1::OwnBeginning& beginning);

  // The last change of the own chain that has a receipt; 0 if there is none.
  uint64_t ReceiptedSeq();

  // Unreceipted changes of this replica by what they touch: a record, or a birth. Those that have a
  // receipt by now do not count for a record, whether or not they were removed.
  void AddOutboxRecord(std::string_view record_key, uint64_t seq);
  void RemoveOutboxRecord(std::string_view record_key, uint64_t seq);
  std::vector<uint64_t> OutboxOfRecord(std::string_view record_key);
  // Removes all that are stored: requires that each has a receipt.
  void ClearOutboxRecords();
  void AddOutboxBirth(const ChangeId& birth, uint64_t seq);
  void RemoveOutboxBirth(const ChangeId& birth, uint64_t seq);
  std::vector<uint64_t> OutboxOfBirth(const ChangeId& birth);
  // All seqs that touch births, ascending.
  std::vector<uint64_t> OutboxOfBirths();
  // Births to which an unreceipted change gives this label.
  void AddOutboxLabel(v1::BirthKind kind, const v1::RecordKey& parent, std::string_view label,
                      const ChangeId& birth);
  void RemoveOutboxLabel(v1::BirthKind kind, const v1::RecordKey& parent, std::string_view label,
                         const ChangeId& birth);
  std::vector<ChangeId> OutboxOfLabel(v1::BirthKind kind, const v1::RecordKey& parent,
                                      std::string_view label);

  // `site_only` values: their own log, and a table of what each change wrote.
  void AppendPrivate(const v1::PrivateEdit& edit);
  std::optional<v1::StandingValue> PrivateValue(const ChangeId& change, uint32_t item);
  void PutPrivateValue(const ChangeId& change, const v1::StandingValue& value);

 private:
  // What stands at the end of the keys that begin with `prefix`, in their order; and the births of
  // such ids.
  std::vector<uint64_t> NumbersUnder(std::string_view prefix);
  std::vector<ChangeId> IdsUnder(std::string_view prefix);
  std::vector<std::pair<ChangeId, v1::BirthRow>> BirthsUnder(std::string_view prefix);

  // The commits of one row of the log.
  struct LogRun {
    bool Has(uint64_t number) const { return first_number <= number && number <= last_number; }

    uint64_t first_number = 1;
    uint64_t last_number = 0;
    // Each LogRow behind its length (u32). On disk: must not change.
    std::string bytes;
  };
  std::string LogKey(uint64_t last_number) const;
  // Makes `read_` the run that has this commit; false if there is none.
  bool ReadLogRun(uint64_t number);

  PartitionNumber partition_;
  LogRun appended_;
  LogRun read_;  // the last one read
};

// 56 bytes that order records by subject, event, repeat, form, repeat. On disk: must not change.
std::string RecordKeyBytes(const v1::RecordKey& key);

}  // namespace trialsync::storage

#endif  // TRIALSYNC_STORAGE_TABLES_H_
