// SPDX-License-Identifier: Apache-2.0
#include "sync/base64.h"

#include "absl/strings/escaping.h"

namespace trialsync::sync {

std::string ToBase64(std::string_view bytes) {
  return absl::Base64Escape(absl::string_view(bytes.data(), bytes.size()));
}

std::optional<std::string> FromBase64(std::string_view text) {
  std::string bytes;
  const bool decoded = absl::Base64Unescape(absl::string_view(text.data(), text.size()), &bytes);
  // The decoder is lenient.
  if (!decoded || ToBase64(bytes) != text) return std::nullopt;
  return bytes;
}

}  // namespace trialsync::sync
