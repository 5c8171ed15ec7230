// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_TRANSCRIPTS_RAW_REPLICA_H_
#define TRIALSYNC_TESTS_TRANSCRIPTS_RAW_REPLICA_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/digest.h"
#include "proto/ids.h"
#include "proto/names.h"
#include "tests/world/world.h"
#include "trialsync/v1/sync.pb.h"

namespace trialsync::transcripts {

// A replica that speaks the sync protocol by hand: it sends what an honest one would refuse to make
// or to send. It has no store: it says of the log what it is told to say.
class RawReplica {
 public:
  // `world` must outlive this. Replica id and incarnation follow from the name.
  RawReplica(world::World* world, std::string name);

  const ChainId& chain() const { return chain_; }
  // Takes the id and incarnation of another: a copy of its store.
  void Impersonate(const ChainId& chain) { chain_ = chain; }
  // The seq that the next change gets.
  uint64_t next_seq() const { return seq_ + 1; }

  // Opens a stream and says Hello; an older one stays open unless the coordinator ends it. Returns
  // `welcome`, or the refusal.
  std::string SayHello(const v1::Hello& hello);
  // Sends any message on the newest stream, or on the one before. Returns the refusal; empty if
  // there is none.
  std::string Send(v1::SiteMessage message, bool on_older_stream);
  // Sends a message as the first on a new stream.
  std::string SendFirst(v1::SiteMessage message);
  // An honest batch that continues the chain with these changes.
  v1::Batch BatchOf(const std::vector<std::string>& authored);
  // Sends it; the chain goes on behind `authored` when it is taken. Returns the refusal, `not
  // heard` if nothing came of it, or nothing.
  std::string SendBatch(const v1::Batch& batch, const std::vector<std::string>& authored,
                        bool on_older_stream);

  // An honest Hello as of now: the coordinator's whole log of `partition`, and the own chain.
  v1::Hello Hello(const SiteName& partition);

 private:
  void Deliver(sync::SessionId session, v1::SiteMessage message);
  void TellProgress();

  world::World* const world_;
  const std::string name_;
  ChainId chain_;
  uint64_t seq_ = 0;
  Sha256 hash_;
  std::vector<sync::SessionId> sessions_;
  // Of the last Hello that was welcome.
  std::optional<SiteName> partition_;
};

// The coordinator's log of a partition, as far as its first `size` commits; all of it without one.
v1::LogPosition LogPositionAt(world::Node& coordinator, const SiteName& partition,
                              std::optional<uint64_t> size);

}  // namespace trialsync::transcripts

#endif  // TRIALSYNC_TESTS_TRANSCRIPTS_RAW_REPLICA_H_
