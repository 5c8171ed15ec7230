// SPDX-License-Identifier: Apache-2.0
#include "tests/command/fake_server.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <thread>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "daemon/metadata.h"

namespace trialsync::command {
namespace {

constexpr char kConflictPayload[] = "test/conflict";

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string ToBytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

}  // namespace

struct FakeServer::Grpc {
  // False once the server is shut down, or the call is broken.
  bool Wait() const {
    void* tag = nullptr;
    bool ok = false;
    return queue->Next(&tag, &ok) && ok;
  }

  grpc::AsyncGenericService service;
  std::unique_ptr<grpc::ServerCompletionQueue> queue;
  std::unique_ptr<grpc::Server> server;
  std::thread thread;
};

FakeServer::FakeServer() : grpc_(std::make_unique<Grpc>()) {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterAsyncGenericService(&grpc_->service);
  grpc_->queue = builder.AddCompletionQueue();
  grpc_->server = builder.BuildAndStart();
  address_ = absl::StrCat("127.0.0.1:", port);
  grpc_->thread = std::thread([this] { Serve(); });
}

FakeServer::~FakeServer() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  grpc_->server->Shutdown();
  grpc_->queue->Shutdown();
  grpc_->thread.join();
}

void FakeServer::Serve() {
  while (ServeOne()) {
  }
  while (grpc_->Wait()) {
  }
}

bool FakeServer::ServeOne() {
  grpc::GenericServerContext context;
  grpc::GenericServerAsyncReaderWriter stream(&context);
  void* const tag = this;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_) return false;
    grpc_->service.RequestCall(&context, &stream, grpc_->queue.get(), grpc_->queue.get(), tag);
  }
  if (!grpc_->Wait()) return false;
  grpc::ByteBuffer request;
  stream.Read(&request, tag);
  if (!grpc_->Wait()) return false;
  std::vector<std::string> replies;
  const absl::Status status = Dispatch(context.method(), ToBytes(request), &replies);
  if (const auto conflict = status.GetPayload(kConflictPayload)) {
    context.AddTrailingMetadata(daemon::kConflictMetadataKey, std::string(*conflict));
  }
  if (!status.ok()) context.AddTrailingMetadata(daemon::kAnsweredMetadataKey, "1");
  for (const std::string& reply : replies) {
    stream.Write(ToBuffer(reply), tag);
    if (!grpc_->Wait()) return false;
  }
  stream.Finish(
      grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message())),
      tag);
  return grpc_->Wait();
}

absl::Status FakeServer::Dispatch(const std::string& method, const std::string& request,
                                  std::vector<std::string>* replies) const {
  const std::string name = absl::StrReplaceAll(method.substr(1), {{"/", "."}});
  const auto* descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(name);
  if (descriptor == nullptr) return absl::UnimplementedError(method);
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto answer = answers_.find(descriptor->input_type()->full_name());
  if (answer == answers_.end()) return absl::UnimplementedError(method);
  const absl::Status status = answer->second(request, replies);
  if (!status.ok() && !descriptor->server_streaming()) replies->clear();
  return status;
}

absl::Status WithConflict(absl::Status status, const google::protobuf::Message& conflict) {
  status.SetPayload(kConflictPayload, absl::Cord(conflict.SerializeAsString()));
  return status;
}

}  // namespace trialsync::command
