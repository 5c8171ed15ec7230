// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_ADMISSION_H_
#define TRIALSYNC_SYNC_ADMISSION_H_

#include <memory>
#include <optional>
#include <string>

#include "study/definition.h"
#include "sync/judgement.h"
#include "sync/partition_state.h"

// Admission of the content of a change (protocol §5). Everything it reads is a commit of the same
// partition, so replaying the log gives the same answers for ever.
namespace trialsync::sync {

// Whether a version is published here, and whether it may be written under as of a base.
enum class VersionStanding { kUnknown, kInactive, kActive };
VersionStanding StandingOf(PartitionState& state, const v1::VersionReference& version,
                           const v1::Position& base);

// The newest version that may be written under as of `base`; null if there is none.
std::shared_ptr<const study::Definition> NewestActive(PartitionState& state,
                                                      const v1::Position& base);

// Whether a change needs a version: all do but the centre's acts on the partition itself.
bool NeedsVersion(const v1::Change& change);

// Refuses or holds a change for its version, for what it names, or for its content; nullopt when
// the rules of its kind may judge it. `definition` is set for those that need one.
std::optional<Judgement> Admit(PartitionState& state, const Arriving& arriving,
                               std::shared_ptr<const study::Definition>& definition);

// Why a value may not stand in a change, in a sentence; OK if it may. For the site, before it
// saves; admission gives the reason code only.
absl::Status CheckWrites(const v1::Change& change, const study::Definition& definition);

// Whether the record is one that the definition has: the event has the form, and what repeats, and
// only that, names a birth.
bool RecordFits(const v1::RecordKey& key, const study::Definition& definition);

// Whether something of this kind can be born there under the definition, which has it repeat and
// has not retired it.
bool BirthFits(const v1::Birth& birth, const study::Definition& definition);

// What of a record that fits the definition has retired, e.g. `the form AE`: the record is read,
// and no longer edited. Empty if nothing is.
std::string RetiredPartOf(const v1::RecordKey& key, const study::Definition& definition);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_ADMISSION_H_
