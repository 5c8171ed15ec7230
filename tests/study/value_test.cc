// SPDX-License-Identifier: Apache-2.0
#include "study/value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/study/studies.h"

namespace trialsync::study {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ValueTest : public ::testing::Test {
 protected:
  absl::StatusOr<v1::Value> Parse(std::string_view item, std::string_view text) const {
    return ParseValue(definition_->proto(), ItemOf(*definition_, item), text);
  }
  absl::Status Validate(std::string_view item, const v1::Value& value) const {
    return ValidateValue(definition_->proto(), ItemOf(*definition_, item), value);
  }
  absl::Status ValidateLocal(std::string_view item, const v1::Value& value) const {
    return ValidateLocalValue(definition_->proto(), ItemOf(*definition_, item), value);
  }

  const std::shared_ptr<const Definition> definition_ = EveryType();
};

struct Typed {
  std::string_view item;
  std::string text;
};

TEST_F(ValueTest, ReadsBackWhatItWrites) {
  const std::vector<Typed> cases = {
      {"text", "mild headache"},
      {"text", " \t"},
      {"text", "乙型肝炎"},
      {"text", "\\missing:unknown"},
      {"text", "\\\\missing:"},
      {"text", "\\n"},
      {"text", "Missing:unknown"},
      {"whole", "0"},
      {"whole", "-7"},
      {"whole", "9223372036854775807"},
      {"whole", "-9223372036854775808"},
      {"number", "1.50"},
      {"number", "58.7652292950034"},
      {"number", "-2e-3"},
      {"number", "+007.10"},
      {"bili", "14.5 mg/dL"},
      {"bili", "<=0.50 umol/L"},
      {"bili", ">1e3 umol/L"},
      {"ratio", "0.9"},
      {"ratio", ">=5000"},
      {"hbsag", "<0.05 IU/mL"},
      {"day", "2024"},
      {"day", "2024-05"},
      {"day", "2024-02-29"},
      {"clock", "09:30"},
      {"clock", "23:59:59"},
      {"flag", "true"},
      {"flag", "false"},
      {"sex", "m"},
      {"whole", "missing:not_done"},
      {"text", "missing:unknown"},
      {"sex", "missing:not_applicable"},
      {"name", "missing:refused"},
  };
  for (const Typed& typed : cases) {
    const absl::StatusOr<v1::Value> value = Parse(typed.item, typed.text);
    ASSERT_TRUE(value.ok()) << value.status();
    EXPECT_EQ(FormatValue(*value), typed.text);
    EXPECT_TRUE(Validate(typed.item, *value).ok()) << typed.text;
  }
}

TEST_F(ValueTest, TextKeepsItsValueBehindTheEscape) {
  EXPECT_EQ(Parse("text", "\\missing:unknown")->text(), "missing:unknown");
  EXPECT_EQ(Parse("text", "\\\\missing:x")->text(), "\\missing:x");
  EXPECT_EQ(Parse("text", "\\x")->text(), "\\x");
  EXPECT_EQ(Parse("text", "missing:unknown")->missing(), v1::MISSING_REASON_UNKNOWN);
}

TEST_F(ValueTest, FillsInTheOnlyUnit) {
  EXPECT_EQ(FormatValue(*Parse("hbsag", "<0.05")), "<0.05 IU/mL");
  EXPECT_EQ(Parse("ratio", "3")->quantity().unit(), "");
  EXPECT_FALSE(Parse("bili", "3").ok());
}

TEST_F(ValueTest, RefusesWhatIsNoValue) {
  const std::vector<Typed> cases = {
      {"text", ""},
      {"text", "\xFF"},
      {"text", "missing:maybe"},
      {"whole", "007"},
      {"whole", "+5"},
      {"whole", "-0"},
      {"whole", "1.0"},
      {"whole", " 1"},
      {"whole", "9223372036854775808"},
      {"whole", ""},
      {"number", "1,5"},
      {"number", ".5"},
      {"number", ""},
      {"bili", "3"},
      {"bili", "3 g/dL"},
      {"bili", "3mg/dL"},
      {"bili", "3 MG/DL"},
      {"bili", "< 3 mg/dL"},
      {"bili", "=3 mg/dL"},
      {"bili", "3  mg/dL"},
      {"bili", "3 mg/dL "},
      {"bili", "<<3 mg/dL"},
      {"ratio", "3 mg/dL"},
      {"hbsag", "3 "},
      {"hbsag", ""},
      {"hbsag", " IU/mL"},
      {"day", "17.05.2024"},
      {"day", "2024-13"},
      {"day", "2024-00"},
      {"day", "2023-02-29"},
      {"day", "2024-04-31"},
      {"day", "2024-5-1"},
      {"day", "2024-05-17T09:30"},
      {"day", "0000"},
      {"day", "24"},
      {"day", "2024-"},
      {"clock", "24:00"},
      {"clock", "09:60"},
      {"clock", "9:30"},
      {"clock", "09:30:60"},
      {"clock", "09:30:"},
      {"flag", "yes"},
      {"flag", "1"},
      {"flag", "True"},
      {"sex", "male"},
      {"sex", "M"},
      {"sex", ""},
      {"whole", "missing:"},
      {"whole", "missing:not done"},
      {"whole", "?unknown"},
  };
  for (const Typed& typed : cases) {
    const absl::Status status = Parse(typed.item, typed.text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument)
        << typed.item << " " << typed.text << ": " << status;
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr(std::string(typed.item)), HasSubstr("expected ")));
  }
}

TEST_F(ValueTest, TextMayBeAsLongAsTheLimit) {
  EXPECT_TRUE(Parse("text", std::string(kTextBytesMax, 'a')).ok());
  EXPECT_FALSE(Parse("text", std::string(kTextBytesMax + 1, 'a')).ok());
}

TEST_F(ValueTest, SentencesNameItemTextExpectationAndExample) {
  EXPECT_EQ(Parse("bili", "3 g/dL").status().message(),
            "bili: '3 g/dL' is no value of this item; expected a number and the unit mg/dL or "
            "umol/L, e.g. 1.5 mg/dL or <0.05 mg/dL");
  EXPECT_EQ(Parse("sex", "male").status().message(),
            "sex: 'male' is no value of this item; expected a code of the list sex (m, f), e.g. m");
}

TEST_F(ValueTest, RetiredIsReadButNotWritten) {
  EXPECT_EQ(Parse("sex", "x").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Parse("old", "a").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Validate("sex", CodeValue("x")).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Validate("old", TextValue("a")).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Validate("old", MissingValue(v1::MISSING_REASON_UNKNOWN)).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(CanRead(definition_->proto(), ItemOf(*definition_, "sex"), CodeValue("x")));
  EXPECT_TRUE(CanRead(definition_->proto(), ItemOf(*definition_, "old"), TextValue("a")));
}

TEST_F(ValueTest, AdmissionRefusesWhatTheWireShouldNotCarry) {
  v1::Value quantity = QuantityValue(v1::COMPARATOR_LESS, "3", "mg/dL");
  EXPECT_TRUE(Validate("bili", quantity).ok());
  quantity.mutable_quantity()->set_comparator(static_cast<v1::Comparator>(9));
  for (const v1::Value& value :
       {v1::Value(), quantity, DecimalValue("3"), TextValue("3 mg/dL"), IntegerValue(3),
        QuantityValue(v1::COMPARATOR_LESS, "3", ""),
        QuantityValue(v1::COMPARATOR_LESS, "", "mg/dL"),
        MissingValue(v1::MISSING_REASON_UNSPECIFIED),
        MissingValue(static_cast<v1::MissingReason>(9)), WithheldValue()}) {
    EXPECT_EQ(Validate("bili", value).code(), absl::StatusCode::kInvalidArgument)
        << value.ShortDebugString();
  }
  EXPECT_FALSE(Validate("text", TextValue("")).ok());
  EXPECT_FALSE(Validate("number", IntegerValue(1)).ok());
}

TEST_F(ValueTest, SiteOnlyItemsTravelWithheldOrMissingOnly) {
  EXPECT_TRUE(Validate("name", WithheldValue()).ok());
  EXPECT_TRUE(Validate("name", MissingValue(v1::MISSING_REASON_REFUSED)).ok());
  const absl::Status refused = Validate("name", TextValue("Li Na"));
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()), Not(HasSubstr("Li Na")));

  EXPECT_TRUE(ValidateLocal("name", TextValue("Li Na")).ok());
  EXPECT_FALSE(ValidateLocal("name", WithheldValue()).ok());
}

TEST_F(ValueTest, SentencesKeepSiteOnlyTextToThemselves) {
  EXPECT_THAT(std::string(Parse("name", "missing:Li Na").status().message()),
              Not(HasSubstr("Li Na")));
  EXPECT_THAT(std::string(Parse("name", "Li Na\xFF").status().message()), Not(HasSubstr("Li Na")));
}

struct Pair {
  v1::Value a;
  v1::Value b;
  Comparison expected;
};

TEST(CompareValues, SaysWhetherTwoValuesAreTheSame) {
  constexpr v1::Comparator kIs = v1::COMPARATOR_UNSPECIFIED;
  constexpr v1::Comparator kLess = v1::COMPARATOR_LESS;
  constexpr v1::Comparator kAtMost = v1::COMPARATOR_LESS_OR_EQUAL;
  constexpr v1::Comparator kMore = v1::COMPARATOR_GREATER;
  v1::Value half_past;
  half_past.set_time("09:30");
  v1::Value half_past_exactly;
  half_past_exactly.set_time("09:30:00");
  const std::vector<Pair> cases = {
      {DecimalValue("1.5"), DecimalValue("1.50"), Comparison::kEqual},
      {DecimalValue("1.5"), DecimalValue("1.51"), Comparison::kNotEqual},
      {DecimalValue("bad"), DecimalValue("worse"), Comparison::kNotEqual},
      {DecimalValue("5"), IntegerValue(5), Comparison::kNotEqual},
      {IntegerValue(5), IntegerValue(5), Comparison::kEqual},
      {IntegerValue(5), IntegerValue(6), Comparison::kNotEqual},
      {TextValue("a"), TextValue("a"), Comparison::kEqual},
      {TextValue("a"), TextValue("A"), Comparison::kNotEqual},
      {TextValue("m"), CodeValue("m"), Comparison::kNotEqual},
      {CodeValue("m"), CodeValue("f"), Comparison::kNotEqual},
      {QuantityValue(kIs, "1.0", "g"), QuantityValue(kIs, "1", "g"), Comparison::kEqual},
      {QuantityValue(kIs, "1", "g"), QuantityValue(kIs, "2", "g"), Comparison::kNotEqual},
      {QuantityValue(kIs, "1", "g"), QuantityValue(kIs, "1000", "mg"), Comparison::kUndecidable},
      {QuantityValue(kLess, "0.05", "g"), QuantityValue(kLess, "0.050", "g"), Comparison::kEqual},
      {QuantityValue(kLess, "0.05", "g"), QuantityValue(kIs, "0.03", "g"),
       Comparison::kUndecidable},
      {QuantityValue(kLess, "0.05", "g"), QuantityValue(kIs, "0.05", "g"), Comparison::kNotEqual},
      {QuantityValue(kLess, "0.05", "g"), QuantityValue(kLess, "0.1", "g"),
       Comparison::kUndecidable},
      {QuantityValue(kLess, "0.05", "g"), QuantityValue(kAtMost, "0.05", "g"),
       Comparison::kUndecidable},
      {QuantityValue(kLess, "5", "g"), QuantityValue(kMore, "5", "g"), Comparison::kNotEqual},
      {DateValue("2024-05"), DateValue("2024-05"), Comparison::kEqual},
      {DateValue("2024-05"), DateValue("2024-05-17"), Comparison::kUndecidable},
      {DateValue("2024"), DateValue("2024-05"), Comparison::kUndecidable},
      {DateValue("2024-05"), DateValue("2024-06-17"), Comparison::kNotEqual},
      {half_past, half_past_exactly, Comparison::kUndecidable},
      {MissingValue(v1::MISSING_REASON_UNKNOWN), MissingValue(v1::MISSING_REASON_UNKNOWN),
       Comparison::kEqual},
      {MissingValue(v1::MISSING_REASON_UNKNOWN), MissingValue(v1::MISSING_REASON_REFUSED),
       Comparison::kNotEqual},
      {MissingValue(v1::MISSING_REASON_UNKNOWN), IntegerValue(5), Comparison::kNotEqual},
      {WithheldValue(), WithheldValue(), Comparison::kUndecidable},
      {v1::Value(), v1::Value(), Comparison::kNotEqual},
      {v1::Value(), IntegerValue(0), Comparison::kNotEqual},
  };
  for (const Pair& pair : cases) {
    EXPECT_EQ(CompareValues(pair.a, pair.b), pair.expected)
        << pair.a.ShortDebugString() << " and " << pair.b.ShortDebugString();
    EXPECT_EQ(CompareValues(pair.b, pair.a), pair.expected)
        << pair.b.ShortDebugString() << " and " << pair.a.ShortDebugString();
  }
}

}  // namespace
}  // namespace trialsync::study
