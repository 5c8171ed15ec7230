// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_STANDING_H_
#define TRIALSYNC_SYNC_STANDING_H_

#include <optional>
#include <string>
#include <vector>

#include "google/protobuf/repeated_ptr_field.h"
#include "study/definition.h"
#include "sync/vocabulary.h"
#include "trialsync/v1/state.pb.h"

namespace trialsync::sync {

// What stands for one item, as a person sees it who works under one version.
struct Standing {
  // Nothing stands.
  bool empty = true;
  // Absent where nothing stands, or what it says under that version cannot be decided.
  std::optional<v1::Value> value;
  // As it is shown: of `value`, else of what is stored.
  std::string text;
  // A person's decision.
  bool decided = false;
};

// An item that was split, one whose value cannot be read under `definition`, and one of a newer
// version count as not empty while anything stands in their lineage.
Standing StandingOf(const v1::RecordState& record, uint32_t item,
                    const study::Definition& definition, const study::DefinitionSet& definitions);

// Whether `offered` is what stands, to the letter: then there is nothing to write.
bool IsWhatStands(const Standing& standing, const v1::Value& offered);

using StandingValues = google::protobuf::RepeatedPtrField<v1::StandingValue>;

// Values as one text; each with its item's name where there are several. Empty for none.
std::string TextOf(const StandingValues& values, const Vocabulary& vocabulary);

// The values as writes under `definition`: read under it where they are of another version, without
// items that are retired there. FAILED_PRECONDITION with a sentence if one cannot be read so.
absl::StatusOr<std::vector<v1::ItemWrite>> WritesOf(const StandingValues& values,
                                                    const study::Definition& definition,
                                                    const study::DefinitionSet& definitions);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_STANDING_H_
