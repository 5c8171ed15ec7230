// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <vector>

#include "absl/strings/escaping.h"
#include "storage/key.h"
#include "sync/present.h"
#include "sync/record.h"

namespace trialsync::sync {
namespace {

// An etag is the web-safe base64 of
//
//   u8 layout = 1, u32 n, n × 8            holds in force: change ids
//   then per set of writers, to the end:
//   u32 n, n × 8, u32 m, m × u32           writers: change ids; lineages whose values they wrote
//
// with the first 8 bytes of each change id, which tell apart what ever stood in one record. Most
// records have few sets of writers, so an etag stays short enough for a command line.
constexpr uint8_t kLayout = 1;
constexpr size_t kIdBytes = 8;

using Ids = std::vector<std::string>;

struct Seen {
  Ids holds;
  std::map<uint32_t, Ids> writers;
};

std::string Shortened(const std::string& change_id) { return change_id.substr(0, kIdBytes); }

bool Contains(const Ids& ids, const std::string& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// The acts that keep an author who has not seen them from writing, and the held changes, which may
// take effect later.
Ids HoldsOf(const v1::RecordState& record) {
  Ids holds;
  for (const v1::ActRow& act : record.acts()) {
    switch (act.kind()) {
      case v1::RECORD_ACT_KIND_SIGN:
      case v1::RECORD_ACT_KIND_FREEZE:
      case v1::RECORD_ACT_KIND_LOCK:
      case v1::RECORD_ACT_KIND_VOID:
        holds.push_back(Shortened(act.by().change()));
        break;
      default:
        break;
    }
  }
  for (const std::string& held : record.held_changes()) holds.push_back(Shortened(held));
  return holds;
}

Ids WritersOf(const v1::RecordState& record, const v1::CellRow& cell) {
  Ids writers;
  for (const uint32_t index : cell.writers()) {
    writers.push_back(Shortened(record.writers(static_cast<int>(index)).change()));
  }
  std::sort(writers.begin(), writers.end());
  return writers;
}

void AppendIds(const Ids& ids, storage::KeyWriter& bytes) {
  bytes.U32(static_cast<uint32_t>(ids.size()));
  for (const std::string& id : ids) bytes.Fixed(id);
}

std::string Encode(const Seen& seen) {
  std::map<Ids, std::vector<uint32_t>> by_writers;
  for (const auto& [lineage, writers] : seen.writers) by_writers[writers].push_back(lineage);
  storage::KeyWriter bytes;
  bytes.U8(kLayout);
  AppendIds(seen.holds, bytes);
  for (const auto& [writers, lineages] : by_writers) {
    AppendIds(writers, bytes);
    bytes.U32(static_cast<uint32_t>(lineages.size()));
    for (const uint32_t lineage : lineages) bytes.U32(lineage);
  }
  const std::string_view raw = bytes.key();
  return absl::WebSafeBase64Escape(absl::string_view(raw.data(), raw.size()));
}

absl::Status NoEtag() {
  return absl::InvalidArgumentError(
      "the etag is none that this service gave: read the record and take its etag");
}

// Reads an etag part by part; after anything unexpected all that follows is nothing.
class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}

  bool AtEnd() const { return rest_.empty(); }
  bool damaged() const { return damaged_; }

  uint64_t Number(size_t size_bytes) {
    uint64_t number = 0;
    for (const char byte : Take(size_bytes)) number = number << 8 | static_cast<uint8_t>(byte);
    return number;
  }
  std::string Id() { return std::string(Take(kIdBytes)); }
  Ids AllIds() {
    Ids ids;
    for (uint64_t left = Number(4); left > 0 && !damaged_; --left) ids.push_back(Id());
    return ids;
  }

 private:
  std::string_view Take(size_t size_bytes) {
    if (rest_.size() < size_bytes) {
      damaged_ = true;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, size_bytes);
    rest_.remove_prefix(size_bytes);
    return taken;
  }

  std::string_view rest_;
  bool damaged_ = false;
};

// What an etag says of one lineage: one that a client makes up may name any number of others.
absl::StatusOr<Seen> Decode(std::string_view etag, uint32_t lineage) {
  std::string raw;
  if (!absl::WebSafeBase64Unescape(absl::string_view(etag.data(), etag.size()), &raw)) {
    return NoEtag();
  }
  Decoder decoder(raw);
  if (decoder.Number(1) != kLayout) return NoEtag();
  Seen seen;
  seen.holds = decoder.AllIds();
  while (!decoder.AtEnd()) {
    const Ids writers = decoder.AllIds();
    for (uint64_t left = decoder.Number(4); left > 0 && !decoder.damaged(); --left) {
      if (decoder.Number(4) == lineage) seen.writers[lineage] = writers;
    }
  }
  if (decoder.damaged()) return NoEtag();
  return seen;
}

}  // namespace

std::string EtagOf(const v1::RecordState& record) {
  Seen seen{.holds = HoldsOf(record), .writers = {}};
  for (const v1::CellRow& cell : record.cells()) {
    if (!cell.values().empty()) seen.writers[cell.lineage()] = WritersOf(record, cell);
  }
  return Encode(seen);
}

std::string EtagOfLineage(const v1::RecordState& record, uint32_t lineage) {
  Seen seen{.holds = HoldsOf(record), .writers = {}};
  const v1::CellRow* cell = FindCell(record, lineage);
  if (cell != nullptr && !cell->values().empty()) seen.writers[lineage] = WritersOf(record, *cell);
  return Encode(seen);
}

absl::StatusOr<bool> EtagDiffers(std::string_view etag, const v1::RecordState& record,
                                 uint32_t lineage) {
  const absl::StatusOr<Seen> seen = Decode(etag, lineage);
  if (!seen.ok()) return seen.status();
  for (const std::string& hold : HoldsOf(record)) {
    if (!Contains(seen->holds, hold)) return true;
  }
  const v1::CellRow* cell = FindCell(record, lineage);
  if (cell == nullptr || cell->values().empty()) return false;
  const auto known = seen->writers.find(lineage);
  if (known == seen->writers.end()) return true;
  const Ids writers = WritersOf(record, *cell);
  return std::none_of(writers.begin(), writers.end(),
                      [&](const std::string& writer) { return Contains(known->second, writer); });
}

}  // namespace trialsync::sync
