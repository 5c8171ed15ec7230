// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_SIGNED_NOTE_H_
#define TRIALSYNC_SYNC_SIGNED_NOTE_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sync/note_key.h"

// A text with the signatures under it, as c2sp.org/signed-note has it: the text, a blank line, and
// one line `— NAME BASE64(key id ‖ signature)` for each signature. All functions are pure.
namespace trialsync::sync {

// Signatures that a note may have, known or not; the format asks for at least 16.
inline constexpr size_t kNoteSignaturesMax = 100;

// `text` signed by each of the keys, in their order. INVALID_ARGUMENT unless the text is UTF-8, has
// no control characters but line ends, and ends with one; or if there is no key or too many.
absl::StatusOr<std::string> SignNote(std::string_view text,
                                     std::span<const SigningKey* const> keys);

// The text of a note, if at least one of these keys signed it and no signature of theirs is wrong.
// Signatures of other keys are passed over, also if they bear the name or the id of a known one.
// INVALID_ARGUMENT says what is not as the format has it; UNAUTHENTICATED that a signature does not
// fit the text, or that none of the keys signed.
absl::StatusOr<std::string> OpenNote(std::string_view note, std::span<const VerifierKey> keys);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_SIGNED_NOTE_H_
