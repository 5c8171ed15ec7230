// SPDX-License-Identifier: Apache-2.0
#include "sync/signed_note.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "study/text.h"
#include "sync/base64.h"

namespace trialsync::sync {
namespace {

constexpr std::string_view kDash = "\u2014 ";
constexpr size_t kIdBytes = 4;

absl::Status Malformed(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("this is not a signed note: ", why));
}

absl::Status CheckCharacters(std::string_view text) {
  const auto control = [](char c) { return static_cast<uint8_t>(c) < ' ' && c != '\n'; };
  if (std::any_of(text.begin(), text.end(), control)) {
    return Malformed("it has a control character");
  }
  return study::IsUtf8(text) ? absl::OkStatus() : Malformed("it is not UTF-8");
}

struct Signature {
  std::string name;
  uint32_t id = 0;
  std::string bytes;

  bool IsOf(const VerifierKey& key) const { return key.name() == name && key.id() == id; }
};

// A line without its end.
absl::StatusOr<Signature> ParseSignature(std::string_view line) {
  if (!line.starts_with(kDash)) return Malformed("a signature does not begin with a dash");
  line.remove_prefix(kDash.size());
  const size_t space = line.find(' ');
  if (space == line.npos) return Malformed("a signature has no space behind its name");
  Signature signature;
  signature.name = line.substr(0, space);
  if (!IsKeyName(signature.name)) return Malformed("the name of a signature is not one of a key");
  const std::optional<std::string> bytes = FromBase64(line.substr(space + 1));
  if (!bytes || bytes->size() <= kIdBytes) {
    return Malformed(absl::StrCat("the signature of ", study::Quoted(signature.name),
                                  " is not base64, or too short"));
  }
  for (const char byte : bytes->substr(0, kIdBytes)) {
    signature.id = signature.id << 8 | static_cast<uint8_t>(byte);
  }
  signature.bytes = bytes->substr(kIdBytes);
  return signature;
}

// `block` is all behind the blank line.
absl::StatusOr<std::vector<Signature>> ParseSignatures(std::string_view block) {
  if (!block.ends_with('\n')) return Malformed("its last line has no end");
  block.remove_suffix(1);
  const std::vector<std::string> lines =
      absl::StrSplit(absl::string_view(block.data(), block.size()), '\n');
  if (lines.size() > kNoteSignaturesMax) return Malformed("it has too many signatures");
  std::vector<Signature> signatures;
  for (const std::string& line : lines) {
    absl::StatusOr<Signature> signature = ParseSignature(line);
    if (!signature.ok()) return signature.status();
    signatures.push_back(*std::move(signature));
  }
  return signatures;
}

std::string NameAndId(const VerifierKey& key) {
  const std::string text = key.ToString();
  return text.substr(0, text.find('+', key.name().size() + 1));
}

}  // namespace

absl::StatusOr<std::string> SignNote(std::string_view text,
                                     std::span<const SigningKey* const> keys) {
  if (absl::Status status = CheckCharacters(text); !status.ok()) return status;
  if (!text.ends_with('\n')) return Malformed("its text does not end with a line end");
  if (keys.empty() || keys.size() > kNoteSignaturesMax) {
    return Malformed("it has no signature, or too many");
  }
  std::string note = absl::StrCat(std::string(text), "\n");
  for (const SigningKey* const key : keys) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) {
      bytes += static_cast<char>(key->verifier().id() >> shift & 0xff);
    }
    bytes += key->Sign(text);
    absl::StrAppend(&note, std::string(kDash), key->verifier().name(), " ", ToBase64(bytes), "\n");
  }
  return note;
}

absl::StatusOr<std::string> OpenNote(std::string_view note, std::span<const VerifierKey> keys) {
  if (absl::Status status = CheckCharacters(note); !status.ok()) return status;
  const size_t blank = note.rfind("\n\n");
  if (blank == note.npos) return Malformed("no blank line parts text and signatures");
  const std::string_view text = note.substr(0, blank + 1);
  const absl::StatusOr<std::vector<Signature>> signatures = ParseSignatures(note.substr(blank + 2));
  if (!signatures.ok()) return signatures.status();
  bool is_signed = false;
  for (const Signature& signature : *signatures) {
    for (const VerifierKey& key : keys) {
      if (!signature.IsOf(key)) continue;
      if (!key.Verify(text, signature.bytes)) {
        return absl::UnauthenticatedError(absl::StrCat(
            "the signature of ", NameAndId(key),
            " does not fit the text: one of the two was changed, or somebody else signed"));
      }
      is_signed = true;
    }
  }
  if (is_signed) return std::string(text);
  return absl::UnauthenticatedError(absl::StrCat(
      "it is not signed by ",
      absl::StrJoin(keys, ", ",
                    [](std::string* out, const VerifierKey& key) { *out += NameAndId(key); })));
}

}  // namespace trialsync::sync
