// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proto/check.h"
#include "storage/tables.h"
#include "sync/chain.h"
#include "sync/compression.h"
#include "sync/limits.h"
#include "sync/present.h"
#include "tests/fuzz/edit_message.h"
#include "tests/fuzz/peer.h"
#include "tests/fuzz/target.h"

// A coordinator that is sent anything by what claims to be replicas of a site (faults H1, H3, H4,
// C8). An input is a list of acts; among them are what a replica really sent, the same edited, raw
// messages, and batches whose frame, chain and place are right and whose changes are edited, so
// that every rule is reached. Afterwards the store must verify, and an honest replica that was away
// must be able to follow the log.
namespace trialsync::fuzz {
namespace {

constexpr int kActsMax = 40;
constexpr int kChangesPerBatchMax = 4;
constexpr size_t kSessionsMax = 4;
constexpr sync::SessionId kReaderSession = 1'000'000;

// What the coordinator owes to one stream, whatever comes on it.
class Stream {
 public:
  // What the site says to have; the frames ahead of it are limited.
  void NoteProgress(uint64_t size) { told_size_ = std::max(told_size_, size); }

  void NoteHello(const v1::Hello& hello) {
    if (!chain_) next_number_ = hello.log().size() + 1;
    const auto replica = ReplicaId::From(hello.replica());
    if (!chain_ && replica) chain_ = ChainId{*replica, hello.incarnation()};
  }

  void Check(const v1::CoordinatorMessage& message) {
    TS_CHECK(!ended_);
    if (message.has_refusal()) {
      ended_ = true;
      return;
    }
    TS_CHECK(welcomed_ != message.has_welcome());
    welcomed_ = true;
    if (message.has_log_frame()) CheckFrame(message.log_frame());
  }

  const std::optional<ChainId>& chain() const { return chain_; }
  // The last of its changes of which it was told.
  uint64_t receipted_seq() const { return receipted_seq_; }

  // Messages of the recorded session that were played on it.
  size_t recorded = 0;

 private:
  void CheckFrame(const v1::LogFrame& frame) {
    TS_CHECK(frame.first_number() == next_number_);
    const auto bytes = sync::Decompress(frame.content(), frame.content_bytes());
    TS_CHECK(bytes.ok());
    v1::LogContent content;
    TS_CHECK(content.ParseFromString(*bytes));
    for (const v1::LogEntry& entry : content.entries()) {
      next_number_ += entry.has_own() ? entry.own().count() : 1;
      if (!entry.has_own()) continue;
      TS_CHECK(entry.own().count() > 0);
      TS_CHECK(receipted_seq_ == 0 || entry.own().first_seq() == receipted_seq_ + 1);
      receipted_seq_ = entry.own().first_seq() + entry.own().count() - 1;
    }
    TS_CHECK(frame.checkpoint().log().size() + 1 == next_number_);
    std::erase_if(frame_ends_, [&](uint64_t end) { return end <= told_size_; });
    frame_ends_.push_back(frame.checkpoint().log().size());
    TS_CHECK(frame_ends_.size() <= sync::kFramesInFlightMax);
  }

  std::optional<ChainId> chain_;
  bool welcomed_ = false;
  bool ended_ = false;
  uint64_t next_number_ = 1;
  uint64_t receipted_seq_ = 0;
  uint64_t told_size_ = 0;
  std::vector<uint64_t> frame_ends_;
};

class Attack {
 public:
  Attack() : coordinator_(TheTrial().coordinator, Opened()), size_at_first_(LogOf(store()).size()) {
    Open();
  }

  void Run(Input& input) {
    // These cost more than a short attack: of eight inputs one does both, one the second.
    const size_t checks = input.Choose(8);
    for (int acts = 0; acts < kActsMax && !input.ended(); ++acts) {
      const uint8_t act = input.U8();
      Act(act & 0x0f, input);
      // Else the next ones come in the same group.
      if ((act & 0x80) == 0 || group_.size() >= sync::kGroupInputsMax) Flush();
    }
    Flush();
    if (LogOf(store()).size() == size_at_first_) return;
    if (checks == 0) CheckStore();
    if (checks <= 1) CheckReader();
  }

 private:
  static const sync::CoordinatorMachine& Opened() {
    static const auto& opened =
        *OpenCoordinator(storage::MemoryKv(TheTrial().coordinator))->release();
    return opened;
  }

  storage::MemoryKv& store() { return coordinator_.store(); }

  void Open() {
    session_ = next_session_++;
    streams_[session_];
    group_.push_back(sync::SessionOpened{session_});
  }

  void Send(const v1::SiteMessage& message) {
    if (message.has_hello()) streams_[session_].NoteHello(message.hello());
    if (message.has_progress()) streams_[session_].NoteProgress(message.progress().log().size());
    group_.push_back(sync::MessageReceived{session_, message});
  }

  void Act(int act, Input& input) {
    const std::vector<v1::SiteMessage>& recorded = TheTrial().up;
    Stream& stream = streams_[session_];
    v1::SiteMessage message;
    switch (act) {
      case 0:  // what ward really said next
      case 1:
        if (stream.recorded == recorded.size()) return;
        message = recorded[stream.recorded++];
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
        *message.mutable_hello() = MakeHello(input);
        if (act == 5) EditMessage(*message.mutable_hello(), input);
        return Send(message);
      case 6:
      case 7:
        Flush();  // the chain must be known
        if (!MakeBatch(input, *message.mutable_batch())) return;
        if (act == 7) EditMessage(*message.mutable_batch(), input);
        return Send(message);
      case 8:
        if (streams_.size() < kSessionsMax) Open();
        return;
      case 9:  // another one of those that were opened
        session_ = 1 + input.Choose(next_session_ - 1);
        return;
      case 10:
        group_.push_back(sync::SessionClosed{session_});
        return;
      case 11:
        Flush();
        coordinator_.Advance(absl::Seconds(input.U8()));
        group_.push_back(sync::Tick{});
        return;
      case 12:
        return Restart();
      case 13:
        return AskAtCentre(input);
      default:  // what anybody may say
        if (input.Choose(2) == 0) {
          *message.mutable_progress()->mutable_log() = LogOf(store());
        } else {
          *message.mutable_heartbeat()->mutable_log() = LogOf(store());
        }
        if (act == 15) EditMessage(message, input);
        return Send(message);
    }
  }

  v1::Hello MakeHello(Input& input) {
    const Trial& trial = TheTrial();
    ChainId chain{*ReplicaId::From("a stranger's id."), 1};
    switch (input.Choose(4)) {
      case 0:
        chain = trial.ward_chain;
        break;
      case 1:
        chain = trial.clinic_chain;
        break;
      case 2:
        chain = trial.centre_chain;
        break;
      default:
        break;
    }
    v1::Hello hello;
    hello.add_protocol_versions(1);
    hello.set_study(trial.site.study);
    hello.set_site(trial.site.site);
    hello.set_replica(chain.replica.str());
    hello.set_incarnation(chain.incarnation + input.Choose(2));
    hello.mutable_chain()->set_seq(~uint64_t{0} - input.Choose(3));
    // What the coordinator has, so that it is a prefix.
    if (input.Choose(2) == 0) *hello.mutable_log() = LogOf(store());
    return hello;
  }

  v1::Change MakeChange(const v1::LogPosition& log, Input& input) {
    const std::vector<v1::Change>& all = TheTrial().changes;
    v1::Change change = all[input.Choose(all.size())];
    const size_t how = input.U8();
    if ((how & 1) == 0) change.set_nonce(TheRandomness().Bytes(16));
    if ((how & 2) == 0) {
      change.mutable_base()->set_epoch(log.epoch());
      change.mutable_base()->set_number(log.size());
    }
    for (size_t edits = how >> 6; edits > 0; --edits) EditMessage(change, input);
    return change;
  }

  // A batch that is next on the stream's chain and whose frame is right. False if nobody said
  // whose it is.
  bool MakeBatch(Input& input, v1::Batch& batch) {
    const std::optional<ChainId>& chain = streams_[session_].chain();
    if (!chain) return false;
    const v1::LogPosition log = LogOf(store());
    const v1::ChainHead head = ChainIn(store(), *chain);
    Sha256 hash;
    if (head.seq() != 0) hash = *Sha256FromBytes(head.hash());
    v1::BatchContent content;
    for (size_t left = 1 + input.Choose(kChangesPerBatchMax); left > 0; --left) {
      const std::string authored = MakeChange(log, input).SerializeAsString();
      hash = sync::NextChainHash(hash, Sha256Of(authored));
      content.add_changes(authored);
    }
    const std::string bytes = content.SerializeAsString();
    batch.set_first_seq(head.seq() + 1);
    batch.set_count(static_cast<uint32_t>(content.changes_size()));
    batch.set_chain(hash.str());
    batch.set_content(sync::Compress(bytes));
    batch.set_content_bytes(static_cast<uint32_t>(bytes.size()));
    return true;
  }

  // So that acts of the centre come between.
  void AskAtCentre(Input& input) {
    v1::ActOnRecordRequest request;
    const char* const subjects[] = {"S-1", "S-2", "S-3", "S-4", "S-7"};
    request.set_name(
        RecordName{TheTrial().site, subjects[input.Choose(std::size(subjects))], "BASE", "LAB"}
            .ToString());
    request.set_kind(static_cast<v1::RecordActKind>(input.Choose(9)));
    request.set_author("curie");
    request.set_reason("as planned");
    group_.push_back(sync::ClientRequest{1, request});
  }

  void Restart() {
    Flush();
    auto machine = OpenCoordinator(store());
    TS_CHECK(machine.ok());
    coordinator_.Restart(*std::move(machine));
    streams_.clear();
    Open();
  }

  // Whatever came: the loop goes on.
  void Flush() {
    if (group_.empty()) return;
    TS_CHECK(coordinator_.Run(std::exchange(group_, {})).ok());
    for (const sync::Send& send : coordinator_.TakeSent()) {
      streams_.at(send.session).Check(std::get<v1::CoordinatorMessage>(send.message));
    }
    for (const auto& [id, stream] : streams_) {
      if (!stream.chain() || stream.receipted_seq() == 0) continue;
      TS_CHECK(stream.receipted_seq() <= ChainIn(store(), *stream.chain()).seq());
    }
  }

  void CheckStore() {
    const std::string difference = DifferenceIn(store(), DefinitionsOf(coordinator_.machine()));
    if (!difference.empty()) std::fprintf(stderr, "coordinator: %s\n", difference.c_str());
    TS_CHECK(difference.empty());

    // Whatever was committed can be shown.
    const auto snapshot = store().NewSnapshot();
    storage::Transaction transaction(snapshot);
    const SiteName& site = TheTrial().site;
    const auto partition = storage::StoreTables(&transaction).FindPartition(site);
    storage::PartitionTables tables(&transaction, *partition);
    TS_CHECK(!tables.Enrolled(TheTrial().centre_chain.replica));
    sync::View view(snapshot.get(), *partition, &DefinitionsOf(coordinator_.machine()));
    v1::ListDiscrepanciesRequest all;
    all.set_include_closed(true);
    TS_CHECK(sync::ListDiscrepancies(view, site, all).ok());
    TS_CHECK(sync::ListRecords(view, site, {}).ok());
    TS_CHECK(sync::ListSubjects(view, site, {}).ok());
  }

  void CheckReader() {
    // The reader's own identity may have been used by others.
    if (ChainIn(store(), TheTrial().reader_chain).seq() != 0) return;
    static const auto& opened = *OpenSite(storage::MemoryKv(TheTrial().reader))->release();
    SitePeer reader(TheTrial().reader, opened);
    TS_CHECK(Converse(reader, coordinator_, kReaderSession));
    TS_CHECK(LogOf(reader.store()).SerializeAsString() == LogOf(store()).SerializeAsString());
  }

  CoordinatorPeer coordinator_;
  const uint64_t size_at_first_;
  std::vector<sync::Input> group_;
  std::map<sync::SessionId, Stream> streams_;
  sync::SessionId session_ = 0;
  sync::SessionId next_session_ = 1;
};

void Run(std::string_view bytes) {
  TheRandomness().BeginAnew();
  Input input(bytes);
  Attack().Run(input);
}

const RegisteredTarget kTarget("session_up", Run);

}  // namespace
}  // namespace trialsync::fuzz
