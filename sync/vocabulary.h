// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_VOCABULARY_H_
#define TRIALSYNC_SYNC_VOCABULARY_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "study/definition.h"
#include "sync/partition_state.h"

namespace trialsync::sync {

// The names of a study's events, forms and items in every version known, as people use them at one
// site: the newest version that is active there speaks first, then the others, the newest first.
// So a name that was changed is still understood, and a record of a version that is not active yet
// has its name. Not thread-safe.
class Vocabulary {
 public:
  explicit Vocabulary(PartitionState& state);

  // Each gives null if no version has it. Pointers live as long as this.
  const v1::EventDefinition* FindEvent(uint32_t id) const;
  const v1::EventDefinition* FindEvent(std::string_view name) const;
  const v1::FormDefinition* FindForm(uint32_t id) const;
  const v1::FormDefinition* FindForm(std::string_view name) const;
  const v1::ItemDefinition* FindItem(uint32_t id) const;
  const v1::ItemDefinition* FindItem(uint32_t form, std::string_view name) const;

  // Whether the form is filled at the event in any version.
  bool EventHasForm(uint32_t event, uint32_t form) const;
  // The unit in which conflicts on the item are judged; kLabelItem for a label.
  uint32_t Lineage(uint32_t item) const;

  // What people call an item; `label` for kLabelItem, `item 17` where no version has it.
  std::string ItemName(uint32_t item) const;
  // The items that the form has, for an error; empty where there is no such form.
  std::string ItemNames(uint32_t form) const;

  // No version is known.
  bool empty() const { return versions_.empty(); }

 private:
  std::vector<std::shared_ptr<const study::Definition>> versions_;
};

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_VOCABULARY_H_
