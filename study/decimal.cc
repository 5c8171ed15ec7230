// SPDX-License-Identifier: Apache-2.0
#include "study/decimal.h"

#include <gmpxx.h>

#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace trialsync::study {
namespace {

// digits × 10^exponent, with the sign; no digits for zero, and none of them leads or trails as a 0.
struct Parts {
  bool negative = false;
  std::string digits;
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

void DropOuterZeros(Parts& parts) {
  parts.digits.erase(0, parts.digits.find_first_not_of('0'));
  const size_t kept = parts.digits.find_last_not_of('0') + 1;
  parts.exponent += static_cast<long>(parts.digits.size() - kept);
  parts.digits.erase(kept);
}

std::optional<Parts> Split(std::string_view text) {
  if (text.size() > kDecimalBytesMax) return std::nullopt;
  Parts parts;
  parts.negative = TakeSign(text);
  const size_t whole = CountDigits(text);
  if (whole == 0) return std::nullopt;
  parts.digits = text.substr(0, whole);
  text.remove_prefix(whole);
  size_t fraction = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = CountDigits(text);
    if (fraction == 0) return std::nullopt;
    parts.digits.append(text.substr(0, fraction));
    text.remove_prefix(fraction);
  }
  const std::optional<long> exponent = TakeExponent(text);
  if (!exponent.has_value()) return std::nullopt;
  parts.exponent = *exponent - static_cast<long>(fraction);
  DropOuterZeros(parts);
  return parts;
}

// By the place of the first digit, then digit by digit: no number is computed.
std::strong_ordering CompareMagnitudes(const Parts& a, const Parts& b) {
  if (a.digits.empty() || b.digits.empty()) return a.digits.size() <=> b.digits.size();
  const long place_a = static_cast<long>(a.digits.size()) + a.exponent;
  const long place_b = static_cast<long>(b.digits.size()) + b.exponent;
  if (place_a != place_b) return place_a <=> place_b;
  return a.digits <=> b.digits;
}

int SignOf(const Parts& parts) {
  if (parts.digits.empty()) return 0;
  return parts.negative ? -1 : 1;
}

std::string PlainText(const Parts& parts) {
  if (parts.digits.empty()) return "0";
  std::string digits = parts.digits;
  if (parts.exponent >= 0) {
    digits.append(static_cast<size_t>(parts.exponent), '0');
  } else {
    const auto fraction = static_cast<size_t>(-parts.exponent);
    if (digits.size() <= fraction) digits.insert(0, fraction + 1 - digits.size(), '0');
    digits.insert(digits.size() - fraction, 1, '.');
  }
  if (parts.negative) digits.insert(0, 1, '-');
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
  const int sign = SignOf(*left);
  if (sign != SignOf(*right)) return sign <=> SignOf(*right);
  return sign < 0 ? CompareMagnitudes(*right, *left) : CompareMagnitudes(*left, *right);
}

absl::StatusOr<std::string> MultiplyDecimals(std::string_view a, std::string_view b) {
  const std::optional<Parts> left = Split(a);
  if (!left.has_value()) return ValidateDecimal(a);
  const std::optional<Parts> right = Split(b);
  if (!right.has_value()) return ValidateDecimal(b);
  Parts parts;
  if (SignOf(*left) * SignOf(*right) != 0) {
    parts.negative = left->negative != right->negative;
    parts.digits = mpz_class(mpz_class(left->digits, 10) * mpz_class(right->digits, 10)).get_str();
    parts.exponent = left->exponent + right->exponent;
    DropOuterZeros(parts);
  }
  const std::string product = PlainText(parts);
  if (product.size() > kDecimalBytesMax) {
    return absl::OutOfRangeError(absl::StrCat("the exact product has ", product.size(),
                                              " characters, and at most ", kDecimalBytesMax,
                                              " can be stored"));
  }
  return product;
}

}  // namespace trialsync::study
