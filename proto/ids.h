// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_PROTO_IDS_H_
#define TRIALSYNC_PROTO_IDS_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/digest.h"

// Identifiers as strong types. All are values.
namespace trialsync {

// 16 bytes that name something; `Tag` keeps one kind from being taken for another.
template <typename Tag>
struct Id16 {
  static constexpr size_t kBytes = 16;
  std::array<uint8_t, kBytes> bytes{};

  // From exactly 16 bytes; nullopt for any other length.
  static std::optional<Id16> From(std::string_view raw) {
    if (raw.size() != kBytes) return std::nullopt;
    Id16 id;
    std::copy(raw.begin(), raw.end(), id.bytes.begin());
    return id;
  }

  std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  std::string str() const { return std::string(view()); }
  std::string hex() const { return ToHex(view()); }
  bool is_zero() const { return *this == Id16(); }
  auto operator<=>(const Id16&) const = default;

  template <typename H>
  friend H AbslHashValue(H state, const Id16& id) {
    return H::combine(std::move(state), id.bytes);
  }
};

// First 16 bytes of SHA-256(authored bytes). Everything refers to a change by it.
using ChangeId = Id16<struct ChangeIdTag>;

// One installed store that makes changes.
using ReplicaId = Id16<struct ReplicaIdTag>;

// The change id of `authored_digest` = SHA-256(authored bytes).
inline ChangeId ChangeIdOf(const Sha256& authored_digest) {
  return *ChangeId::From(authored_digest.view().substr(0, ChangeId::kBytes));
}

// The chain of changes that a replica makes between two restores.
struct ChainId {
  ReplicaId replica;
  uint64_t incarnation = 0;
  auto operator<=>(const ChainId&) const = default;

  template <typename H>
  friend H AbslHashValue(H state, const ChainId& id) {
    return H::combine(std::move(state), id.replica, id.incarnation);
  }
};

// A change's place on its replica's chain. `seq` counts from 1, per partition.
struct Stamp {
  ChainId chain;
  uint64_t seq = 0;
  auto operator<=>(const Stamp&) const = default;
};

// A partition (study, site) within one store: a small number, so that keys are short.
struct PartitionNumber {
  uint32_t value = 0;
  auto operator<=>(const PartitionNumber&) const = default;
};

}  // namespace trialsync

#endif  // TRIALSYNC_PROTO_IDS_H_
