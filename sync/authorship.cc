// SPDX-License-Identifier: Apache-2.0
#include "sync/authorship.h"

#include "proto/check.h"
#include "sync/stored_change.h"
#include "sync/time.h"

namespace trialsync::sync {

const Authorship& Authors::Of(const std::string& change) {
  const auto [it, inserted] = known_.try_emplace(change);
  const std::optional<ChangeId> id = ChangeId::From(change);
  if (!inserted || !id) return it->second;
  if (const std::optional<StoredChange> stored = FindChange(view_.state().tables(), *id)) {
    it->second.author = stored->change.author();
    it->second.time = stored->change.authored_time();
    it->second.reason = stored->change.reason();
  }
  return it->second;
}

const v1::WriterRow& LastWriter(const v1::RecordState& record, const v1::CellRow& cell) {
  TS_CHECK(!cell.writers().empty());
  return record.writers(static_cast<int>(cell.writers(cell.writers_size() - 1)));
}

std::string MinuteOf(const google::protobuf::Timestamp& time) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", FromTimestamp(time), absl::UTCTimeZone());
}

}  // namespace trialsync::sync
