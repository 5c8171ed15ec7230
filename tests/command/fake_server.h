// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_COMMAND_FAKE_SERVER_H_
#define TRIALSYNC_TESTS_COMMAND_FAKE_SERVER_H_

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace trialsync::command {

// A gRPC server on a free loopback port that answers each method as a test says; any other with
// UNIMPLEMENTED. It serves one call after the other, on a thread of its own.
class FakeServer {
 public:
  FakeServer();
  ~FakeServer();

  const std::string& address() const { return address_; }

  // Answers the method that takes `Request`. Errors are sent as they are; the payload that
  // WithConflict adds goes into the trailing metadata. Set before the method is called.
  template <typename Request, typename Response>
  void On(std::function<absl::Status(const Request&, Response*)> answer) {
    OnStream<Request, Response>([answer](const Request& request, std::vector<Response>* responses) {
      return answer(request, &responses->emplace_back());
    });
  }

  // The same for a method with a stream of answers.
  template <typename Request, typename Response>
  void OnStream(std::function<absl::Status(const Request&, std::vector<Response>*)> answer) {
    const std::lock_guard<std::mutex> lock(mutex_);
    answers_[Request::descriptor()->full_name()] = [answer](const std::string& bytes,
                                                            std::vector<std::string>* replies) {
      Request request;
      if (!request.ParseFromString(bytes)) return absl::InternalError("not such a request");
      std::vector<Response> responses;
      absl::Status status = answer(request, &responses);
      for (const Response& response : responses) {
        replies->push_back(response.SerializeAsString());
      }
      return status;
    };
  }

  // What a test wrote before this is seen by the answers that follow, and the other way round, by
  // the sanitizers too, which cannot look into gRPC.
  void Synchronise() const { const std::lock_guard<std::mutex> lock(mutex_); }

 private:
  using Answer = std::function<absl::Status(const std::string&, std::vector<std::string>*)>;
  struct Grpc;

  void Serve();
  bool ServeOne();
  absl::Status Dispatch(const std::string& method, const std::string& request,
                        std::vector<std::string>* replies) const;

  // Held while an answer is made, and while a call is asked for, which must not happen once the
  // server is shut down.
  mutable std::mutex mutex_;
  bool stopping_ = false;
  std::map<std::string, Answer> answers_;
  std::string address_;
  std::unique_ptr<Grpc> grpc_;
};

// `status` with a conflict, as a server tells it.
absl::Status WithConflict(absl::Status status, const google::protobuf::Message& conflict);

}  // namespace trialsync::command

#endif  // TRIALSYNC_TESTS_COMMAND_FAKE_SERVER_H_
