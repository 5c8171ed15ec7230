// SPDX-License-Identifier: Apache-2.0
#include <type_traits>
#include <variant>

#include "absl/strings/str_cat.h"
#include "tests/system/driver.h"

namespace trialsync::system_test {
namespace {

constexpr char kSecretName[] = "name";

// Everything that an answer tells, as one text.
std::string TextOf(const sync::Answer& answer) {
  std::string text(answer.status.message());
  if (answer.conflict) absl::StrAppend(&text, answer.conflict->SerializeAsString());
  if (answer.status.ok()) {
    std::visit(
        [&](const auto& result) {
          if constexpr (!std::is_same_v<std::decay_t<decltype(result)>, std::monostate>) {
            absl::StrAppend(&text, result.SerializeAsString());
          }
        },
        answer.result);
  }
  return text;
}

}  // namespace

void Driver::NoteSecrets(const Place& place, const sync::ClientWork& work,
                         const sync::Answer& answer) {
  Secrets& secrets = checker_.secrets();
  const auto note = [&](const v1::WriteRecordRequest& request,
                        const v1::WriteRecordResponse* response) {
    for (int i = 0; i < request.items_size(); ++i) {
      if (request.items(i).item() != kSecretName) continue;
      secrets.NoteGiven(*place.node, request.items(i).text());
      const bool saved = response != nullptr && !response->changes().empty() &&
                         response->results(i).outcome() != v1::OUTCOME_UNSPECIFIED;
      if (!saved) continue;
      if (request.items_size() > 1) probes_->Hit("a secret beside other items");
      secrets.NoteSaved(*place.node, place.site, *response->changes().rbegin(),
                        request.items(i).text());
    }
  };
  if (const auto* write = std::get_if<v1::WriteRecordRequest>(&work)) {
    note(*write, std::get_if<v1::WriteRecordResponse>(&answer.result));
  }
  if (const auto* batch = std::get_if<v1::BatchWriteRecordsRequest>(&work)) {
    const auto* response = std::get_if<v1::BatchWriteRecordsResponse>(&answer.result);
    for (int i = 0; i < batch->requests_size(); ++i) {
      const bool has = response != nullptr && response->results(i).has_response();
      note(batch->requests(i), has ? &response->results(i).response() : nullptr);
    }
  }
  if (const auto* settle = std::get_if<v1::SettleDiscrepancyRequest>(&work)) {
    secrets.NoteGiven(*place.node, settle->value());
  }
  if (failure_.empty()) failure_ = Secrets::CheckBytes(TextOf(answer), "an answer");
}

}  // namespace trialsync::system_test
