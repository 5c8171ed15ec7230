// SPDX-License-Identifier: Apache-2.0
#include "sync/machine.h"

#include <algorithm>

#include "storage/key.h"

namespace trialsync::sync {

namespace {

uint64_t CommitsIn(const v1::LogFrame& frame) {
  const uint64_t end = frame.checkpoint().log().size() + 1;
  return end - std::min(end, frame.first_number());
}

}  // namespace

uint64_t CommitsIn(const Input& input) {
  uint64_t commits = 1;
  if (const auto* received = std::get_if<MessageReceived>(&input)) {
    if (const auto* up = std::get_if<v1::SiteMessage>(&received->message)) {
      commits = std::max<uint64_t>(up->batch().count(), CommitsIn(up->hand_over().frame()));
    } else {
      commits = CommitsIn(std::get<v1::CoordinatorMessage>(received->message).log_frame());
    }
  } else if (const auto* request = std::get_if<ClientRequest>(&input)) {
    const auto* batch = std::get_if<v1::BatchWriteRecordsRequest>(&request->work);
    if (batch != nullptr) commits = static_cast<uint64_t>(batch->requests_size());
  }
  return std::max<uint64_t>(commits, 1);
}

uint64_t Entropy::U64() { return storage::KeyReader(Bytes(sizeof(uint64_t))).U64(); }

}  // namespace trialsync::sync
