// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "study/rule.h"
#include "study/text.h"
#include "study/value.h"

namespace trialsync::study {
namespace {

enum class TokenKind { kEnd, kWord, kNumber, kQuoted, kSymbol };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  // As written; of a quoted text what stands between the quotes, with doubled quotes undone.
  std::string text = "";
  size_t column = 1;
};

// What an operand is, for the check that both sides can be compared.
enum class Type { kNumber, kDate, kTime, kBoolean, kText, kCode, kQuoted };

constexpr std::array<std::string_view, 7> kTypeNames = {
    "a number", "a date", "a time", "true or false", "text", "a code", "quoted text"};

absl::string_view NameOf(Type type) {
  const std::string_view name = kTypeNames[static_cast<size_t>(type)];
  return {name.data(), name.size()};
}

std::optional<Relation> RelationOf(const Token& token) {
  if (token.kind != TokenKind::kSymbol) return std::nullopt;
  if (token.text == "=") return Relation::kEqual;
  if (token.text == "!=") return Relation::kNotEqual;
  if (token.text == "<") return Relation::kLess;
  if (token.text == "<=") return Relation::kLessOrEqual;
  if (token.text == ">") return Relation::kGreater;
  if (token.text == ">=") return Relation::kGreaterOrEqual;
  return std::nullopt;
}

Type TypeOf(const v1::ItemDefinition& item) {
  switch (item.type()) {
    case v1::ITEM_TYPE_INTEGER:
    case v1::ITEM_TYPE_DECIMAL:
    case v1::ITEM_TYPE_QUANTITY:
      return Type::kNumber;
    case v1::ITEM_TYPE_DATE:
      return Type::kDate;
    case v1::ITEM_TYPE_TIME:
      return Type::kTime;
    case v1::ITEM_TYPE_BOOLEAN:
      return Type::kBoolean;
    case v1::ITEM_TYPE_CODED:
      return Type::kCode;
    default:
      return Type::kText;
  }
}

bool IsWordByte(char byte) {
  return absl::ascii_isalnum(static_cast<unsigned char>(byte)) || byte == '_';
}

absl::Status ErrorAt(size_t column, std::string_view sentence) {
  return absl::InvalidArgumentError(
      absl::StrCat("column ", column, ": ", absl::string_view(sentence.data(), sentence.size())));
}

// Cuts a rule into tokens.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  absl::StatusOr<Token> Next() {
    while (at_ < text_.size() && absl::ascii_isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
    if (at_ == text_.size()) return Token{.column = at_ + 1};
    const char first = text_[at_];
    if (first == '\'') return Quote();
    if (absl::ascii_isdigit(static_cast<unsigned char>(first)) || first == '-') {
      return Run(TokenKind::kNumber, [](char byte) {
        return IsWordByte(byte) || byte == '.' || byte == ':' || byte == '-' || byte == '+';
      });
    }
    if (IsWordByte(first)) return Run(TokenKind::kWord, IsWordByte);
    if (first == '(' || first == ')') return Symbol(1);
    if (first == '=') return Symbol(1);
    const bool with_equals = at_ + 1 < text_.size() && text_[at_ + 1] == '=';
    if (first == '<' || first == '>') return Symbol(with_equals ? 2 : 1);
    if (first == '!' && with_equals) return Symbol(2);
    return ErrorAt(at_ + 1, absl::StrCat(Quoted(text_.substr(at_, 1)),
                                         " has no meaning in a rule; compare with = != < <= > >=, "
                                         "connect with and, or, not"));
  }

 private:
  Token Take(TokenKind kind, size_t bytes) {
    Token token{.kind = kind, .text = std::string(text_.substr(at_, bytes)), .column = at_ + 1};
    at_ += bytes;
    return token;
  }

  Token Symbol(size_t bytes) { return Take(TokenKind::kSymbol, bytes); }

  template <typename Predicate>
  Token Run(TokenKind kind, Predicate belongs) {
    size_t bytes = 1;
    while (at_ + bytes < text_.size() && belongs(text_[at_ + bytes])) ++bytes;
    return Take(kind, bytes);
  }

  absl::StatusOr<Token> Quote() {
    Token token{.kind = TokenKind::kQuoted, .text = "", .column = at_ + 1};
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] != '\'') {
        token.text.push_back(text_[at_]);
        continue;
      }
      ++at_;
      if (at_ == text_.size() || text_[at_] != '\'') return token;
      token.text.push_back('\'');
    }
    return ErrorAt(token.column, "the text has no closing quote; add one");
  }

  const std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

// Recursive descent over the grammar in the header.
class RuleParser {
 public:
  RuleParser(std::string_view text, const v1::FormDefinition& form,
             const v1::StudyDefinition& definition)
      : lexer_(text), form_(form), definition_(definition) {}

  absl::StatusOr<Rule> Parse() {
    if (absl::Status status = Advance(); !status.ok()) return status;
    absl::StatusOr<size_t> whole = ParseOr();
    if (!whole.ok()) return whole.status();
    if (token_.kind != TokenKind::kEnd) {
      return Unexpected("the end of the rule, or and, or");
    }
    return std::move(rule_);
  }

 private:
  struct TypedOperand {
    Rule::Operand operand;
    Type type;
    size_t column;
    // Null for a literal.
    const v1::ItemDefinition* item = nullptr;
    std::string literal;
  };

  absl::Status Advance() {
    absl::StatusOr<Token> next = lexer_.Next();
    if (!next.ok()) return next.status();
    token_ = *std::move(next);
    return absl::OkStatus();
  }

  absl::Status Unexpected(std::string_view expected) const {
    const std::string found =
        token_.kind == TokenKind::kEnd ? "the rule ends" : Quoted(token_.text) + " stands";
    return ErrorAt(token_.column,
                   absl::StrCat(found, " where this is expected: ",
                                absl::string_view(expected.data(), expected.size())));
  }

  bool AtWord(std::string_view word) const {
    return token_.kind == TokenKind::kWord && token_.text == word;
  }
  bool AtSymbol(std::string_view symbol) const {
    return token_.kind == TokenKind::kSymbol && token_.text == symbol;
  }

  absl::Status TakeSymbol(std::string_view symbol) {
    if (!AtSymbol(symbol)) return Unexpected(symbol);
    return Advance();
  }

  size_t Add(Rule::Node node) {
    rule_.nodes_.push_back(std::move(node));
    return rule_.nodes_.size() - 1;
  }

  absl::StatusOr<size_t> ParseOr() {
    return ParseChain("or", Rule::Connective::kOr, &RuleParser::ParseAnd);
  }
  absl::StatusOr<size_t> ParseAnd() {
    return ParseChain("and", Rule::Connective::kAnd, &RuleParser::ParseNot);
  }

  absl::StatusOr<size_t> ParseChain(std::string_view word, Rule::Connective connective,
                                    absl::StatusOr<size_t> (RuleParser::*parse_part)()) {
    std::vector<size_t> parts;
    while (true) {
      absl::StatusOr<size_t> part = (this->*parse_part)();
      if (!part.ok()) return part;
      parts.push_back(*part);
      if (!AtWord(word)) break;
      if (absl::Status status = Advance(); !status.ok()) return status;
    }
    if (parts.size() == 1) return parts.front();
    return Add(Rule::Connecting{.connective = connective, .operands = std::move(parts)});
  }

  absl::StatusOr<size_t> ParseNot() {
    if (++depth_ > Rule::kDepthMax) {
      return ErrorAt(token_.column, absl::StrCat("the rule is nested deeper than ", Rule::kDepthMax,
                                                 "; write it as several checks"));
    }
    absl::StatusOr<size_t> result = ParseNested();
    --depth_;
    return result;
  }

  absl::StatusOr<size_t> ParseNested() {
    if (AtWord("not")) {
      if (absl::Status status = Advance(); !status.ok()) return status;
      absl::StatusOr<size_t> operand = ParseNot();
      if (!operand.ok()) return operand;
      return Add(Rule::Connecting{.connective = Rule::Connective::kNot, .operands = {*operand}});
    }
    if (AtSymbol("(")) {
      if (absl::Status status = Advance(); !status.ok()) return status;
      absl::StatusOr<size_t> inner = ParseOr();
      if (!inner.ok()) return inner;
      if (absl::Status status = TakeSymbol(")"); !status.ok()) return status;
      return inner;
    }
    if (AtWord("present") || AtWord("missing")) return ParsePresence();
    return ParseComparison();
  }

  absl::StatusOr<size_t> ParsePresence() {
    const bool missing = AtWord("missing");
    if (absl::Status status = Advance(); !status.ok()) return status;
    if (absl::Status status = TakeSymbol("("); !status.ok()) return status;
    absl::StatusOr<const v1::ItemDefinition*> item = TakeItem();
    if (!item.ok()) return item.status();
    if (absl::Status status = TakeSymbol(")"); !status.ok()) return status;
    return Add(Rule::Presence{.item = (*item)->id(), .missing = missing});
  }

  absl::StatusOr<const v1::ItemDefinition*> TakeItem() {
    if (token_.kind != TokenKind::kWord) return Unexpected("the name of an item");
    for (const v1::ItemDefinition& item : form_.items()) {
      if (item.name() != token_.text) continue;
      if (absl::Status status = Advance(); !status.ok()) return status;
      return &item;
    }
    return ErrorAt(token_.column,
                   absl::StrCat("the form ", form_.name(), " has no item ", Quoted(token_.text),
                                "; name one of its items, or put text and codes in quotes"));
  }

  absl::StatusOr<size_t> ParseComparison() {
    absl::StatusOr<TypedOperand> left = ParseOperand();
    if (!left.ok()) return left.status();
    const std::optional<Relation> relation = RelationOf(token_);
    if (!relation.has_value()) return Unexpected("one of = != < <= > >=");
    const size_t column = token_.column;
    if (absl::Status status = Advance(); !status.ok()) return status;
    absl::StatusOr<TypedOperand> right = ParseOperand();
    if (!right.ok()) return right.status();
    if (absl::Status status = CheckTypes(*left, *relation, column, *right); !status.ok()) {
      return status;
    }
    return Add(Rule::Comparing{.left = std::move(left->operand),
                               .relation = *relation,
                               .right = std::move(right->operand)});
  }

  absl::StatusOr<TypedOperand> ParseOperand() {
    switch (token_.kind) {
      case TokenKind::kNumber:
        return ParseNumber();
      case TokenKind::kQuoted:
        return TakeLiteral(Type::kQuoted, v1::ITEM_TYPE_TEXT);
      case TokenKind::kWord: {
        if (token_.text == "true" || token_.text == "false") {
          return TakeLiteral(Type::kBoolean, v1::ITEM_TYPE_BOOLEAN);
        }
        const size_t column = token_.column;
        absl::StatusOr<const v1::ItemDefinition*> item = TakeItem();
        if (!item.ok()) return item.status();
        return OfItem(**item, column);
      }
      default:
        return Unexpected("an item, a number, a date, a time or a quoted text");
    }
  }

  static TypedOperand OfItem(const v1::ItemDefinition& item, size_t column) {
    Rule::ItemOperand operand{.item = item.id(),
                              .first_unit = item.units().empty() ? "" : item.units(0)};
    return {.operand = std::move(operand),
            .type = TypeOf(item),
            .column = column,
            .item = &item,
            .literal = ""};
  }

  absl::StatusOr<TypedOperand> ParseNumber() {
    if (token_.text.find(':') != std::string::npos) {
      return TakeLiteral(Type::kTime, v1::ITEM_TYPE_TIME);
    }
    if (token_.text.find('-') == 4) return TakeLiteral(Type::kDate, v1::ITEM_TYPE_DATE);
    return TakeLiteral(Type::kNumber, v1::ITEM_TYPE_DECIMAL);
  }

  absl::StatusOr<TypedOperand> TakeLiteral(Type type, v1::ItemType item_type) {
    v1::ItemDefinition like;
    like.set_name("in the rule");
    like.set_type(item_type);
    v1::Value value;
    if (type == Type::kQuoted) {
      value.set_text(token_.text);
    } else {
      absl::StatusOr<v1::Value> parsed = ParseValue(definition_, like, token_.text);
      if (!parsed.ok()) return ErrorAt(token_.column, parsed.status().message().data());
      value = *std::move(parsed);
    }
    TypedOperand operand{.operand = *IntervalOf(value),
                         .type = type,
                         .column = token_.column,
                         .item = nullptr,
                         .literal = token_.text};
    if (absl::Status status = Advance(); !status.ok()) return status;
    return operand;
  }

  // A quoted text is a code beside a coded item, and text beside anything else.
  absl::Status SettleQuoted(TypedOperand& quoted, const TypedOperand& other) const {
    if (quoted.type != Type::kQuoted) return absl::OkStatus();
    quoted.type = other.type == Type::kCode ? Type::kCode : Type::kText;
    if (quoted.type == Type::kText) return absl::OkStatus();
    v1::Value value;
    value.set_code(quoted.literal);
    if (CanRead(definition_, *other.item, value)) return absl::OkStatus();
    return ErrorAt(quoted.column, absl::StrCat(Quoted(quoted.literal), " is no code of the list ",
                                               other.item->code_list(), " of ", other.item->name(),
                                               "; write one of its codes"));
  }

  absl::Status CheckTypes(TypedOperand& left, Relation relation, size_t column,
                          TypedOperand& right) const {
    if (left.item == nullptr && right.item == nullptr) {
      return ErrorAt(left.column, "two fixed values are compared; name an item on one side");
    }
    if (absl::Status status = SettleQuoted(left, right); !status.ok()) return status;
    if (absl::Status status = SettleQuoted(right, left); !status.ok()) return status;
    if (left.type != right.type) {
      return ErrorAt(column, absl::StrCat(NameOf(left.type), " is compared with ",
                                          NameOf(right.type), "; compare values of one type"));
    }
    if (left.item != nullptr && right.item != nullptr &&
        left.item->code_list() != right.item->code_list()) {
      return ErrorAt(column,
                     absl::StrCat("a code of ", left.item->code_list(), " is compared with one of ",
                                  right.item->code_list(), "; compare codes of one list"));
    }
    const bool ordered =
        left.type == Type::kNumber || left.type == Type::kDate || left.type == Type::kTime;
    if (!ordered && relation != Relation::kEqual && relation != Relation::kNotEqual) {
      return ErrorAt(
          column, absl::StrCat(NameOf(left.type), " has no order; compare it with = or != only"));
    }
    return absl::OkStatus();
  }

  Lexer lexer_;
  const v1::FormDefinition& form_;
  const v1::StudyDefinition& definition_;
  Token token_;
  Rule rule_;
  int depth_ = 0;
};

absl::StatusOr<Rule> Rule::Parse(std::string_view text, const v1::FormDefinition& form,
                                 const v1::StudyDefinition& definition) {
  if (text.size() > kBytesMax) {
    return ErrorAt(kBytesMax + 1, absl::StrCat("the rule is longer than ", kBytesMax,
                                               " bytes; write it as several checks"));
  }
  return RuleParser(text, form, definition).Parse();
}

}  // namespace trialsync::study
