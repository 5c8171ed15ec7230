// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_MODEL_STUDY_H_
#define TRIALSYNC_TESTS_MODEL_STUDY_H_

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "tests/model/change.h"

namespace trialsync::model {

enum class OnConflict { kAdjudicate, kLatest };

struct ItemRule {
  Side owner = Side::kSite;
  OnConflict on_conflict = OnConflict::kAdjudicate;
};

// From version `since` on, item `from` is read and written as the items `into`: the value's pieces
// between "/". A value with another number of pieces cannot be decided.
struct Split {
  Item from = 0;
  std::vector<Item> into;
  std::int64_t since = 2;
};

// The label of a birth is an item of the site in a record of its own (Partition::LabelRecord).
inline constexpr Item kLabelItem = -1;

// What the rules need of a study definition. All items of a lineage have the owner and policy of
// its root.
struct Study {
  std::map<Item, ItemRule> items;  // by lineage root
  std::vector<Split> splits;

  // The oldest item of the lineage: `item` itself unless it is a piece of a split.
  Item Root(Item item) const;

  // The rule of the lineage; nothing for an item that the study does not have.
  std::optional<ItemRule> Rule(Item item) const;

  // Whether `item` can be written under version `number`.
  bool Has(Item item, std::int64_t number) const;

  // What `item` = `value` says in the items of version `number`; nothing if a step cannot decide.
  std::optional<std::map<Item, Value>> Translate(Item item, const Value& value,
                                                 std::int64_t number) const;
};

}  // namespace trialsync::model

#endif  // TRIALSYNC_TESTS_MODEL_STUDY_H_
