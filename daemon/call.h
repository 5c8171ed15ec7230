// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_CALL_H_
#define TRIALSYNC_DAEMON_CALL_H_

#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/backend.h"
#include "daemon/full_names.h"
#include "daemon/sight.h"

namespace grpc {
class CallbackServerContext;
class ServerUnaryReactor;
class Status;
}  // namespace grpc

// What every unary method of the services does.
namespace trialsync::daemon {

// The same code and words.
grpc::Status ToGrpcStatus(const absl::Status& status);

// One call until it is answered. A value; the pointers are gRPC's, valid until Finish().
struct Call {
  const Backend* backend;
  const char* method;
  grpc::CallbackServerContext* context;
  grpc::ServerUnaryReactor* reactor;

  Call(const Backend* backend_of_call, const char* method_name,
       grpc::CallbackServerContext* context_of_call);

  // Sends what stood in the way with the answer, unless it is too large to travel there.
  void AddConflict(const v1::WriteConflict& conflict) const;
  // Answers. The response that the call was made with must be filled in before.
  void Finish(const absl::Status& status) const;
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
    if (answer.conflict) call.AddConflict(*answer.conflict);
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
