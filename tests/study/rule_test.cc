// SPDX-License-Identifier: Apache-2.0
#include "study/rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "study/value.h"
#include "tests/study/studies.h"

namespace trialsync::study {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RuleTest : public ::testing::Test {
 protected:
  absl::StatusOr<Rule> Parse(std::string_view text) const {
    return Rule::Parse(text, *definition_->FindForm("LAB"), definition_->proto());
  }

  // Writes what a person would type.
  void Set(std::string_view item, std::string_view text) {
    const v1::ItemDefinition& definition = ItemOf(*definition_, item);
    const auto value = ParseValue(definition_->proto(), definition, text);
    ASSERT_TRUE(value.ok()) << value.status();
    record_[definition.id()] = *value;
  }

  Verdict Evaluate(std::string_view text) const {
    const absl::StatusOr<Rule> rule = Parse(text);
    EXPECT_TRUE(rule.ok()) << text << ": " << rule.status();
    if (!rule.ok()) return {};
    return rule->Evaluate([this](uint32_t item) -> const v1::Value* {
      const auto found = record_.find(item);
      return found == record_.end() ? nullptr : &found->second;
    });
  }
  Truth Of(std::string_view text) const { return Evaluate(text).truth; }

  const std::shared_ptr<const Definition> definition_ = EveryType();
  std::map<uint32_t, v1::Value> record_;
};

TEST_F(RuleTest, ComparesEveryType) {
  Set("text", "don't");
  Set("whole", "5");
  Set("number", "1.50");
  Set("bili", "14.5 mg/dL");
  Set("day", "2024-05-17");
  Set("clock", "09:30:00");
  Set("flag", "true");
  Set("sex", "m");
  for (const std::string_view rule :
       {"text = 'don''t'", "text != 'do'",     "whole = 5",         "whole = 5.0",
        "whole < 6",       "whole <= 5",       "whole > -3",        "whole >= 5",
        "whole != 4",      "number = 1.5",     "number < whole",    "bili > 10",
        "10 < bili",       "bili > whole",     "day = 2024-05-17",  "day >= 2024-04",
        "day < 2024-06",   "day > 2023-12-31", "clock = 09:30:00",  "clock < 12:00",
        "flag = true",     "flag != false",    "sex = 'm'",         "'f' != sex",
        "(whole = 5)",     "not whole = 4",    "not not whole = 5", "number=1.5 and(whole=5)"}) {
    EXPECT_EQ(Of(rule), Truth::kTrue) << rule;
    EXPECT_EQ(Of(absl::StrCat("not (", std::string(rule), ")")), Truth::kFalse) << rule;
  }
}

TEST_F(RuleTest, CannotDecideWhatIsKnownTooRoughly) {
  Set("hbsag", "<20 IU/mL");
  EXPECT_EQ(Of("hbsag < 30"), Truth::kTrue);
  EXPECT_EQ(Of("hbsag < 10"), Truth::kUndecidable);
  EXPECT_EQ(Of("hbsag > 20"), Truth::kFalse);
  EXPECT_THAT(Evaluate("hbsag < 10").undecided_items, ElementsAre(6));
  Set("day", "2024-05");
  EXPECT_EQ(Of("day > 2024-04-30"), Truth::kTrue);
  EXPECT_EQ(Of("day > 2024-05-16"), Truth::kUndecidable);
  EXPECT_EQ(Of("day < 2024-05-01"), Truth::kFalse);
  Set("day", "2024-05-17");
  EXPECT_EQ(Of("day >= 2024-05"), Truth::kUndecidable);
}

TEST_F(RuleTest, TakesNumbersInTheFirstUnit) {
  Set("bili", "248 umol/L");
  EXPECT_EQ(Of("bili > 10"), Truth::kUndecidable);
  EXPECT_THAT(Evaluate("bili > 10").undecided_items, ElementsAre(4));
  Set("ratio", "3");
  EXPECT_EQ(Of("ratio > 2"), Truth::kTrue);
  Set("hbsag", "1 IU/mL");
  // Two quantities: the unit must be the same, whichever it is.
  EXPECT_EQ(Of("bili > hbsag"), Truth::kUndecidable);
  EXPECT_THAT(Evaluate("bili > hbsag").undecided_items, ElementsAre(4, 6));
  EXPECT_EQ(Of("bili >= bili"), Truth::kTrue);
}

TEST_F(RuleTest, NamesTheItemsThatAreMissing) {
  Set("whole", "5");
  Set("number", "missing:not_done");
  EXPECT_THAT(Evaluate("number > whole").undecided_items, ElementsAre(3));
  EXPECT_THAT(Evaluate("sex = 'm' and number > 1 and number < 2").undecided_items,
              ElementsAre(3, 10));
  EXPECT_THAT(Evaluate("sex = 'm' or whole = 5").undecided_items, IsEmpty());
  record_[11] = WithheldValue();
  EXPECT_THAT(Evaluate("name = 'x'").undecided_items, ElementsAre(11));
}

TEST_F(RuleTest, PresenceCanAlwaysBeDecided) {
  Set("number", "missing:not_done");
  Set("whole", "5");
  record_[11] = WithheldValue();
  record_[1] = v1::Value();
  EXPECT_EQ(Of("present(whole)"), Truth::kTrue);
  EXPECT_EQ(Of("missing(whole)"), Truth::kFalse);
  EXPECT_EQ(Of("present(number)"), Truth::kFalse);
  EXPECT_EQ(Of("missing(number)"), Truth::kTrue);
  EXPECT_EQ(Of("present(sex)"), Truth::kFalse);
  EXPECT_EQ(Of("missing(sex)"), Truth::kFalse);
  EXPECT_EQ(Of("present(name)"), Truth::kTrue);
  EXPECT_EQ(Of("present(text)"), Truth::kFalse);
  EXPECT_EQ(Of("missing(text)"), Truth::kFalse);
}

TEST_F(RuleTest, FollowsKleene) {
  Set("whole", "5");
  const std::string t = "whole = 5";
  const std::string f = "whole = 4";
  const std::string u = "number = 1";
  struct Row {
    std::string a;
    std::string b;
    Truth both;
    Truth either;
  };
  const std::vector<Row> rows = {
      {t, t, Truth::kTrue, Truth::kTrue},         {t, u, Truth::kUndecidable, Truth::kTrue},
      {t, f, Truth::kFalse, Truth::kTrue},        {u, u, Truth::kUndecidable, Truth::kUndecidable},
      {u, f, Truth::kFalse, Truth::kUndecidable}, {f, f, Truth::kFalse, Truth::kFalse},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(Of(row.a + " and " + row.b), row.both) << row.a << ", " << row.b;
    EXPECT_EQ(Of(row.b + " and " + row.a), row.both) << row.b << ", " << row.a;
    EXPECT_EQ(Of(row.a + " or " + row.b), row.either) << row.a << ", " << row.b;
    EXPECT_EQ(Of(row.b + " or " + row.a), row.either) << row.b << ", " << row.a;
  }
  EXPECT_EQ(Of("not " + u), Truth::kUndecidable);
  // `and` binds closer than `or`, `not` closest.
  EXPECT_EQ(Of(t + " or " + f + " and " + f), Truth::kTrue);
  EXPECT_EQ(Of("(" + t + " or " + f + ") and " + f), Truth::kFalse);
  EXPECT_EQ(Of("not " + f + " or " + t), Truth::kTrue);
  EXPECT_EQ(Of("not (" + f + " or " + t + ")"), Truth::kFalse);
}

TEST_F(RuleTest, AValueOfAnotherKindThanItsItemCannotBeDecided) {
  record_[2] = TextValue("five");
  EXPECT_EQ(Of("whole = 5"), Truth::kUndecidable);
}

TEST_F(RuleTest, SaysAtWhichColumnSomethingIsWrong) {
  struct Broken {
    std::string_view rule;
    size_t column;
    std::string reason;
  };
  const std::vector<Broken> cases = {
      {"", 1, "the rule ends"},
      {"whole >", 8, "the rule ends"},
      {"whole", 6, "one of ="},
      {"whole = 5 whole = 5", 11, "the end of the rule"},
      {"(whole = 5", 11, "the rule ends"},
      {"whole = 5)", 10, "the end of the rule"},
      {"whole == 5", 8, "an item"},
      {"whole = 5 && whole = 5", 11, "no meaning"},
      {"whole = five", 9, "has no item 'five'"},
      {"sex = 'male'", 7, "no code of the list sex"},
      {"sex < 'm'", 5, "has no order"},
      {"text < 'm'", 6, "has no order"},
      {"flag > false", 6, "has no order"},
      {"day > 5", 5, "a date is compared with a number"},
      {"day > 2024", 5, "a date is compared with a number"},
      {"day > 2024-13", 7, "is no value"},
      {"clock > 25:00", 9, "is no value"},
      {"whole > 1.2.3", 9, "is no value"},
      {"whole = 'a'", 7, "a number is compared with text"},
      {"flag = 1", 6, "true or false is compared with a number"},
      {"text = sex", 6, "text is compared with a code"},
      {"1 = 1", 1, "two fixed values"},
      {"text = 'open", 8, "no closing quote"},
      {"present whole", 9, "expected"},
      {"present()", 9, "the name of an item"},
      {"present(other)", 9, "has no item 'other'"},
      {"not", 4, "the rule ends"},
      {"whole = 5 and", 14, "the rule ends"},
      {"whole ! 5", 7, "no meaning"},
  };
  for (const Broken& broken : cases) {
    const absl::Status status = Parse(broken.rule).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << broken.rule;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(absl::StrCat("column ", broken.column, ": ")))
        << broken.rule;
    EXPECT_THAT(std::string(status.message()), HasSubstr(broken.reason)) << broken.rule;
  }
}

TEST_F(RuleTest, RefusesWhatIsTooDeepOrTooLong) {
  std::string deep(static_cast<size_t>(Rule::kDepthMax), '(');
  EXPECT_THAT(std::string(Parse(deep).status().message()), HasSubstr("nested deeper"));
  std::string fits = "whole = 1";
  for (int depth = 1; depth < Rule::kDepthMax; ++depth) fits = "not " + fits;
  EXPECT_TRUE(Parse(fits).ok());
  EXPECT_FALSE(Parse("not " + fits).ok());
  EXPECT_THAT(std::string(Parse(std::string(Rule::kBytesMax + 1, ' ')).status().message()),
              HasSubstr("longer than"));
}

}  // namespace
}  // namespace trialsync::study
