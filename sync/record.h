// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_SYNC_RECORD_H_
#define TRIALSYNC_SYNC_RECORD_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "proto/digest.h"
#include "study/definition.h"
#include "study/versions.h"
#include "sync/judgement.h"
#include "trialsync/v1/state.pb.h"

// What stands in a record, and who wrote it: the operations that the rules are made of.
namespace trialsync::sync {

// The label of something born merges like an item of the site's, in a record of its own that bears
// the birth's id as its subject and no event or form. In change bytes: must not change.
inline constexpr uint32_t kLabelItem = 0xFFFFFFFF;
v1::RecordKey LabelRecord(const ChangeId& birth);
bool IsLabelRecord(const v1::RecordKey& key);

// Whether two keys name one record.
bool SameRecord(const v1::RecordKey& a, const v1::RecordKey& b);

// Whose word counts for an item, and what happens to what was not seen.
struct ItemPolicy {
  v1::Owner owner = v1::OWNER_SITE;
  v1::ConflictPolicy on_conflict = v1::CONFLICT_POLICY_ADJUDICATE;
};
ItemPolicy PolicyOf(const study::Definition& definition, uint32_t item);

// The cell of a lineage; null if nothing was ever written there.
const v1::CellRow* FindCell(const v1::RecordState& record, uint32_t lineage);
v1::CellRow& MutableCell(v1::RecordState& record, uint32_t lineage);

// Whether the author of `arriving` had seen the value of `cell`, i.e. one of its writers.
bool HasSeenValue(const Arriving& arriving, const v1::RecordState& record, const v1::CellRow& cell);

// Whether a change on the author's own chain after `arriving` took effect on `cell`.
bool OvertakenOnOwnChain(const Arriving& arriving, const v1::RecordState& record,
                         const v1::CellRow& cell);

// What one change writes into one lineage: usually one value.
struct CellWrite {
  uint32_t lineage = 0;
  absl::InlinedVector<const v1::ItemWrite*, 1> writes;
};

// The writes of a change by lineage, ascending; `definition` is the one it was made under.
std::vector<CellWrite> WritesByLineage(
    const google::protobuf::RepeatedPtrField<v1::ItemWrite>& writes,
    const study::Definition& definition);

// Row 2 of the table: whether what is written equals what stands, both read under the newer of
// their versions. A comparison that cannot be decided is "not equal".
bool EqualsStanding(const v1::CellRow& cell, const CellWrite& write,
                    const study::Definition& definition, const study::DefinitionSet& definitions);

// Whether the write says something of everything that stands in the cell; a part of a split does
// not.
bool CoversStanding(const v1::CellRow& cell, const CellWrite& write,
                    const study::Definition& definition);

// Makes the write the value of `cell`, which is one of `record`, and its author's change the only
// writer. Parts of a split that it does not write stay if `keep_other_parts`; a write of the item
// that was split replaces all.
void ApplyWrite(const Arriving& arriving, const CellWrite& write,
                const study::Definition& definition, bool decided, bool keep_other_parts,
                v1::RecordState& record, v1::CellRow& cell);

// Makes the change one more writer of the value that stands in a cell of `record`, or its only one.
void AddWriter(const Arriving& arriving, v1::RecordState& record, v1::CellRow& cell);
void SetOnlyWriter(const Arriving& arriving, bool decided, v1::RecordState& record,
                   v1::CellRow& cell);

// Drops writers of which no value is left, so that a record does not grow with its history. Once
// after each change that may have replaced values.
void DropUnusedWriters(v1::RecordState& record);

// Notes that the change took effect on a cell of `record` though it is no writer there: an older
// one of its chain is overtaken.
void MarkEffect(const Arriving& arriving, v1::RecordState& record, v1::CellRow& cell);

// The writer row of `arriving` on `record`, whose chain table it may extend.
v1::WriterRow WriterOf(const Arriving& arriving, v1::RecordState& record);

// The chain on which a writer stands.
const v1::ChainRow& ChainOf(const v1::RecordState& record, const v1::WriterRow& writer);

// The values of `cell` as study/versions.h takes them.
std::vector<study::StoredValue> StoredValues(const v1::CellRow& cell);

// What acts on a whole record cover: SHA-256 over its values in lineage and item order, as u32
// item ‖ u32 version ‖ u8 kind ‖ u32 length ‖ text (study::FormatValue), big-endian. Stands in
// changes: must not change.
Sha256 ContentDigest(const v1::RecordState& record);

// The act of this kind in force; null if there is none.
const v1::ActRow* FindAct(const v1::RecordState& record, v1::RecordActKind kind);
bool IsLocked(const v1::RecordState& record);

}  // namespace trialsync::sync

#endif  // TRIALSYNC_SYNC_RECORD_H_
