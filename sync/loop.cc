// SPDX-License-Identifier: Apache-2.0
#include "sync/loop.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/check.h"
#include "sync/limits.h"

namespace trialsync::sync {
namespace {

void FailClients(std::span<const Input> group, const absl::Status& failure, Port* port) {
  for (const Input& input : group) {
    const auto* request = std::get_if<ClientRequest>(&input);
    if (request == nullptr) continue;
    Answer answer;
    answer.token = request->token;
    answer.status = absl::UnavailableError(absl::StrCat(
        "not saved: the store cannot be written (", failure.message(),
        "); what was saved before is safe; see trialsync status, mend the disk and restart"));
    port->Deliver(std::move(answer));
  }
}

}  // namespace

Loop::Loop(storage::Kv* store, storage::Head* head, Machine* machine, Port* port)
    : store_(store), head_(head), machine_(machine), port_(port) {}

absl::Status Loop::Run(std::span<const Input> group, absl::Time now) {
  TS_CHECK(group.size() <= kGroupInputsMax);
  Ready ready;
  if (failure_.ok()) failure_ = machine_->Step(group, now, store_->Latest(), ready);
  if (failure_.ok() && !ready.writes.empty()) {
    failure_ = storage::WriteGroup(*store_, *head_, ready.writes, ready.note);
  }
  if (!failure_.ok()) {
    FailClients(group, failure_, port_);
    return failure_;
  }
  for (Send& send : ready.sends) port_->SendMessage(std::move(send));
  for (const SessionId session : ready.closes) port_->CloseSession(session);
  for (Answer& answer : ready.answers) port_->Deliver(std::move(answer));
  for (Event& event : ready.events) port_->Log(std::move(event));
  return absl::OkStatus();
}

}  // namespace trialsync::sync
