// SPDX-License-Identifier: Apache-2.0
#include "sync/note_key.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "proto/check.h"
#include "proto/digest.h"
#include "study/text.h"
#include "sync/base64.h"

namespace trialsync::sync {
namespace {

// The signature type of Ed25519 in signed notes.
constexpr char kEd25519Type = '\x01';

// White_Space of Unicode beyond ASCII, in UTF-8.
constexpr std::array<std::string_view, 19> kSpaces = {
    "\u0085", "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003",
    "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200a",
    "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"};

struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, ContextDeleter>;

const uint8_t* Bytes(std::string_view text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}

std::string Encoded(std::string_view public_key) {
  return absl::StrCat(std::string(1, kEd25519Type), std::string(public_key));
}

uint32_t KeyId(std::string_view name, std::string_view public_key) {
  const Sha256 digest = Sha256Of({name, "\n", Encoded(public_key)});
  uint32_t id = 0;
  for (size_t i = 0; i < sizeof(id); ++i) id = id << 8 | digest.bytes[i];
  return id;
}

absl::Status NotAKey(std::string_view text, std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat(study::Quoted(text), " is not a verifier key, NAME+ID+KEY: ", std::string(why)));
}

}  // namespace

bool IsKeyName(std::string_view name) {
  const auto refused = [](char c) { return static_cast<uint8_t>(c) <= ' ' || c == '+'; };
  const auto holds = [name](std::string_view space) { return name.find(space) != name.npos; };
  return !name.empty() && study::IsUtf8(name) && std::none_of(name.begin(), name.end(), refused) &&
         std::none_of(kSpaces.begin(), kSpaces.end(), holds);
}

absl::StatusOr<VerifierKey> VerifierKey::Parse(std::string_view text) {
  // The base64 may have a + as well.
  const std::vector<std::string> parts =
      absl::StrSplit(absl::string_view(text.data(), text.size()), absl::MaxSplits('+', 2));
  if (parts.size() != 3) return NotAKey(text, "it has not these three parts");
  const std::string& name = parts[0];
  if (!IsKeyName(name)) return NotAKey(text, "the name is empty, or has a space in it");
  const std::optional<std::string> key = FromBase64(parts[2]);
  if (!key) return NotAKey(text, "its last part is not base64");
  if (key->size() != 1 + kEd25519KeyBytes || key->front() != kEd25519Type) {
    return NotAKey(text, "it is of another kind than Ed25519");
  }
  VerifierKey parsed(name, key->substr(1));
  if (parsed.ToString() != text) {
    return NotAKey(text, "its id is not the one of this name and key; was it copied whole?");
  }
  return parsed;
}

VerifierKey::VerifierKey(std::string name, std::string public_key)
    : name_(std::move(name)), public_key_(std::move(public_key)), id_(KeyId(name_, public_key_)) {
  TS_CHECK(IsKeyName(name_) && public_key_.size() == kEd25519KeyBytes);
}

std::string VerifierKey::ToString() const {
  return absl::StrCat(name_, "+", absl::StrFormat("%08x", id_), "+",
                      ToBase64(Encoded(public_key_)));
}

bool VerifierKey::Verify(std::string_view message, std::string_view signature) const {
  EVP_PKEY* const key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(public_key_),
                                                    public_key_.size());
  const Context context(EVP_MD_CTX_new());
  TS_CHECK(key != nullptr && context != nullptr);
  const bool fits = EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
                    EVP_DigestVerify(context.get(), Bytes(signature), signature.size(),
                                     Bytes(message), message.size()) == 1;
  EVP_PKEY_free(key);
  return fits;
}

void SigningKey::Deleter::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

SigningKey::SigningKey(VerifierKey verifier, Secret secret)
    : verifier_(std::move(verifier)), secret_(std::move(secret)) {}

absl::StatusOr<SigningKey> SigningKey::FromSecret(std::string name, std::string_view secret) {
  if (!IsKeyName(name)) {
    return absl::InvalidArgumentError(
        absl::StrCat(study::Quoted(name),
                     " cannot be the name of a key: it is empty, or has a space or + in it"));
  }
  if (secret.size() != kEd25519KeyBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a signing key has ", kEd25519KeyBytes, " bytes, and not ", secret.size()));
  }
  Secret key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, Bytes(secret), secret.size()));
  TS_CHECK(key != nullptr);
  std::array<uint8_t, kEd25519KeyBytes> bytes;
  size_t size_bytes = bytes.size();
  TS_CHECK(EVP_PKEY_get_raw_public_key(key.get(), bytes.data(), &size_bytes) == 1 &&
           size_bytes == bytes.size());
  return SigningKey(VerifierKey(std::move(name), std::string(bytes.begin(), bytes.end())),
                    std::move(key));
}

std::string SigningKey::Sign(std::string_view message) const {
  const Context context(EVP_MD_CTX_new());
  std::array<uint8_t, kEd25519SignatureBytes> signature;
  size_t size_bytes = signature.size();
  TS_CHECK(context != nullptr &&
           EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, secret_.get()) == 1 &&
           EVP_DigestSign(context.get(), signature.data(), &size_bytes, Bytes(message),
                          message.size()) == 1 &&
           size_bytes == signature.size());
  return std::string(signature.begin(), signature.end());
}

}  // namespace trialsync::sync
