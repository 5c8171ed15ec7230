// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_PROTO_DIGEST_H_
#define TRIALSYNC_PROTO_DIGEST_H_

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace trialsync {

// A SHA-256 digest (FIPS 180-4). A value type.
struct Sha256 {
  static constexpr size_t kBytes = 32;
  std::array<uint8_t, kBytes> bytes{};

  std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  std::string str() const { return std::string(view()); }
  std::string hex() const;
  auto operator<=>(const Sha256&) const = default;
};

// The digest of `data`.
Sha256 Sha256Of(std::string_view data);

// The digest of the parts one after the other.
Sha256 Sha256Of(std::initializer_list<std::string_view> parts);

// A digest from its 32 bytes; INVALID_ARGUMENT for any other length.
absl::StatusOr<Sha256> Sha256FromBytes(std::string_view bytes);

// Lower case hexadecimal, and back; FromHex returns INVALID_ARGUMENT for anything else.
std::string ToHex(std::string_view bytes);
absl::StatusOr<std::string> FromHex(std::string_view hex);

}  // namespace trialsync

#endif  // TRIALSYNC_PROTO_DIGEST_H_
