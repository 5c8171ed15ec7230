// SPDX-License-Identifier: Apache-2.0
#include "proto/digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>

#include "absl/strings/escaping.h"
#include "proto/check.h"

namespace trialsync {
namespace {

// Fetching an algorithm by name costs more than hashing a change, so it is done once.
const EVP_MD* Algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}

struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

EVP_MD_CTX* Context() {
  thread_local const std::unique_ptr<EVP_MD_CTX, ContextDeleter> context(EVP_MD_CTX_new());
  return context.get();
}

}  // namespace

std::string Sha256::hex() const { return ToHex(view()); }

Sha256 Sha256Of(std::initializer_list<std::string_view> parts) {
  EVP_MD_CTX* const context = Context();
  TS_CHECK(EVP_DigestInit_ex2(context, Algorithm(), nullptr) == 1);
  for (const std::string_view part : parts) {
    TS_CHECK(EVP_DigestUpdate(context, part.data(), part.size()) == 1);
  }
  Sha256 digest;
  TS_CHECK(EVP_DigestFinal_ex(context, digest.bytes.data(), nullptr) == 1);
  return digest;
}

Sha256 Sha256Of(std::string_view data) { return Sha256Of({data}); }

absl::StatusOr<Sha256> Sha256FromBytes(std::string_view bytes) {
  if (bytes.size() != Sha256::kBytes) {
    return absl::InvalidArgumentError("a SHA-256 digest has 32 bytes");
  }
  Sha256 digest;
  std::copy(bytes.begin(), bytes.end(), digest.bytes.begin());
  return digest;
}

std::string ToHex(std::string_view bytes) {
  return absl::BytesToHexString(absl::string_view(bytes.data(), bytes.size()));
}

absl::StatusOr<std::string> FromHex(std::string_view hex) {
  const bool valid = hex.size() % 2 == 0 && std::all_of(hex.begin(), hex.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
  if (!valid) return absl::InvalidArgumentError("not hexadecimal");
  return absl::HexStringToBytes(absl::string_view(hex.data(), hex.size()));
}

}  // namespace trialsync
