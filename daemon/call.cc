// SPDX-License-Identifier: Apache-2.0
#include "daemon/call.h"

#include <grpcpp/grpcpp.h>

#include <string>

#include "daemon/limits.h"
#include "daemon/metadata.h"

namespace trialsync::daemon {

grpc::Status ToGrpcStatus(const absl::Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

Call::Call(const Backend* backend_of_call, const char* method_name,
           grpc::CallbackServerContext* context_of_call)
    : backend(backend_of_call),
      method(method_name),
      context(context_of_call),
      reactor(context_of_call->DefaultReactor()) {}

void Call::AddConflict(const v1::WriteConflict& conflict) const {
  if (conflict.ByteSizeLong() > kConflictBytesMax) return;
  context->AddTrailingMetadata(kConflictMetadataKey, conflict.SerializeAsString());
}

void Call::Finish(const absl::Status& status) const {
  backend->metrics->CountCall(method, absl::StatusCodeToString(status.code()));
  if (!status.ok()) context->AddTrailingMetadata(kAnsweredMetadataKey, "1");
  reactor->Finish(ToGrpcStatus(status));
}

}  // namespace trialsync::daemon
