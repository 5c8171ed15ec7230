// SPDX-License-Identifier: Apache-2.0
#include "study/decimal.h"

#include <gmpxx.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

namespace trialsync::study {
namespace {

TEST(Decimal, AcceptsWhatIsADecimal) {
  for (const std::string text : {"0", "1.50", "-0.3", "+7", "007.10", "2e-3", "2E+10", "-0",
                                 "58.7652292950034", "1e99", "1e-99"}) {
    EXPECT_TRUE(ValidateDecimal(text).ok()) << text;
  }
  EXPECT_TRUE(ValidateDecimal(std::string(kDecimalBytesMax, '9')).ok());
}

TEST(Decimal, RefusesWhatIsNone) {
  for (const std::string text :
       {"",    " ",    "1 ",  " 1",  ".5",    "5.",    "1,5", "1e", "1e100", "1e+",
        "--1", "0x10", "nan", "inf", "1.5.0", "1e5.0", "+",   "e5", "1\n",   "١"}) {
    EXPECT_EQ(ValidateDecimal(text).code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_EQ(CompareDecimals(text, "1"), std::partial_ordering::unordered) << text;
    EXPECT_EQ(CompareDecimals("1", text), std::partial_ordering::unordered) << text;
    EXPECT_FALSE(MultiplyDecimals(text, "1").ok()) << text;
    EXPECT_FALSE(MultiplyDecimals("1", text).ok()) << text;
  }
  EXPECT_FALSE(ValidateDecimal(std::string(kDecimalBytesMax + 1, '9')).ok());
}

TEST(Decimal, ComparesExactly) {
  EXPECT_EQ(CompareDecimals("1.50", "1.5"), std::partial_ordering::equivalent);
  EXPECT_EQ(CompareDecimals("-0", "0.00"), std::partial_ordering::equivalent);
  EXPECT_EQ(CompareDecimals("1e-3", "0.001"), std::partial_ordering::equivalent);
  EXPECT_EQ(CompareDecimals("100", "1e2"), std::partial_ordering::equivalent);
  EXPECT_EQ(CompareDecimals("-2", "-1"), std::partial_ordering::less);
  EXPECT_EQ(CompareDecimals("10", "9.99"), std::partial_ordering::greater);
  // Equal in binary floating point.
  EXPECT_EQ(CompareDecimals("0.1000000000000000055511151231257827", "0.1"),
            std::partial_ordering::greater);
  EXPECT_EQ(CompareDecimals("9007199254740993", "9007199254740992"),
            std::partial_ordering::greater);
}

TEST(Decimal, MultipliesExactly) {
  EXPECT_EQ(*MultiplyDecimals("1.50", "17.104"), "25.656");
  EXPECT_EQ(*MultiplyDecimals("0.1", "0.2"), "0.02");
  EXPECT_EQ(*MultiplyDecimals("-0.5", "4"), "-2");
  EXPECT_EQ(*MultiplyDecimals("0", "1e99"), "0");
  EXPECT_EQ(*MultiplyDecimals("-0", "17"), "0");
  EXPECT_EQ(*MultiplyDecimals("12", "1e3"), "12000");
  EXPECT_EQ(*MultiplyDecimals("1e-5", "1e-5"), "0.0000000001");
  EXPECT_EQ(*MultiplyDecimals("20", "0.5"), "10");
}

TEST(Decimal, NeverRoundsAProductToMakeItFit) {
  const std::string longest(kDecimalBytesMax, '9');
  EXPECT_EQ(MultiplyDecimals(longest, "11").status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(MultiplyDecimals("1e99", "1").status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(MultiplyDecimals("1e-99", "1").status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(*MultiplyDecimals(longest, "1"), longest);
}

// A random decimal beside the integer that it is a thousand times.
struct Sample {
  std::string text;
  mpz_class thousandths;
};

Sample RandomSample(std::mt19937& random) {
  std::uniform_int_distribution<int> thousandths(-3'000, 3'000);
  std::uniform_int_distribution<int> coin(0, 1);
  const int number = thousandths(random);
  std::string digits = std::to_string(std::abs(number));
  digits.insert(0, digits.size() < 4 ? 4 - digits.size() : 0, '0');
  std::string text = number < 0 ? "-" : "";
  if (coin(random) == 0) {
    text += digits.substr(0, digits.size() - 3) + "." + digits.substr(digits.size() - 3);
  } else {
    text += digits + "e-3";
  }
  return {.text = text, .thousandths = number};
}

TEST(Decimal, AgreesWithIntegersOnRandomSamples) {
  std::mt19937 random(7);  // NOLINT: a fixed seed, so that a failure can be seen again
  for (int round = 0; round < 20'000; ++round) {
    const Sample a = RandomSample(random);
    const Sample b = RandomSample(random);
    const int order = cmp(a.thousandths, b.thousandths);
    ASSERT_EQ(CompareDecimals(a.text, b.text), std::partial_ordering(order <=> 0))
        << a.text << " and " << b.text;
    const mpz_class product = a.thousandths * b.thousandths;
    const std::string expected = product.get_str() + "e-6";
    ASSERT_EQ(CompareDecimals(*MultiplyDecimals(a.text, b.text), expected),
              std::partial_ordering::equivalent)
        << a.text << " times " << b.text;
  }
}

}  // namespace
}  // namespace trialsync::study
