// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_BASE64_H_
#define TRIALSYNC_SYNC_BASE64_H_

#include <optional>
#include <string>
#include <string_view>

namespace trialsync::sync {

// Base 64 of RFC 4648 §4, with padding.
std::string ToBase64(std::string_view bytes);

// The bytes of which `text` is exactly ToBase64(); nullopt for anything else, such as spaces,
// missing padding, or bits that decode to nothing: so no two texts mean the same.
std::optional<std::string> FromBase64(std::string_view text);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_BASE64_H_
