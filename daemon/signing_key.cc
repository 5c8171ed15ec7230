// SPDX-License-Identifier: Apache-2.0
#include "daemon/signing_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "sync/base64.h"

namespace trialsync::daemon {
namespace {

namespace fs = std::filesystem;

constexpr char kFile[] = "signing_key";
constexpr char kPrefix[] = "PRIVATE+KEY+";
constexpr char kEd25519 = 0x01;
constexpr size_t kSecretBytes = 32;

std::string Format(const std::string& name, const std::string& secret, uint32_t id) {
  return absl::StrCat(kPrefix, name, "+", absl::StrFormat("%08x", id), "+",
                      sync::ToBase64(std::string(1, kEd25519) + secret), "\n");
}

absl::StatusOr<sync::SigningKey> Parse(const std::string& text, const std::string& path) {
  const absl::Status wrong = absl::FailedPreconditionError(
      absl::StrCat(path, " holds no signing key: put back the one that this coordinator had"));
  const std::vector<std::string> parts = absl::StrSplit(absl::StripAsciiWhitespace(text), '+');
  if (parts.size() < 5) return wrong;
  // Base 64 has plus signs too.
  const size_t body = parts[0].size() + parts[1].size() + parts[2].size() + parts[3].size() + 4;
  const std::string stripped(absl::StripAsciiWhitespace(text));
  const std::optional<std::string> bytes = sync::FromBase64(stripped.substr(body));
  if (!bytes || bytes->size() != 1 + kSecretBytes || bytes->front() != kEd25519) return wrong;
  absl::StatusOr<sync::SigningKey> key = sync::SigningKey::FromSecret(parts[2], bytes->substr(1));
  if (!key.ok() || Format(parts[2], bytes->substr(1), key->verifier().id()) != stripped + "\n") {
    return wrong;
  }
  return key;
}

// Makes the file, for its owner alone, and only if there is none.
absl::Status Write(const std::string& path, const std::string& text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  const bool written = file >= 0 &&
                       write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       fsync(file) == 0;
  const std::string reason = std::strerror(errno);
  if (file >= 0) close(file);
  if (written) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("cannot write ", path, ": ", reason, "; check its disk and rights"));
}

}  // namespace

absl::StatusOr<sync::SigningKey> OpenSigningKey(const std::string& directory,
                                                const std::string& name, bool may_make,
                                                sync::Entropy& entropy) {
  const std::string path = (fs::path(directory) / kFile).string();
  std::error_code error;
  if (fs::exists(path, error)) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!file) return absl::InternalError(absl::StrCat("cannot read ", path, "; check its rights"));
    return Parse(text, path);
  }
  if (!may_make) {
    return absl::FailedPreconditionError(
        absl::StrCat("the signing key ", path,
                     " is gone, and sites trust it: put back the copy that you keep of it"));
  }
  const std::string secret = entropy.Bytes(kSecretBytes);
  absl::StatusOr<sync::SigningKey> key = sync::SigningKey::FromSecret(name, secret);
  if (!key.ok()) return key.status();
  const absl::Status written = Write(path, Format(name, secret, key->verifier().id()));
  if (!written.ok()) return written;
  return key;
}

}  // namespace trialsync::daemon
