// SPDX-License-Identifier: Apache-2.0
#include "tests/end_to_end/tcp_proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "proto/check.h"

namespace trialsync::end_to_end {
namespace {

constexpr size_t kChunkBytesMax = size_t{256} << 10;
// A PING frame of HTTP/2 (RFC 9113 §6.7). Either end may send one long after the last message.
constexpr uint64_t kPingFrameBytes = 17;
// A slow link passes its bytes in this many steps a second.
constexpr uint64_t kStepsPerSecond = 100;

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void NoDelay(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

// Connects to a port of this machine, which answers at once; -1 if nobody listens.
int Connect(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  TS_CHECK(socket >= 0);
  const sockaddr_in address = Loopback(port);
  if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    close(socket);
    return -1;
  }
  NoDelay(socket);
  fcntl(socket, F_SETFL, O_NONBLOCK);
  return socket;
}

// Makes the close of a socket a reset, in which what was not yet delivered is lost.
void SetReset(int socket) {
  const linger at_once = {.l_onoff = 1, .l_linger = 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

bool WouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

struct TcpProxy::Connection {
  Connection(int client, int server)
      : up{.from = client, .to = server, .pending = {}},
        down{.from = server, .to = client, .pending = {}} {}
  ~Connection() {
    close(up.from);
    close(up.to);
  }
  Flow up;
  Flow down;
};

TcpProxy::TcpProxy() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  TS_CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  TS_CHECK(listen(listener_, SOMAXCONN) == 0);
  TS_CHECK(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  address_ = absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
  std::array<int, 2> ends{};
  TS_CHECK(pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) == 0);
  wake_reader_ = ends[0];
  wake_writer_ = ends[1];
  thread_ = std::thread([this] { Run(); });
}

TcpProxy::~TcpProxy() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  Wake();
  thread_.join();
  connections_.clear();
  close(listener_);
  close(wake_reader_);
  close(wake_writer_);
}

void TcpProxy::SetTarget(const std::string& address) {
  const std::lock_guard lock(mutex_);
  target_port_ = std::stoi(address.substr(address.rfind(':') + 1));
}

void TcpProxy::SetRefuse(bool refuse) {
  const std::lock_guard lock(mutex_);
  refuse_ = refuse;
}

void TcpProxy::CutNow() {
  {
    const std::lock_guard lock(mutex_);
    CutAll();
  }
  Wake();
}

void TcpProxy::CutAfter(Direction direction, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  cut_ = Cut{.direction = direction, .bytes_left = bytes};
}

void TcpProxy::SetBytesPerSecondMax(uint64_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    bytes_per_second_max_ = bytes;
  }
  Wake();
}

void TcpProxy::SetStopped(Direction direction, bool stop) {
  {
    const std::lock_guard lock(mutex_);
    (direction == Direction::kUp ? up_stopped_ : down_stopped_) = stop;
  }
  Wake();
}

void TcpProxy::SetDelay(absl::Duration delay) {
  const std::lock_guard lock(mutex_);
  delay_ = delay;
}

TcpProxy::Traffic TcpProxy::traffic() const {
  const std::lock_guard lock(mutex_);
  return traffic_;
}

void TcpProxy::Run() {
  while (Wait()) {
    const std::lock_guard lock(mutex_);
    Accept();
    for (auto place = connections_.begin(); place != connections_.end();) {
      Connection& connection = **place;
      const size_t count = connections_.size();
      const bool up = Pump(connection.up, Direction::kUp);
      // A cut takes all connections, this one as well.
      if (connections_.size() != count) break;
      const bool down = Pump(connection.down, Direction::kDown);
      if (connections_.size() != count) break;
      place = up && down ? std::next(place) : connections_.erase(place);
    }
  }
}

bool TcpProxy::Wait() {
  std::vector<pollfd> polled = {{.fd = listener_, .events = POLLIN, .revents = 0},
                                {.fd = wake_reader_, .events = POLLIN, .revents = 0}};
  int timeout_ms = -1;
  {
    const std::lock_guard lock(mutex_);
    if (ending_) return false;
    const absl::Time now = absl::Now();
    for (const auto& connection : connections_) {
      for (const Direction direction : {Direction::kUp, Direction::kDown}) {
        const Flow& flow = direction == Direction::kUp ? connection->up : connection->down;
        if (IsStopped(direction)) continue;
        if (flow.next() > now) {
          timeout_ms = static_cast<int>(1000 / kStepsPerSecond);
        } else if (!flow.pending.empty()) {
          polled.push_back({.fd = flow.to, .events = POLLOUT, .revents = 0});
        } else {
          polled.push_back({.fd = flow.from, .events = POLLIN, .revents = 0});
        }
      }
    }
  }
  poll(polled.data(), polled.size(), timeout_ms);
  std::array<char, 64> dropped;
  while (read(wake_reader_, dropped.data(), dropped.size()) > 0) {
  }
  return true;
}

void TcpProxy::Wake() const {
  const char byte = 0;
  // A full pipe wakes as well.
  [[maybe_unused]] const ssize_t written = write(wake_writer_, &byte, 1);
}

void TcpProxy::Accept() {
  while (true) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0) return;
    const int server = refuse_ || target_port_ == 0 ? -1 : Connect(target_port_);
    if (server < 0) {
      SetReset(client);
      close(client);
      continue;
    }
    NoDelay(client);
    connections_.push_back(std::make_unique<Connection>(client, server));
    ++traffic_.connections;
    traffic_.accept_time = absl::Now();
  }
}

bool TcpProxy::IsStopped(Direction direction) const {
  return direction == Direction::kUp ? up_stopped_ : down_stopped_;
}

bool TcpProxy::Pump(Flow& flow, Direction direction) {
  if (IsStopped(direction)) return true;
  if (flow.pending.empty() && absl::Now() >= flow.next_read && !Read(flow, direction)) return false;
  if (flow.pending.empty() || absl::Now() < flow.next_write) return true;
  const ssize_t written =
      send(flow.to, flow.pending.data(), flow.pending.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (written < 0) return WouldBlock();
  flow.pending.erase(0, static_cast<size_t>(written));
  if (cut_ && cut_->direction == direction && cut_->bytes_left == 0 && flow.pending.empty()) {
    cut_.reset();
    CutAll();
  }
  return true;
}

// Takes up to one chunk from a flow; false when its sender has ended.
bool TcpProxy::Read(Flow& flow, Direction direction) {
  uint64_t bytes_max = kChunkBytesMax;
  if (bytes_per_second_max_ != 0) {
    bytes_max = std::clamp<uint64_t>(bytes_per_second_max_ / kStepsPerSecond, 1, bytes_max);
  }
  const bool to_be_cut = cut_ && cut_->direction == direction;
  if (to_be_cut) bytes_max = std::min(bytes_max, std::max<uint64_t>(cut_->bytes_left, 1));
  flow.pending.resize(bytes_max);
  const ssize_t got = recv(flow.from, flow.pending.data(), bytes_max, MSG_DONTWAIT);
  const bool open = got > 0 || (got < 0 && WouldBlock());
  flow.pending.resize(got > 0 ? static_cast<size_t>(got) : 0);
  if (flow.pending.empty()) return open;

  const uint64_t bytes = flow.pending.size();
  const absl::Time now = absl::Now();
  if (to_be_cut) cut_->bytes_left -= std::min(cut_->bytes_left, bytes);
  flow.next_write = now + delay_;
  if (bytes_per_second_max_ != 0) {
    flow.next_read = now + absl::Seconds(1) * static_cast<int64_t>(bytes) /
                               static_cast<int64_t>(bytes_per_second_max_);
  }
  if (direction == Direction::kUp) {
    traffic_.bytes_up += bytes;
    if (bytes != kPingFrameBytes) traffic_.last_up_time = now;
  } else {
    traffic_.bytes_down += bytes;
  }
  return true;
}

void TcpProxy::CutAll() {
  for (const auto& connection : connections_) {
    SetReset(connection->up.from);
    SetReset(connection->up.to);
  }
  connections_.clear();
}

}  // namespace trialsync::end_to_end
