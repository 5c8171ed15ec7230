// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <set>
#include <string>

#include "proto/check.h"
#include "storage/tables.h"
#include "sync/chain.h"
#include "sync/checkpoint.h"
#include "sync/compression.h"
#include "sync/frame.h"
#include "sync/limits.h"
#include "sync/log.h"
#include "tests/fuzz/edit_message.h"
#include "tests/fuzz/peer.h"
#include "tests/fuzz/target.h"

// A site with changes in its outbox that is sent anything by what claims to be the coordinator
// (faults H1, H4, C8). An input is a list of acts; among them are what the coordinator really sent,
// the same edited, raw messages, and frames of edited commits with the very outcomes and root that
// the rules give, so that they are taken. Afterwards the store must verify, the site's own changes
// must all be there, and if its log was left alone it must get them to an honest coordinator.
namespace trialsync::fuzz {
namespace {

constexpr int kActsMax = 40;
constexpr int kCommitsPerFrameMax = 4;
constexpr sync::SessionId kHonestSession = 1'000'000;

// The own chain's authored bytes, by seq from 1.
std::set<std::string> OwnChanges(const storage::Kv& store) {
  storage::Transaction transaction(store.NewSnapshot());
  storage::StoreTables all(&transaction);
  storage::PartitionTables tables(&transaction, *all.FindPartition(TheTrial().site));
  std::set<uint64_t> incarnations = {TheTrial().ward_chain.incarnation};
  for (const v1::RecoveryRow& row : all.Recoveries()) incarnations.insert(row.incarnation_after());
  std::set<std::string> authored;
  for (const uint64_t incarnation : incarnations) {
    tables.ForEachOwn(incarnation, 1, [&](uint64_t, const v1::OwnRow& row) {
      TS_CHECK(authored.insert(row.authored()).second);
      return true;
    });
  }
  TS_CHECK(tables.status().ok());
  return authored;
}

// Whether the coordinator has made it look as if the store had gone back or been copied.
bool HasRecovered(const storage::Kv& store) {
  storage::Transaction transaction(store.NewSnapshot());
  return !storage::StoreTables(&transaction).Recoveries().empty();
}

// Makes a frame that follows the log in `store` and says of each commit what the rules say.
class Forger {
 public:
  Forger(const storage::Kv& store, const study::DefinitionSet& definitions)
      : transaction_(store.NewSnapshot()),
        state_(&transaction_, *storage::StoreTables(&transaction_).FindPartition(TheTrial().site),
               &definitions),
        log_(*sync::LogWriter::Open(&state_)) {
    frame_.set_first_number(log_.size() + 1);
  }

  // The site's next own change; nothing if there is none.
  void AddOwn() {
    const uint64_t seq = log_.Chain(TheTrial().ward_chain).seq + 1;
    const auto row = state_.tables().Own(TheTrial().ward_chain.incarnation, seq);
    if (!row) return;
    const auto receipt = Append({TheTrial().ward_chain, seq}, row->authored(), false);
    if (!receipt) return;
    v1::OwnReceipts* const run = content_.add_entries()->mutable_own();
    run->set_first_seq(seq);
    run->set_count(1);
    run->set_received_time_us(receipt->received_time_us);
    v1::ReceiptException* const exception = run->add_exceptions();
    exception->set_index(0);
    exception->set_details(receipt->EncodeDetails());
  }

  void AddForeign(const ChainId& chain, const std::string& authored) {
    const auto receipt = Append({chain, log_.Chain(chain).seq + 1}, authored, true);
    if (!receipt) return;
    v1::ForeignCommit* const foreign = content_.add_entries()->mutable_foreign();
    foreign->set_authored(authored);
    foreign->set_receipt(receipt->Encode());
  }

  v1::LogContent& content() { return content_; }

  v1::LogFrame Finish() {
    const std::string bytes = content_.SerializeAsString();
    frame_.set_content(sync::Compress(bytes));
    frame_.set_content_bytes(static_cast<uint32_t>(bytes.size()));
    *frame_.mutable_checkpoint()->mutable_log() = log_.Position();
    const auto checkpoint =
        sync::CheckpointAt(TheTrial().site, log_.Position(), TheTrial().now);
    TS_CHECK(checkpoint.ok());
    if (auto note = sync::SignCheckpoint(*checkpoint, TheSigningKey()); note.ok()) {
      frame_.mutable_checkpoint()->set_note(*std::move(note));
    }
    return std::move(frame_);
  }

 private:
  // Nothing if no log can have it there.
  std::optional<sync::Receipt> Append(const Stamp& stamp, const std::string& authored, bool keep) {
    v1::Change change;
    const Sha256 digest = Sha256Of(authored);
    if (!change.ParseFromString(authored) || state_.tables().Change(ChangeIdOf(digest))) {
      return std::nullopt;
    }
    return log_.Append({.stamp = stamp,
                        .authored = authored,
                        .authored_digest = digest,
                        .change = &change,
                        .received_time_us = absl::ToUnixMicros(TheTrial().now),
                        .keep_authored = keep});
  }

  storage::Transaction transaction_;
  sync::PartitionState state_;
  sync::LogWriter log_;
  v1::LogContent content_;
  v1::LogFrame frame_;
};

class Attack {
 public:
  Attack() : site_(TheTrial().ward, Opened()), log_at_first_(LogOf(store())) { Open(); }

  void Run(Input& input) {
    // These cost more than a short attack: of eight inputs one does it.
    const bool check_all = input.Choose(8) == 0;
    for (int acts = 0; acts < kActsMax && !input.ended(); ++acts) {
      const uint8_t act = input.U8();
      Act(act & 0x0f, input);
      if ((act & 0x80) == 0 || group_.size() >= sync::kGroupInputsMax) Flush();
    }
    Flush();
    CheckEnd(check_all);
  }

 private:
  static const sync::SiteMachine& Opened() {
    static const auto& opened = *OpenSite(storage::MemoryKv(TheTrial().ward))->release();
    return opened;
  }
  // Of the trial, before anybody did any harm.
  static const std::set<std::string>& OwnAtFirst() {
    static const auto& own =
        *new std::set<std::string>(OwnChanges(storage::MemoryKv(TheTrial().ward)));
    return own;
  }

  storage::MemoryKv& store() { return site_.store(); }

  // The transport opens one after the other.
  void Open() {
    if (session_ != 0) group_.push_back(sync::SessionClosed{session_});
    group_.push_back(sync::SessionOpened{++session_});
    recorded_ = 0;
    next_batch_seq_ = 0;
  }

  void Send(const v1::CoordinatorMessage& message) {
    if (message.has_welcome()) welcomed_seq_ = message.welcome().chain().seq();
    group_.push_back(sync::MessageReceived{session_, message});
  }

  void Act(int act, Input& input) {
    const std::vector<v1::CoordinatorMessage>& recorded = TheTrial().down;
    v1::CoordinatorMessage message;
    switch (act) {
      case 0:  // what the coordinator really said next
      case 1:
        if (recorded_ == recorded.size()) return;
        message = recorded[recorded_++];
        if (act == 1) EditMessage(message, input);
        return Send(message);
      case 2: {  // something that it said, damaged
        std::string bytes = recorded[input.Choose(recorded.size())].SerializeAsString();
        EditBytes(bytes, input);
        if (message.ParseFromString(bytes)) Send(message);
        return;
      }
      case 3:  // anything
        if (message.ParseFromString(std::string(input.Text()))) Send(message);
        return;
      case 4:
      case 5:
      case 6:
        Flush();  // what the frame follows must be known
        *message.mutable_log_frame() = MakeFrame(act == 5, input);
        if (act == 6) EditMessage(*message.mutable_log_frame(), input);
        return Send(message);
      case 7:
        *message.mutable_definition() = MakeDefinition(input);
        return Send(message);
      case 8:
        return Open();
      case 9:
        *message.mutable_welcome() = MakeWelcome();
        for (size_t edits = input.Choose(4); edits > 0; --edits) {
          EditMessage(*message.mutable_welcome(), input);
        }
        return Send(message);
      case 10:
        Flush();
        site_.Advance(absl::Seconds(input.U8()));
        group_.push_back(sync::Tick{});
        return;
      case 11:
        return Restart();
      case 12:
        return WriteAtSite(input);
      case 13:  // an act of the session that is over
        group_.push_back(sync::MessageReceived{session_ - 1, recorded[input.Choose(2)]});
        return;
      default:
        *message.mutable_heartbeat()->mutable_log() = LogOf(store());
        if (act == 15) EditMessage(message, input);
        return Send(message);
    }
  }

  v1::Welcome MakeWelcome() {
    v1::Welcome welcome;
    const v1::ChainHead head = ChainIn(store(), TheTrial().ward_chain);
    welcome.set_protocol_version(1);
    welcome.set_verifier_key(TheSigningKey().verifier().ToString());
    welcome.mutable_chain()->set_seq(head.seq());
    welcome.mutable_chain()->set_hash(head.seq() == 0 ? Sha256().str() : head.hash());
    welcome.set_batches_in_flight_max(sync::kBatchesInFlightMax);
    welcome.set_batch_changes_max(sync::kBatchChangesMax);
    return welcome;
  }

  v1::LogFrame MakeFrame(bool edit_content, Input& input) {
    const Trial& trial = TheTrial();
    const ChainId chains[] = {trial.clinic_chain,
                              trial.centre_chain,
                              trial.reader_chain,
                              {*ReplicaId::From("a stranger's id."), 1}};
    Forger forger(store(), site_.machine().definitions());
    for (size_t left = 1 + input.Choose(kCommitsPerFrameMax); left > 0; --left) {
      const size_t how = input.U8();
      if ((how & 7) == 0) {
        forger.AddOwn();
        continue;
      }
      v1::Change change = trial.changes[input.Choose(trial.changes.size())];
      for (size_t edits = how >> 6; edits > 0; --edits) EditMessage(change, input);
      forger.AddForeign(chains[(how >> 3) & 3], change.SerializeAsString());
    }
    if (edit_content) EditMessage(forger.content(), input);
    return forger.Finish();
  }

  v1::DefinitionTransfer MakeDefinition(Input& input) {
    v1::DefinitionTransfer transfer;
    const auto& all = site_.machine().definitions().all();
    v1::StudyDefinition definition = all[input.Choose(all.size())]->proto();
    if (input.Choose(2) == 0) {
      definition.set_version(all.back()->number() + 1);
      *definition.mutable_previous() = all.back()->version();
    }
    for (size_t edits = input.Choose(3); edits > 0; --edits) EditMessage(definition, input);
    transfer.set_definition(definition.SerializeAsString());
    transfer.mutable_version()->set_number(definition.version());
    transfer.mutable_version()->set_sha256(Sha256Of(transfer.definition()).str());
    if (input.Choose(4) == 0) EditMessage(transfer, input);
    return transfer;
  }

  void WriteAtSite(Input& input) {
    v1::WriteRecordRequest request;
    const char* const subjects[] = {"S-1", "S-2", "S-3", "S-4", "S-7", "S-9"};
    request.set_name(
        RecordName{TheTrial().site, subjects[input.Choose(std::size(subjects))], "BASE", "LAB"}
            .ToString());
    v1::ItemInput* const item = request.add_items();
    item->set_item("alt");
    item->set_text(std::to_string(input.U8()));
    request.set_author("anna");
    request.set_reason("entry");
    request.set_create_missing(true);
    request.set_on_different_value(v1::VALUE_CONFLICT_UPDATE);
    group_.push_back(sync::ClientRequest{1, request});
  }

  void Restart() {
    Flush();
    auto machine = OpenSite(store());
    TS_CHECK(machine.ok());
    site_.Restart(*std::move(machine));
    session_ = 0;
    Open();
  }

  void CheckBatch(const v1::Batch& batch) {
    TS_CHECK(next_batch_seq_ == 0 || batch.first_seq() >= next_batch_seq_);
    const auto bytes = sync::Decompress(batch.content(), batch.content_bytes());
    TS_CHECK(bytes.ok());
    v1::BatchContent content;
    TS_CHECK(content.ParseFromString(*bytes));
    TS_CHECK(static_cast<uint32_t>(content.changes_size()) == batch.count() && batch.count() > 0);
    next_batch_seq_ = batch.first_seq() + batch.count();
  }

  // Whatever came: the loop goes on, and nothing that was saved is forgotten.
  void Flush() {
    if (group_.empty()) return;
    const uint64_t log_size = LogOf(store()).size();
    TS_CHECK(site_.Run(std::exchange(group_, {})).ok());
    TS_CHECK(LogOf(store()).size() >= log_size);
    const uint64_t own_count =
        ChainIn(store(), TheTrial().ward_chain).seq() + site_.machine().outbox_count();
    TS_CHECK(HasRecovered(store()) || !site_.machine().status().connected ||
             welcomed_seq_ <= own_count);
    for (const sync::Send& send : site_.TakeSent()) {
      const auto& message = std::get<v1::SiteMessage>(send.message);
      if (message.has_batch() && send.session == session_) CheckBatch(message.batch());
    }
  }

  void CheckEnd(bool check_all) {
    const std::set<std::string> own = OwnChanges(store());
    TS_CHECK(std::includes(own.begin(), own.end(), OwnAtFirst().begin(), OwnAtFirst().end()));
    const uint64_t receipted = ChainIn(store(), TheTrial().ward_chain).seq();
    TS_CHECK(HasRecovered(store()) || receipted + site_.machine().outbox_count() == own.size());
    if (!check_all) return;
    if (LogOf(store()).SerializeAsString() != log_at_first_.SerializeAsString()) {
      const std::string difference = DifferenceIn(store(), site_.machine().definitions());
      if (!difference.empty()) std::fprintf(stderr, "site: %s\n", difference.c_str());
      TS_CHECK(difference.empty());
      return;
    }
    static const auto& opened_coordinator =
        *OpenCoordinator(storage::MemoryKv(TheTrial().coordinator))->release();
    CoordinatorPeer coordinator(TheTrial().coordinator, opened_coordinator);
    // A site takes whatever definition its coordinator sends; one that is not the centre's keeps it
    // from the centre's own.
    for (const auto& definition : site_.machine().definitions().all()) {
      if (DefinitionsOf(coordinator.machine()).Find(definition->version()) == nullptr) return;
    }
    if (session_ != 0) TS_CHECK(site_.Run({sync::SessionClosed{session_}}).ok());
    // One that was told that it is a copy goes on under an identity of its own.
    TS_CHECK(site_.Run({sync::ClientRequest{2, v1::BecomeReplicaRequest()}}).ok());
    sync::SessionId session = kHonestSession;
    for (int recoveries = 0; recoveries < 3; ++recoveries) {
      Converse(site_, coordinator, session++);
      if (site_.machine().outbox_count() == 0) break;
    }
    TS_CHECK(site_.machine().outbox_count() == 0);
    TS_CHECK(LogOf(store()).SerializeAsString() == LogOf(coordinator.store()).SerializeAsString());
  }

  SitePeer site_;
  const v1::LogPosition log_at_first_;
  std::vector<sync::Input> group_;
  sync::SessionId session_ = 0;
  size_t recorded_ = 0;
  uint64_t next_batch_seq_ = 0;
  // What the last Welcome said of the own chain.
  uint64_t welcomed_seq_ = 0;
};

void Run(std::string_view bytes) {
  TheRandomness().BeginAnew();
  Input input(bytes);
  Attack().Run(input);
}

const RegisteredTarget kTarget("session_down", Run);

}  // namespace
}  // namespace trialsync::fuzz
