// SPDX-License-Identifier: Apache-2.0
#include "tests/end_to_end/probe.h"

#include <arpa/inet.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace trialsync::end_to_end {
namespace {

constexpr absl::Duration kDeadline = absl::Seconds(20);

std::string ToString(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

// Sends one message and takes one, which does for a unary method and for the first turn of a
// bidirectional stream alike.
std::string Exchange(const std::string& address, const std::string& method,
                     const std::string& request) {
  grpc::GenericStub stub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kDeadline));
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareCall(&context, method, &queue);
  const auto done = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  const grpc::Slice slice(request);
  grpc::ByteBuffer answer;
  call->StartCall(nullptr);
  bool ok = done();
  if (ok) {
    call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
    ok = done();
  }
  if (ok) {
    call->WritesDone(nullptr);
    ok = done();
  }
  if (ok) {
    call->Read(&answer, nullptr);
    ok = done();
  }
  grpc::Status status;
  call->Finish(&status, nullptr);
  done();
  return ok ? ToString(answer) : "";
}

}  // namespace

int HealthOf(const std::string& address) {
  // HealthCheckResponse: field 1, a varint.
  const std::string answer = Exchange(address, "/grpc.health.v1.Health/Check", "");
  return answer.size() == 2 && answer[0] == 0x08 ? answer[1] : 0;
}

std::string ReflectedServices(const std::string& address) {
  // ServerReflectionRequest: field 7 (list_services), the text "*".
  return Exchange(address, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                  "\x3a\x01*");
}

std::string HttpGet(const std::string& address, const std::string& path) {
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::string answer;
  if (connect(socket, reinterpret_cast<sockaddr*>(&server), sizeof(server)) == 0) {
    const std::string request = absl::StrCat("GET ", path, " HTTP/1.0\r\nHost: localhost\r\n\r\n");
    send(socket, request.data(), request.size(), MSG_NOSIGNAL);
    std::array<char, 4096> chunk;
    ssize_t got = 0;
    while ((got = recv(socket, chunk.data(), chunk.size(), 0)) > 0) {
      answer.append(chunk.data(), static_cast<size_t>(got));
    }
  }
  close(socket);
  return answer;
}

}  // namespace trialsync::end_to_end
