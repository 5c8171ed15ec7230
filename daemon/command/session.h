// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_SESSION_H_
#define TRIALSYNC_DAEMON_COMMAND_SESSION_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/command/client.h"
#include "daemon/command/console.h"
#include "daemon/command/limits.h"
#include "google/protobuf/message.h"
#include "proto/names.h"

namespace trialsync::command {

// One run of the command: the options that every command takes, the console and the server.
class Session {
 public:
  explicit Session(Console& console) : console_(console) {}

  // --at, and -o.
  std::string address;
  std::string output = "text";

  bool json() const { return output == "json"; }
  std::ostream& out() { return console_.out; }
  std::ostream& err() { return console_.err; }
  bool interactive() const { return console_.interactive; }

  // Calls the method that takes this request; connects at the first call. Errors as Client's.
  template <typename Request>
  auto Call(const Request& request) -> decltype(std::declval<Client&>().Call(request)) {
    if (absl::Status status = Connect(); !status.ok()) return status;
    return client_->Call(request);
  }

  // The server itself, for what talks to another one too. Errors as Client::Create.
  absl::StatusOr<Client*> Server() {
    if (absl::Status status = Connect(); !status.ok()) return status;
    return client_.get();
  }

  absl::Status Verify(const std::function<void(const v1::VerifyProgress&)>& progress) {
    if (absl::Status status = Connect(); !status.ok()) return status;
    return client_->Verify(progress);
  }

  // Prints one message as a JSON object, in protobuf's own mapping with every field there.
  void PrintJson(const google::protobuf::Message& message);

  // Asks a person a yes-or-no question. Everything but y or yes is no, and so is a console at
  // which nobody sits.
  bool Confirm(const std::string& question);

 private:
  absl::Status Connect();

  Console& console_;
  std::unique_ptr<Client> client_;
};

// All pages of a list method as one response.
template <typename Response, typename Request>
absl::StatusOr<Response> ListAll(Session& session, Request request) {
  Response all;
  request.set_page_size(kPageSize);
  do {
    absl::StatusOr<Response> page = session.Call(request);
    if (!page.ok()) return page.status();
    request.set_page_token(page->next_page_token());
    page->clear_next_page_token();
    all.MergeFrom(*page);
  } while (!request.page_token().empty());
  return all;
}

// --study and --site, of which a site replica needs none.
struct PlaceOptions {
  std::string study;
  std::string site;
};

// The partition that is meant; what was not given is asked of the server. At a coordinator without
// --site, the site is `-`: all of them. A usage error if the study cannot be told, or is not there.
absl::StatusOr<SiteName> ResolvePlace(Session& session, const PlaceOptions& place);

// The same for a command that needs one hospital: a usage error where ResolvePlace says `-`.
absl::StatusOr<SiteName> ResolveSite(Session& session, const PlaceOptions& place);

// The full name of a record given by its full name or as SUBJECT/EVENT/FORM. The server is asked
// only for a short name whose place was not given.
absl::StatusOr<std::string> ResolveRecord(Session& session, const PlaceOptions& place,
                                          const std::string& name);

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_SESSION_H_
