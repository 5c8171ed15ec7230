// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_NOTE_KEY_H_
#define TRIALSYNC_SYNC_NOTE_KEY_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

// Ed25519 keys (RFC 8032) as signed notes name them: c2sp.org/signed-note.
namespace trialsync::sync {

inline constexpr size_t kEd25519KeyBytes = 32;
inline constexpr size_t kEd25519SignatureBytes = 64;

// Whether `name` can be that of a key: UTF-8, not empty, without Unicode spaces, control characters
// and `+`.
bool IsKeyName(std::string_view name);

// The public half of a key: all that one needs who checks. A value type.
class VerifierKey {
 public:
  // Reads `NAME+HEX(id)+BASE64(01 ‖ public key)`. INVALID_ARGUMENT says what is wrong with any
  // other text, as with an id that is not the one of name and key.
  static absl::StatusOr<VerifierKey> Parse(std::string_view text);

  // Requires a valid name and 32 bytes.
  VerifierKey(std::string name, std::string public_key);

  const std::string& name() const { return name_; }
  // The first four bytes of SHA-256(name ‖ 0A ‖ 01 ‖ public key), big-endian: with the name it
  // tells which key signed. No evidence by itself.
  uint32_t id() const { return id_; }

  // What Parse() reads.
  std::string ToString() const;

  // Whether `signature` is this key's over `message`. False for one that is not of 64 bytes.
  bool Verify(std::string_view message, std::string_view signature) const;

  bool operator==(const VerifierKey&) const = default;

 private:
  std::string name_;
  std::string public_key_;
  uint32_t id_;
};

// A key that signs. Can be moved and not copied; safe for concurrent use. It is kept by its 32
// bytes of entropy, the secret of RFC 8032: whoever has these can sign.
class SigningKey {
 public:
  // The key of this secret. INVALID_ARGUMENT unless the name is valid and the secret has 32 bytes.
  static absl::StatusOr<SigningKey> FromSecret(std::string name, std::string_view secret);

  const VerifierKey& verifier() const { return verifier_; }

  // 64 bytes, the same for the same message.
  std::string Sign(std::string_view message) const;

 private:
  struct Deleter {
    void operator()(evp_pkey_st* key) const;
  };
  using Secret = std::unique_ptr<evp_pkey_st, Deleter>;

  SigningKey(VerifierKey verifier, Secret secret);

  VerifierKey verifier_;
  Secret secret_;
};

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_NOTE_KEY_H_
