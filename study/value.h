// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_STUDY_VALUE_H_
#define TRIALSYNC_STUDY_VALUE_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trialsync/v1/definition.pb.h"
#include "trialsync/v1/value.pb.h"

namespace trialsync::study {

// Values as people write them, as the wire carries them, and when two are the same.
// All functions are pure and safe to call from any thread.
//
// What is typed, by type of the item; nothing is trimmed, guessed or rounded:
//
//   text      any UTF-8 text that is not empty, at most kTextBytesMax
//   integer   0, 12, -7 within 64 bits; no plus sign, no leading zeros
//   decimal   1.50, -0.3, 2e-3 (study/decimal.h), kept as typed
//   quantity  <0.05 IU/mL: one of < <= > >= or nothing, a decimal, a space and a unit of the
//             item; the unit may be left out if the item has exactly one, and is then filled in
//   date      2024, 2024-05 or 2024-05-17, a day of the Gregorian calendar
//   time      09:30 or 09:30:15, from 00:00 to 23:59:59
//   boolean   true or false
//   coded     a code of the item's code list, not its label
//   any       missing:not_done, missing:unknown, missing:not_applicable, missing:refused
//
// A text that itself begins with `missing:` is written with one backslash before it, and one that
// begins with backslashes before `missing:` with one more.

// Longest text value, in bytes.
inline constexpr size_t kTextBytesMax = size_t{1} << 20;

// Whether `text` is a date as above; a partial one counts.
bool IsDate(std::string_view text);

// Reads what a person typed for `item` of `definition` (which has its code list). InvalidArgument
// if it is no value of this item: the sentence names the item, the text, what is expected, and an
// example. FailedPrecondition for an item or a code that is retired. `site_only` plays no part
// here: the value is the one that stays at the hospital.
absl::StatusOr<v1::Value> ParseValue(const v1::StudyDefinition& definition,
                                     const v1::ItemDefinition& item, std::string_view text);

// The canonical text of `value`: what ParseValue reads back as the same value, byte for byte. A
// withheld value gives `(withheld)`, which nobody can type, and an unset one the empty text.
std::string FormatValue(const v1::Value& value);

// Whether `value` may stand for `item` in a replicated change; for admission. As strict as
// ParseValue, and with its codes and sentences. Besides: a `site_only` item carries only withheld
// or a missing reason, and no other item may be withheld. The sentence never holds the value of a
// `site_only` item.
absl::Status ValidateValue(const v1::StudyDefinition& definition, const v1::ItemDefinition& item,
                           const v1::Value& value);

// The same for the hospital's own copy: what a client there hands in before `site_only` values are
// taken out. Withheld is never allowed.
absl::Status ValidateLocalValue(const v1::StudyDefinition& definition,
                                const v1::ItemDefinition& item, const v1::Value& value);

// Whether `value` is of the item's type, with a code or unit that the item has, retired or not:
// it can be read under this definition, whether or not it could be written. Missing and withheld
// can always be read.
bool CanRead(const v1::StudyDefinition& definition, const v1::ItemDefinition& item,
             const v1::Value& value);

// Of two recorded values: are they the same?
enum class Comparison { kEqual, kNotEqual, kUndecidable };

// Equal are: decimals that are numerically equal (1.5 and 1.50); quantities with the same
// comparator, numerically equal number and same unit; everything else iff it is written the same.
// Undecidable are: quantities that may or may not agree (`<0.05` and `0.03`; two units), a partial
// date or time and one within it, and two withheld values. Values of different kinds, missing ones
// with different reasons, and an unset value and any other are not equal. The merge takes
// kUndecidable for "not equal".
Comparison CompareValues(const v1::Value& a, const v1::Value& b);

}  // namespace trialsync::study

#endif  // TRIALSYNC_STUDY_VALUE_H_
