// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_STUDY_YAML_WORDS_H_
#define TRIALSYNC_STUDY_YAML_WORDS_H_

#include <array>
#include <string_view>

#include "trialsync/v1/definition.pb.h"

namespace trialsync::study {

// The words of the YAML shape for the enumerations of a definition; read and written by study/yaml.
template <typename Enum>
struct YamlWord {
  Enum value;
  std::string_view word;
};

inline constexpr std::array<YamlWord<v1::ItemType>, 8> kItemTypeWords = {{
    {v1::ITEM_TYPE_TEXT, "text"},
    {v1::ITEM_TYPE_INTEGER, "integer"},
    {v1::ITEM_TYPE_DECIMAL, "decimal"},
    {v1::ITEM_TYPE_QUANTITY, "quantity"},
    {v1::ITEM_TYPE_DATE, "date"},
    {v1::ITEM_TYPE_TIME, "time"},
    {v1::ITEM_TYPE_BOOLEAN, "boolean"},
    {v1::ITEM_TYPE_CODED, "coded"},
}};

// The first word of these two is what holds if nothing is said.
inline constexpr std::array<YamlWord<v1::Owner>, 2> kOwnerWords = {{
    {v1::OWNER_SITE, "site"},
    {v1::OWNER_CENTRE, "centre"},
}};

inline constexpr std::array<YamlWord<v1::ConflictPolicy>, 2> kConflictPolicyWords = {{
    {v1::CONFLICT_POLICY_ADJUDICATE, "adjudicate"},
    {v1::CONFLICT_POLICY_LATEST, "latest"},
}};

}  // namespace trialsync::study

#endif  // TRIALSYNC_STUDY_YAML_WORDS_H_
