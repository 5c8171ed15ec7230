// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_STUDY_DECIMAL_H_
#define TRIALSYNC_STUDY_DECIMAL_H_

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace trialsync::study {

// Decimal numbers are kept as the text that was typed (`1.50` stays `1.50`) and are worked on as
// exact rationals; no function here rounds. All are pure and safe to call from any thread.
//
// A decimal is `[+-]digits[.digits][e[+-]digits]`, with at least one digit on each side of the
// point: `-1.50`, `2e-3`. Leading zeros are kept.

// Longest decimal text, in bytes. Stored values rely on it: it may grow, never shrink.
inline constexpr size_t kDecimalBytesMax = 64;
// Largest exponent, either sign. It keeps exact arithmetic cheap for input of any origin.
inline constexpr int kDecimalExponentMax = 99;

// OK if `text` is a decimal within the limits above; otherwise InvalidArgument with a sentence
// that says what is wrong and how to write it.
absl::Status ValidateDecimal(std::string_view text);

// The exact numeric order of two decimals: 1.5 and 1.50 are equivalent. `unordered` if either is
// no decimal, so input of any origin may be given.
std::partial_ordering CompareDecimals(std::string_view a, std::string_view b);

// The exact product in plain notation, without an exponent and without trailing zeros after the
// point (`1.50` x `17.104` = `25.656`). InvalidArgument if either is no decimal; OutOfRange if
// the product does not fit kDecimalBytesMax: it is never rounded to fit.
absl::StatusOr<std::string> MultiplyDecimals(std::string_view a, std::string_view b);

}  // namespace trialsync::study

#endif  // TRIALSYNC_STUDY_DECIMAL_H_
