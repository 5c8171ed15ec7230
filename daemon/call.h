// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_CALL_H_
#define TRIALSYNC_DAEMON_CALL_H_

#include <grpcpp/grpcpp.h>

#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/backend.h"
#include "daemon/full_names.h"
#include "daemon/limits.h"
#include "daemon/services.h"

// What every unary method of the services does. Has gRPC's headers: for the .cc files of services
// alone.
namespace trialsync::daemon {

inline grpc::Status ToGrpcStatus(const absl::Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

// One call until it is answered. A value; the pointers are gRPC's, valid until Finish().
struct Call {
  const Backend* backend;
  const char* method;
  grpc::CallbackServerContext* context;
  grpc::ServerUnaryReactor* reactor;

  Call(const Backend* backend_of_call, const char* method_name,
       grpc::CallbackServerContext* context_of_call)
      : backend(backend_of_call),
        method(method_name),
        context(context_of_call),
        reactor(context_of_call->DefaultReactor()) {}

  void Finish(const absl::Status& status) const {
    backend->metrics->CountCall(method, absl::StatusCodeToString(status.code()));
    reactor->Finish(ToGrpcStatus(status));
  }
};

// Answers with what `read` returns, from a thread of the workers.
template <typename Request, typename Response, typename ReadFunction>
grpc::ServerUnaryReactor* Read(const Call& call, const Request* request, Response* response,
                               ReadFunction read) {
  const absl::Status taken = call.backend->workers->Submit([call, request, response, read] {
    absl::StatusOr<Response> result = read(*call.backend, *request);
    if (result.ok()) *response = *std::move(result);
    call.Finish(result.status());
  });
  if (!taken.ok()) call.Finish(taken);
  return call.reactor;
}

template <typename Response>
void SubmitWork(const Call& call, sync::ClientWork work, Response* response) {
  call.backend->Submit(std::move(work), [call, response](sync::Answer answer) {
    if (answer.conflict && answer.conflict->ByteSizeLong() <= kConflictBytesMax) {
      call.context->AddTrailingMetadata(kConflictMetadataKey, answer.conflict->SerializeAsString());
    }
    if (answer.status.ok()) *response = std::get<Response>(std::move(answer.result));
    call.Finish(answer.status);
  });
}

// Answers when the loop has done the work and made it durable.
template <typename Request, typename Response>
grpc::ServerUnaryReactor* Write(const Call& call, const Request* request, Response* response) {
  if (!call.backend->at_centre()) {
    SubmitWork(call, *request, response);
    return call.reactor;
  }
  // Names are looked up in the store, so not on this thread.
  const absl::Status taken = call.backend->workers->Submit([call, request, response] {
    sync::ClientWork work = *request;
    const absl::Status status = CompleteNames(Sight(*call.backend), work);
    if (!status.ok()) return call.Finish(status);
    SubmitWork(call, std::move(work), response);
  });
  if (!taken.ok()) call.Finish(taken);
  return call.reactor;
}

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_CALL_H_
