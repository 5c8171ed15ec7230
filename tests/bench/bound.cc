// SPDX-License-Identifier: Apache-2.0
// The bound: what this machine's transport, compression, parsing and disk allow, without anything
// that makes replication right. Two processes with one gRPC stream (callback API, plaintext on
// loopback), the batches of the real thing (1,000 changes or 1 MiB, zstd -3, 8 in flight), each
// change parsed once into its message at the receiver, one row a change in RocksDB at either end,
// one synced write for the batches that wait (grouped as the loop groups them), an acknowledgement
// for it, and its position stored and synced at the sender. No admission, no merge, no hash, no second
// table, and no layer over RocksDB.
//
//   bound fill SITE_STORE STORE       takes the authored bytes out of a site's store
//   bound receive STORE ADDRESS_FILE  serves until it is killed; writes HOST:PORT into the file
//   bound send STORE HOST:PORT        sends all of it, says "done", and waits to be killed
#include <grpcpp/grpcpp.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/perf_level.h>
#include <rocksdb/table.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "proto/check.h"
#include "storage/rocksdb_kv.h"
#include "storage/tables.h"
#include "sync/limits.h"
#include "trialsync/v1/change.pb.h"
#include "trialsync/v1/sync.grpc.pb.h"

namespace trialsync::bench {
namespace {

constexpr char kPositionKey[] = "position";

void Require(const rocksdb::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "bound: %s\n", status.ToString().c_str());
  std::exit(1);
}

// The options of storage/rocksdb_kv.cc that matter to rows that are only appended.
std::unique_ptr<rocksdb::DB> OpenStore(const std::string& path) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = size_t{64} << 20;
  options.max_write_buffer_number = 3;
  options.max_background_jobs = 2;
  options.allow_concurrent_memtable_write = false;
  options.level0_file_num_compaction_trigger = 8;
  options.compression = rocksdb::kLZ4Compression;
  options.compression_per_level.assign(static_cast<size_t>(options.num_levels),
                                       rocksdb::kLZ4Compression);
  options.compression_per_level[0] = rocksdb::kNoCompression;
  rocksdb::BlockBasedTableOptions table;
  table.block_size = 16 * 1024;
  table.block_cache = rocksdb::NewLRUCache(size_t{256} << 20);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  rocksdb::DB* database = nullptr;
  Require(rocksdb::DB::Open(options, path, &database));
  return std::unique_ptr<rocksdb::DB>(database);
}

std::string RowKey(uint64_t seq) {
  std::string key(1, 'c');
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(seq >> shift));
  return key;
}

void WriteSynced(rocksdb::DB& database, rocksdb::WriteBatch& rows) {
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
  rocksdb::WriteOptions synced;
  synced.sync = true;
  Require(database.Write(synced, &rows));
}

int Fill(const std::string& site_store, const std::string& path) {
  const auto site = storage::RocksDbKv::Open({.path = site_store, .log = {}});
  if (!site.ok()) {
    std::fprintf(stderr, "bound: %s\n", site.status().ToString().c_str());
    return 1;
  }
  const auto database = OpenStore(path);
  storage::Transaction transaction((*site)->NewSnapshot());
  storage::PartitionTables tables(&transaction,
                                  storage::StoreTables(&transaction).Partitions().at(0).number);
  const std::optional<ChainId> chain = tables.OwnChain();
  TS_CHECK(chain);
  uint64_t count = 0;
  uint64_t bytes = 0;
  rocksdb::WriteBatch rows;
  tables.ForEachOwn(chain->incarnation, 1, [&](uint64_t, const v1::OwnRow& row) {
    bytes += row.authored().size();
    Require(rows.Put(RowKey(++count), row.authored()));
    if (rows.GetDataSize() > sync::kBatchBytesMax) {
      Require(database->Write({}, &rows));
      rows.Clear();
    }
    return true;
  });
  TS_CHECK(tables.status().ok());
  WriteSynced(*database, rows);
  std::printf("%llu changes of %.0f bytes\n", static_cast<unsigned long long>(count),
              static_cast<double>(bytes) / static_cast<double>(std::max<uint64_t>(count, 1)));
  return 0;
}

// Takes batches from its stream, writes what waits as one synced batch, and acknowledges.
class Receiver final : public grpc::ServerBidiReactor<v1::SiteMessage, v1::CoordinatorMessage> {
 public:
  explicit Receiver(rocksdb::DB* database) : database_(database) {
    committer_ = std::thread([this] { Commit(); });
    StartRead(&incoming_);
  }

  void OnReadDone(bool ok) override {
    {
      const std::lock_guard lock(mutex_);
      if (ok) waiting_.push_back(std::exchange(incoming_, {}));
      ended_ = !ok;
    }
    changed_.notify_one();
    if (ok) StartRead(&incoming_);
  }

  void OnWriteDone(bool) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    Acknowledge();
  }

  void OnDone() override {
    committer_.join();
    delete this;
  }

 private:
  void Commit() {
    std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
    while (true) {
      std::vector<v1::SiteMessage> group;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return ended_ || !waiting_.empty(); });
        if (waiting_.empty()) break;
        // As daemon/loop_thread.cc.
        for (uint64_t count = 0; !waiting_.empty() && count < sync::kGroupCommitsMax;) {
          count += waiting_.front().batch().count();
          group.push_back(std::move(waiting_.front()));
          waiting_.pop_front();
        }
      }
      rocksdb::WriteBatch rows;
      uint64_t last_seq = 0;
      for (const v1::SiteMessage& message : group) last_seq = Take(message.batch(), *context, rows);
      WriteSynced(*database_, rows);
      const std::lock_guard lock(mutex_);
      durable_seq_ = last_seq;
      Acknowledge();
    }
    Finish(grpc::Status::OK);
  }

  static uint64_t Take(const v1::Batch& batch, ZSTD_DCtx& context, rocksdb::WriteBatch& rows) {
    std::string bytes(batch.content_bytes(), '\0');
    const size_t size = ZSTD_decompressDCtx(&context, bytes.data(), bytes.size(),
                                            batch.content().data(), batch.content().size());
    v1::BatchContent content;
    TS_CHECK(size == bytes.size() && content.ParseFromString(bytes));
    uint64_t seq = batch.first_seq();
    for (const std::string& authored : content.changes()) {
      v1::Change change;
      TS_CHECK(change.ParseFromString(authored));
      Require(rows.Put(RowKey(seq++), authored));
    }
    return seq - 1;
  }

  // Requires mutex_.
  void Acknowledge() {
    if (writing_ || acknowledged_seq_ == durable_seq_) return;
    writing_ = true;
    acknowledged_seq_ = durable_seq_;
    outgoing_.mutable_heartbeat()->mutable_log()->set_size(acknowledged_seq_);
    StartWrite(&outgoing_);
  }

  rocksdb::DB* const database_;
  std::thread committer_;
  std::mutex mutex_;
  std::condition_variable changed_;
  v1::SiteMessage incoming_;
  v1::CoordinatorMessage outgoing_;
  // Guarded by mutex_.
  std::deque<v1::SiteMessage> waiting_;
  bool ended_ = false;
  bool writing_ = false;
  uint64_t durable_seq_ = 0;
  uint64_t acknowledged_seq_ = 0;
};

class ReceiverService final : public v1::SyncService::CallbackService {
 public:
  explicit ReceiverService(rocksdb::DB* database) : database_(database) {}
  grpc::ServerBidiReactor<v1::SiteMessage, v1::CoordinatorMessage>* Sync(
      grpc::CallbackServerContext*) override {
    return new Receiver(database_);
  }

 private:
  rocksdb::DB* const database_;
};

int Receive(const std::string& path, const std::string& address_file) {
  const auto database = OpenStore(path);
  ReceiverService service(database.get());
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.SetMaxReceiveMessageSize(static_cast<int>(sync::kMessageBytesMax));
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  std::ofstream(address_file) << "127.0.0.1:" << port << "\n";
  server->Wait();
  return 0;
}

// The stream's end at the sender: one read and one write in flight, the rest is Send's.
class Sender final : public grpc::ClientBidiReactor<v1::SiteMessage, v1::CoordinatorMessage> {
 public:
  explicit Sender(v1::SyncService::Stub* stub) {
    stub->async()->Sync(&context_, this);
    AddHold();
    StartRead(&incoming_);
    StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    {
      const std::lock_guard lock(mutex_);
      acknowledged_seq_ = incoming_.heartbeat().log().size();
    }
    changed_.notify_one();
    StartRead(&incoming_);
  }

  void OnWriteDone(bool) override {
    const std::lock_guard lock(mutex_);
    outgoing_.pop_front();
    if (!outgoing_.empty()) StartWrite(&outgoing_.front());
  }

  void OnDone(const grpc::Status&) override {}

  void Write(v1::SiteMessage message) {
    const std::lock_guard lock(mutex_);
    outgoing_.push_back(std::move(message));
    if (outgoing_.size() == 1) StartWrite(&outgoing_.front());
  }

  // The last acknowledged sequence number, as soon as it is beyond `seq`; at once if not `wait`.
  uint64_t Acknowledged(uint64_t seq, bool wait) {
    std::unique_lock lock(mutex_);
    if (wait) changed_.wait(lock, [&] { return acknowledged_seq_ > seq; });
    return acknowledged_seq_;
  }

  void End() {
    StartWritesDone();
    RemoveHold();
  }

 private:
  grpc::ClientContext context_;
  std::mutex mutex_;
  std::condition_variable changed_;
  v1::CoordinatorMessage incoming_;
  std::deque<v1::SiteMessage> outgoing_;  // guarded by mutex_
  uint64_t acknowledged_seq_ = 0;         // guarded by mutex_
};

// The next batch of the rows; without changes at their end.
v1::SiteMessage NextBatch(rocksdb::Iterator& row, uint64_t first_seq, ZSTD_CCtx& context) {
  v1::BatchContent content;
  size_t content_bytes = 0;
  for (; row.Valid() && row.key()[0] == 'c'; row.Next()) {
    const size_t bytes = row.value().size();
    const bool full = content.changes_size() == static_cast<int>(sync::kBatchChangesMax) ||
                      (content_bytes != 0 && content_bytes + bytes > sync::kBatchBytesMax);
    if (full) break;
    content_bytes += bytes;
    content.add_changes(row.value().data(), bytes);
  }
  v1::SiteMessage message;
  v1::Batch& batch = *message.mutable_batch();
  batch.set_first_seq(first_seq);
  batch.set_count(static_cast<uint32_t>(content.changes_size()));
  const std::string bytes = content.SerializeAsString();
  batch.set_content_bytes(static_cast<uint32_t>(bytes.size()));
  std::string& frame = *batch.mutable_content();
  frame.resize(ZSTD_compressBound(bytes.size()));
  frame.resize(ZSTD_compressCCtx(&context, frame.data(), frame.size(), bytes.data(), bytes.size(),
                                 sync::kCompressionLevel));
  return message;
}

int Send(const std::string& path, const std::string& address) {
  const auto database = OpenStore(path);
  const auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  const auto stub = v1::SyncService::NewStub(channel);
  std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  const std::unique_ptr<rocksdb::Iterator> row(database->NewIterator({}));
  row->Seek(RowKey(0));
  Sender sender(stub.get());
  std::deque<uint64_t> in_flight;  // last sequence number of each batch
  uint64_t sent_seq = 0;
  uint64_t stored_seq = 0;
  bool more = true;
  while (more || stored_seq < sent_seq) {
    const bool room = more && in_flight.size() < sync::kBatchesInFlightMax;
    const uint64_t acknowledged = sender.Acknowledged(stored_seq, !room);
    if (acknowledged > stored_seq) {
      rocksdb::WriteBatch position;
      Require(position.Put(kPositionKey, RowKey(acknowledged)));
      WriteSynced(*database, position);
      stored_seq = acknowledged;
      while (!in_flight.empty() && in_flight.front() <= stored_seq) in_flight.pop_front();
    }
    if (!room) continue;
    v1::SiteMessage message = NextBatch(*row, sent_seq + 1, *context);
    more = message.batch().count() != 0;
    if (!more) continue;
    sent_seq += message.batch().count();
    in_flight.push_back(sent_seq);
    sender.Write(std::move(message));
  }
  sender.End();
  std::printf("done\n");
  std::fflush(stdout);
  pause();
  return 0;
}

int Main(const std::vector<std::string>& words) {
  const std::string mode = words.size() == 4 ? words[1] : "";
  if (mode == "fill") return Fill(words[2], words[3]);
  if (mode == "receive") return Receive(words[2], words[3]);
  if (mode == "send") return Send(words[2], words[3]);
  std::fprintf(stderr, "bound fill|receive|send …: see the head of tests/bench/bound.cc\n");
  return 2;
}

}  // namespace
}  // namespace trialsync::bench

int main(int argc, char** argv) {
  return trialsync::bench::Main(std::vector<std::string>(argv, argv + argc));
}
