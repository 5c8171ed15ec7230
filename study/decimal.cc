// SPDX-License-Identifier: Apache-2.0
#include "study/decimal.h"

#include <gmpxx.h>

#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace trialsync::study {
namespace {

// digits × 10^exponent, with the sign.
struct Parts {
  mpz_class digits;
  long exponent = 0;
};

size_t CountDigits(std::string_view text) {
  size_t count = 0;
  while (count < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[count]))) {
    ++count;
  }
  return count;
}

// Takes `[+-]` from the front and says whether it was a minus.
bool TakeSign(std::string_view& text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  return negative;
}

std::optional<long> TakeExponent(std::string_view text) {
  if (text.empty()) return 0;
  if (text[0] != 'e' && text[0] != 'E') return std::nullopt;
  text.remove_prefix(1);
  const bool negative = TakeSign(text);
  if (text.empty() || text.size() > 2 || CountDigits(text) != text.size()) return std::nullopt;
  const long exponent = std::stol(std::string(text));
  static_assert(kDecimalExponentMax == 99, "two digits");
  return negative ? -exponent : exponent;
}

std::optional<Parts> Split(std::string_view text) {
  if (text.size() > kDecimalBytesMax) return std::nullopt;
  const bool negative = TakeSign(text);
  const size_t whole = CountDigits(text);
  if (whole == 0) return std::nullopt;
  std::string digits(text.substr(0, whole));
  text.remove_prefix(whole);
  size_t fraction = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = CountDigits(text);
    if (fraction == 0) return std::nullopt;
    digits.append(text.substr(0, fraction));
    text.remove_prefix(fraction);
  }
  const std::optional<long> exponent = TakeExponent(text);
  if (!exponent.has_value()) return std::nullopt;
  Parts parts{.digits = mpz_class(digits, 10), .exponent = *exponent - static_cast<long>(fraction)};
  if (negative) parts.digits = -parts.digits;
  return parts;
}

mpz_class PowerOfTen(long exponent) {
  mpz_class power;
  mpz_ui_pow_ui(power.get_mpz_t(), 10, static_cast<unsigned long>(exponent));
  return power;
}

mpq_class ToRational(const Parts& parts) {
  if (parts.exponent >= 0) return mpq_class(parts.digits * PowerOfTen(parts.exponent));
  mpq_class rational(parts.digits, PowerOfTen(-parts.exponent));
  rational.canonicalize();
  return rational;
}

std::string PlainText(const Parts& parts) {
  std::string digits = mpz_class(abs(parts.digits)).get_str();
  if (parts.exponent >= 0) {
    if (digits != "0") digits.append(static_cast<size_t>(parts.exponent), '0');
  } else {
    const auto fraction = static_cast<size_t>(-parts.exponent);
    if (digits.size() <= fraction) digits.insert(0, fraction + 1 - digits.size(), '0');
    digits.insert(digits.size() - fraction, 1, '.');
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
  }
  if (sgn(parts.digits) < 0) digits.insert(0, 1, '-');
  return digits;
}

}  // namespace

absl::Status ValidateDecimal(std::string_view text) {
  if (text.size() > kDecimalBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a number of ", text.size(), " characters is too long; write at most ", kDecimalBytesMax));
  }
  if (Split(text).has_value()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "not a decimal number; write digits, with a point and digits on both sides of it if need "
      "be, e.g. 1.50 or -0.3 or 2e-3");
}

std::partial_ordering CompareDecimals(std::string_view a, std::string_view b) {
  const std::optional<Parts> left = Split(a);
  const std::optional<Parts> right = Split(b);
  if (!left.has_value() || !right.has_value()) return std::partial_ordering::unordered;
  return cmp(ToRational(*left), ToRational(*right)) <=> 0;
}

absl::StatusOr<std::string> MultiplyDecimals(std::string_view a, std::string_view b) {
  const std::optional<Parts> left = Split(a);
  if (!left.has_value()) return ValidateDecimal(a);
  const std::optional<Parts> right = Split(b);
  if (!right.has_value()) return ValidateDecimal(b);
  std::string product = PlainText(
      {.digits = left->digits * right->digits, .exponent = left->exponent + right->exponent});
  if (product.size() > kDecimalBytesMax) {
    return absl::OutOfRangeError(absl::StrCat("the exact product has ", product.size(),
                                              " characters, and at most ", kDecimalBytesMax,
                                              " can be stored"));
  }
  return product;
}

}  // namespace trialsync::study
