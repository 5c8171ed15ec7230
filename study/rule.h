// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_STUDY_RULE_H_
#define TRIALSYNC_STUDY_RULE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "study/interval.h"
#include "trialsync/v1/definition.pb.h"
#include "trialsync/v1/value.pb.h"

namespace trialsync::study {

// The standing value of an item of the record at hand, or null if the item is empty.
using ValueLookup = absl::FunctionRef<const v1::Value*(uint32_t item)>;

// What a rule says of a record.
struct Verdict {
  Truth truth = Truth::kUndecidable;
  // If it cannot be decided: the items that are empty, missing or withheld, and both items of a
  // comparison whose values are known too roughly or in other units; ascending, each once.
  std::vector<uint32_t> undecided_items = {};
};

// A three-valued rule over the items of one form, e.g. `end_date >= onset_date and grade != '5'`.
//
//   rule       = and { "or" and }
//   and        = not { "and" not }
//   not        = "not" not | "(" rule ")" | test
//   test       = "present" "(" item ")" | "missing" "(" item ")" | operand compare operand
//   compare    = "=" | "!=" | "<" | "<=" | ">" | ">="
//   operand    = item | 12.5 | -3 | 'text or code' | 2024-05-17 | 2024-05 | 09:30 | true | false
//
// A quote within text is doubled: 'don''t'. Both operands are numbers (integer, decimal,
// quantity), dates, times, booleans, texts or codes; anything else is an error when it is parsed.
// Only numbers, dates and times have an order. A code must be on the item's code list.
//
// `present` holds if a value stands, also a withheld one; `missing` if a reason stands for which
// there is none. Both can always be decided, and neither holds for an empty item. A comparison
// cannot be decided if an operand is empty, missing or withheld, or is known too roughly: `<20`
// is less than 30, but may or may not be less than 10; a partial date is every day in it. A
// number, and an integer or decimal item, is taken to be in the first unit of the quantity it is
// compared with; a quantity in another unit cannot be decided. Two quantities are compared if they
// bear the same unit. `and`, `or` and `not` follow Kleene: `false and undecidable` is false.
//
// Immutable, copyable, safe to evaluate from many threads.
class Rule {
 public:
  // Longest rule, in bytes, and deepest nesting; far above what a person can read.
  static constexpr size_t kBytesMax = 4096;
  static constexpr int kDepthMax = 64;

  // Compiles a rule for `form` of `definition` (which has the code lists). InvalidArgument says
  // at which column (from 1, in bytes) what is wrong.
  static absl::StatusOr<Rule> Parse(std::string_view text, const v1::FormDefinition& form,
                                    const v1::StudyDefinition& definition);

  Verdict Evaluate(ValueLookup values) const;

 private:
  friend class RuleParser;
  Rule() = default;

  struct ItemOperand {
    uint32_t item;
    // The unit in which plain numbers are compared with it; empty for other types.
    std::string first_unit;
  };
  using Operand = std::variant<ItemOperand, Interval>;
  struct Comparing {
    Operand left;
    Relation relation;
    Operand right;
  };
  struct Presence {
    uint32_t item;
    bool missing;
  };
  enum class Connective { kAnd, kOr, kNot };
  // Operands are indices of nodes that stand before this one.
  struct Connecting {
    Connective connective;
    std::vector<size_t> operands;
  };
  using Node = std::variant<Comparing, Presence, Connecting>;

  Verdict EvaluateAt(size_t index, ValueLookup values) const;
  static Verdict EvaluateNode(const Comparing& node, ValueLookup values);
  static Verdict EvaluateNode(const Presence& node, ValueLookup values);
  Verdict EvaluateNode(const Connecting& node, ValueLookup values) const;

  // The last one is the whole rule.
  std::vector<Node> nodes_;
};

}  // namespace trialsync::study

#endif  // TRIALSYNC_STUDY_RULE_H_
