// SPDX-License-Identifier: Apache-2.0
#include "sync/outbox.h"

#include <optional>

namespace trialsync::sync {
namespace {

// What the change gives a label, if it does.
std::optional<ChangeId> Labelled(const v1::OwnRow& row) {
  if (row.label().empty() || row.scope_births().empty()) return std::nullopt;
  return ChangeId::From(row.scope_births(0));
}

}  // namespace

void AddToOutbox(storage::PartitionTables& tables, uint64_t seq, const v1::OwnRow& row) {
  if (!row.scope_record().empty()) tables.AddOutboxRecord(row.scope_record(), seq);
  for (const std::string& bytes : row.scope_births()) {
    const std::optional<ChangeId> birth = ChangeId::From(bytes);
    if (birth) tables.AddOutboxBirth(*birth, seq);
  }
  const std::optional<ChangeId> labelled = Labelled(row);
  if (labelled) {
    tables.AddOutboxLabel(row.label_kind(), row.label_parent(), row.label(), *labelled);
  }
}

void RemoveFromOutbox(storage::PartitionTables& tables, uint64_t seq, const v1::OwnRow& row) {
  if (!row.scope_record().empty()) tables.RemoveOutboxRecord(row.scope_record(), seq);
  RemoveBirthsFromOutbox(tables, seq, row);
}

void RemoveBirthsFromOutbox(storage::PartitionTables& tables, uint64_t seq, const v1::OwnRow& row) {
  for (const std::string& bytes : row.scope_births()) {
    const std::optional<ChangeId> birth = ChangeId::From(bytes);
    if (birth) tables.RemoveOutboxBirth(*birth, seq);
  }
  const std::optional<ChangeId> labelled = Labelled(row);
  if (labelled) {
    tables.RemoveOutboxLabel(row.label_kind(), row.label_parent(), row.label(), *labelled);
  }
}

}  // namespace trialsync::sync
