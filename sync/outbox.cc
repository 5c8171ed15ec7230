// SPDX-License-Identifier: Apache-2.0
#include "sync/outbox.h"

#include <optional>

namespace trialsync::sync {

void AddToOutbox(storage::PartitionTables& tables, uint64_t seq, const v1::OwnRow& row) {
  if (!row.scope_record().empty()) tables.AddOutboxRecord(row.scope_record(), seq);
  for (const std::string& bytes : row.scope_births()) {
    const std::optional<ChangeId> birth = ChangeId::From(bytes);
    if (birth) tables.AddOutboxBirth(*birth, seq);
  }
  if (row.label().empty()) return;
  const std::optional<ChangeId> labelled = ChangeId::From(row.scope_births(0));
  if (labelled) {
    tables.AddOutboxLabel(row.label_kind(), row.label_parent(), row.label(), *labelled);
  }
}

void RemoveFromOutbox(storage::PartitionTables& tables, uint64_t seq, const v1::OwnRow& row) {
  if (!row.scope_record().empty()) tables.RemoveOutboxRecord(row.scope_record(), seq);
  for (const std::string& bytes : row.scope_births()) {
    const std::optional<ChangeId> birth = ChangeId::From(bytes);
    if (birth) tables.RemoveOutboxBirth(*birth, seq);
  }
  if (row.label().empty()) return;
  const std::optional<ChangeId> labelled = ChangeId::From(row.scope_births(0));
  if (labelled) {
    tables.RemoveOutboxLabel(row.label_kind(), row.label_parent(), row.label(), *labelled);
  }
}

}  // namespace trialsync::sync
