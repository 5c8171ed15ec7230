// SPDX-License-Identifier: Apache-2.0
#include "study/decimal.h"

#include <gmpxx.h>

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace trialsync::study {
namespace {

// A decimal taken apart: whole.fraction × 10^exponent, with the sign. Views of its text.
struct Parts {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
  long exponent = 0;

  size_t digit_count() const { return whole.size() + fraction.size(); }
  // '0' beyond the last one.
  char digit(size_t index) const {
    if (index < whole.size()) return whole[index];
    return index < digit_count() ? fraction[index - whole.size()] : '0';
  }
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
  Parts parts;
  parts.negative = TakeSign(text);
  parts.whole = text.substr(0, CountDigits(text));
  if (parts.whole.empty()) return std::nullopt;
  text.remove_prefix(parts.whole.size());
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    parts.fraction = text.substr(0, CountDigits(text));
    if (parts.fraction.empty()) return std::nullopt;
    text.remove_prefix(parts.fraction.size());
  }
  const std::optional<long> exponent = TakeExponent(text);
  if (!exponent.has_value()) return std::nullopt;
  parts.exponent = *exponent;
  return parts;
}

// Index of the first digit that is not 0; digit_count() for zero.
size_t FirstDigit(const Parts& parts) {
  size_t index = 0;
  while (index < parts.digit_count() && parts.digit(index) == '0') ++index;
  return index;
}

// By the place of the first digit, then digit by digit: no number is computed. Neither is zero.
std::strong_ordering CompareMagnitudes(const Parts& a, size_t first_a, const Parts& b,
                                       size_t first_b) {
  const auto place = [](const Parts& parts, size_t first) {
    return static_cast<long>(parts.whole.size()) - static_cast<long>(first) + parts.exponent;
  };
  const long place_a = place(a, first_a);
  const long place_b = place(b, first_b);
  if (place_a != place_b) return place_a <=> place_b;
  const size_t count = std::max(a.digit_count() - first_a, b.digit_count() - first_b);
  for (size_t i = 0; i < count; ++i) {
    const char digit_a = a.digit(first_a + i);
    const char digit_b = b.digit(first_b + i);
    if (digit_a != digit_b) return digit_a <=> digit_b;
  }
  return std::strong_ordering::equal;
}

int SignOf(const Parts& parts, size_t first) {
  if (first == parts.digit_count()) return 0;
  return parts.negative ? -1 : 1;
}

bool IsZero(const Parts& parts) { return FirstDigit(parts) == parts.digit_count(); }

mpz_class DigitsOf(const Parts& parts) {
  return mpz_class(std::string(parts.whole).append(parts.fraction), 10);
}

// digits × 10^exponent, without zeros at the end of a fraction.
std::string PlainText(const mpz_class& number, long exponent) {
  std::string digits = mpz_class(abs(number)).get_str();
  if (exponent >= 0) {
    digits.append(static_cast<size_t>(exponent), '0');
  } else {
    const auto fraction = static_cast<size_t>(-exponent);
    if (digits.size() <= fraction) digits.insert(0, fraction + 1 - digits.size(), '0');
    digits.insert(digits.size() - fraction, 1, '.');
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
  }
  if (sgn(number) < 0) digits.insert(0, 1, '-');
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
  const size_t first_left = FirstDigit(*left);
  const size_t first_right = FirstDigit(*right);
  const int sign = SignOf(*left, first_left);
  const int sign_right = SignOf(*right, first_right);
  if (sign != sign_right) return sign <=> sign_right;
  if (sign == 0) return std::partial_ordering::equivalent;
  return sign < 0 ? CompareMagnitudes(*right, first_right, *left, first_left)
                  : CompareMagnitudes(*left, first_left, *right, first_right);
}

absl::StatusOr<std::string> MultiplyDecimals(std::string_view a, std::string_view b) {
  const std::optional<Parts> left = Split(a);
  if (!left.has_value()) return ValidateDecimal(a);
  const std::optional<Parts> right = Split(b);
  if (!right.has_value()) return ValidateDecimal(b);
  if (IsZero(*left) || IsZero(*right)) return "0";
  mpz_class number = DigitsOf(*left) * DigitsOf(*right);
  if (left->negative != right->negative) number = -number;
  const size_t fraction = left->fraction.size() + right->fraction.size();
  const std::string product =
      PlainText(number, left->exponent + right->exponent - static_cast<long>(fraction));
  if (product.size() > kDecimalBytesMax) {
    return absl::OutOfRangeError(absl::StrCat("the exact product has ", product.size(),
                                              " characters, and at most ", kDecimalBytesMax,
                                              " can be stored"));
  }
  return product;
}

}  // namespace trialsync::study
