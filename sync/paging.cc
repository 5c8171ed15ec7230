// SPDX-License-Identifier: Apache-2.0
#include "sync/paging.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "sync/present.h"

namespace trialsync::sync {

absl::StatusOr<size_t> PageSize(int32_t requested) {
  if (requested < 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "page_size is ", requested, ": give a positive number, or 0 for ", kPageSizeDefault));
  }
  if (requested == 0) return static_cast<size_t>(kPageSizeDefault);
  return static_cast<size_t>(std::min(requested, kPageSizeMax));
}

std::string PageToken(std::string_view list, std::string_view last) {
  const std::string raw = std::string(list).append(":").append(last);
  return absl::WebSafeBase64Escape(raw);
}

absl::StatusOr<std::string> LastOfPage(std::string_view list, std::string_view token) {
  if (token.empty()) return std::string();
  const std::string head = std::string(list).append(":");
  std::string raw;
  const bool decoded =
      absl::WebSafeBase64Unescape(absl::string_view(token.data(), token.size()), &raw);
  if (!decoded || !raw.starts_with(head) || raw.size() == head.size()) {
    return absl::InvalidArgumentError(
        "page_token is none that this list gave: begin again without one");
  }
  return raw.substr(head.size());
}

}  // namespace trialsync::sync
