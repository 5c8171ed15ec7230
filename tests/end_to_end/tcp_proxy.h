// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_END_TO_END_TCP_PROXY_H_
#define TRIALSYNC_TESTS_END_TO_END_TCP_PROXY_H_

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/time/time.h"

namespace trialsync::end_to_end {

// A link that can be slow, cut or closed: a TCP proxy on loopback with a thread of its own. *Up* is
// from who connects (the site) to the target (the coordinator). All methods may be called from any
// thread and take effect at once.
class TcpProxy {
 public:
  enum class Direction { kUp, kDown };

  // What has passed since the proxy was made.
  struct Traffic {
    uint64_t connections = 0;
    uint64_t bytes_up = 0;
    uint64_t bytes_down = 0;
    // When the last connection was accepted, and when the last bytes went up
    // that were more than a ping of the transport.
    absl::Time accept_time = absl::InfinitePast();
    absl::Time last_up_time = absl::InfinitePast();
  };

  // Listens on a free port of 127.0.0.1. Until there is a target, connections are closed.
  TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;
  ~TcpProxy();

  // Where to connect: 127.0.0.1:PORT.
  const std::string& address() const { return address_; }

  // Where later connections lead: 127.0.0.1:PORT.
  void SetTarget(const std::string& address);

  // While `refuse`, connections are closed as soon as they are accepted. Those that stand go on.
  void SetRefuse(bool refuse);

  // Cuts every connection, by a reset: what the proxy holds is lost.
  void CutNow();

  // Cuts every connection once `bytes` more have passed in this direction, exactly there. Replaces
  // what was asked before.
  void CutAfter(Direction direction, uint64_t bytes);

  // At most this many bytes a second each way on a connection; 0: as many as can be.
  void SetBytesPerSecondMax(uint64_t bytes);

  // While `stop`, nothing is taken from this direction: it stands still, and no end is told. What
  // waits goes on afterwards.
  void SetStopped(Direction direction, bool stop);

  // Each chunk of bytes waits this long before it goes on, and what comes behind it waits as well.
  void SetDelay(absl::Duration delay);

  Traffic traffic() const;

 private:
  // One direction of one connection. Not read from while something is still to be written.
  struct Flow {
    int from = -1;
    int to = -1;
    std::string pending;
    absl::Time next_read = absl::InfinitePast();
    // What is pending may not go before.
    absl::Time next_write = absl::InfinitePast();
    // When something may be done next.
    absl::Time next() const { return pending.empty() ? next_read : next_write; }
  };
  struct Connection;
  struct Cut {
    Direction direction = Direction::kUp;
    uint64_t bytes_left = 0;
  };

  void Run();
  // Waits until something may be done; false when the proxy ends.
  bool Wait();
  void Wake() const;
  void Accept();
  // Moves what can be moved; false when the connection is at its end.
  bool Pump(Flow& flow, Direction direction);
  bool IsStopped(Direction direction) const;
  bool Read(Flow& flow, Direction direction);
  void CutAll();

  int listener_ = -1;
  int wake_reader_ = -1;
  int wake_writer_ = -1;
  std::string address_;
  mutable std::mutex mutex_;
  // All below are guarded by mutex_.
  int target_port_ = 0;
  bool refuse_ = false;
  bool ending_ = false;
  bool up_stopped_ = false;
  bool down_stopped_ = false;
  uint64_t bytes_per_second_max_ = 0;
  absl::Duration delay_ = absl::ZeroDuration();
  std::optional<Cut> cut_;
  Traffic traffic_;
  std::list<std::unique_ptr<Connection>> connections_;
  std::thread thread_;
};

}  // namespace trialsync::end_to_end

#endif  // TRIALSYNC_TESTS_END_TO_END_TCP_PROXY_H_
