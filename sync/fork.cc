// SPDX-License-Identifier: Apache-2.0
#include "sync/fork.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "proto/check.h"
#include "sync/limits.h"
#include "sync/row_difference.h"
#include "sync/stored_change.h"

namespace trialsync::sync {
namespace {

// Of the log's rows, as they are otherwise appended.
constexpr uint64_t kCommitsPerRow = 64;

bool IsRecord(const StoredChange& change) {
  return change.change.has_epoch_record() && change.from_centre;
}

// A commit of a log as another one is to record it. A record of an epoch has no outcome: nobody was
// told one.
std::optional<v1::TakenOff> TakenOffOf(PartitionState& state, uint64_t number) {
  const std::optional<StoredChange> change = ReadChange(state.tables(), number);
  const std::optional<v1::ChangeRow> row =
      change ? state.tables().Change(change->id) : std::nullopt;
  if (!row) return std::nullopt;
  v1::TakenOff taken;
  taken.set_change(change->id.str());
  *taken.mutable_position() = state.branches().At(number);
  if (row->outcome() != v1::OUTCOME_HELD) {
    *taken.mutable_effect() = PositionOf(row->epoch(), row->effect_number());
  }
  if (IsRecord(*change)) return taken;
  taken.set_outcome(row->outcome());
  *taken.mutable_cells() = row->cells();
  return taken;
}

// Whether a log knows of this commit: has it, or records it as taken off, all the same.
bool Knows(PartitionState& state, const v1::TakenOff& commit) {
  const std::optional<ChangeId> id = ChangeId::From(commit.change());
  if (!id) return false;
  std::vector<v1::TakenOff> known = state.tables().TakenOff(*id);
  if (const std::optional<v1::ChangeRow> row = state.tables().Change(*id)) {
    if (const auto here = TakenOffOf(state, row->number())) known.push_back(*here);
  }
  const std::string bytes = commit.SerializeAsString();
  return std::any_of(known.begin(), known.end(),
                     [&](const v1::TakenOff& other) { return other.SerializeAsString() == bytes; });
}

// Whether what `a` records as taken off stands otherwise in `b`.
bool RecordsContradict(PartitionState& a, PartitionState& b) {
  bool found = false;
  a.tables().ForEachTakenOff([&](const v1::TakenOff& commit) {
    const std::optional<ChangeId> other = b.branches().ChangeAt(commit.position());
    found = other && other->view() != commit.change();
    return !found;
  });
  return found;
}

bool BeganAt(PartitionState& state, uint64_t common) {
  return common == 0 ||
         state.branches().At(common).epoch() != state.branches().At(common + 1).epoch();
}

// Commits before the fork that were held there and admitted behind it, and those behind it.
std::set<uint64_t> TouchedBehind(PartitionState& state, uint64_t common) {
  std::set<uint64_t> numbers;
  const uint64_t size = state.tables().Head().size();
  for (uint64_t number = common + 1; number <= size; ++number) {
    numbers.insert(number);
    const std::optional<Receipt> receipt = ReadReceipt(state.tables(), number);
    if (!receipt) break;
    for (const Admission& admission : receipt->admissions) numbers.insert(admission.number);
  }
  return numbers;
}

// Where the changes of a log behind the fork stood on their chains.
using Places = std::map<Stamp, ChangeId>;

// The place that what stood before a change has in the kept log now.
std::optional<Stamp> PlaceBefore(const Receipt& receipt, const Places& loser,
                                 storage::PartitionTables& kept) {
  std::optional<Stamp> before = receipt.origin;
  if (receipt.stamp.seq > 1) before = Stamp{receipt.stamp.chain, receipt.stamp.seq - 1};
  if (!before) return std::nullopt;
  const auto moved = loser.find(*before);
  return moved == loser.end() ? before : PlaceOf(kept, moved->second);
}

}  // namespace

bool IsKept(PartitionState& a, PartitionState& b, uint64_t common) {
  const bool a_began = BeganAt(a, common);
  if (a_began != BeganAt(b, common)) return !a_began;
  return a.branches().At(common + 1).epoch() < b.branches().At(common + 1).epoch();
}

bool Contradict(PartitionState& a, PartitionState& b) {
  return RecordsContradict(a, b) || RecordsContradict(b, a);
}

std::vector<v1::EpochRecord> Difference(PartitionState& loser, PartitionState& kept,
                                        uint64_t common) {
  std::vector<v1::EpochRecord> records(1);
  for (const v1::EpochBeginning& beginning : loser.branches().beginnings()) {
    if (!kept.branches().Knows(beginning.epoch())) *records[0].add_epochs() = beginning;
  }
  size_t bytes = 0;
  const auto add = [&](const v1::TakenOff& commit) {
    if (Knows(kept, commit)) return true;
    if (bytes > kTakenOffBytesMax) {
      records.emplace_back();
      bytes = 0;
    }
    bytes += commit.ByteSizeLong();
    *records.back().add_commits() = commit;
    return true;
  };
  for (const uint64_t number : TouchedBehind(loser, common)) {
    if (const std::optional<v1::TakenOff> commit = TakenOffOf(loser, number)) add(*commit);
  }
  loser.tables().ForEachTakenOff(add);
  return records;
}

void CommitAgain(PartitionState& loser, uint64_t common, PartitionState& kept, LogWriter& log,
                 int64_t received_time_us, const std::function<uint64_t()>& draw) {
  Places places;
  std::set<uint64_t> drawn;
  const uint64_t size = loser.tables().Head().size();
  for (uint64_t number = common + 1; number <= size; ++number) {
    const std::optional<Receipt> receipt = ReadReceipt(loser.tables(), number);
    const std::optional<StoredChange> change = ReadChange(loser.tables(), number);
    if (!receipt || !change) return;
    places[receipt->stamp] = change->id;
    if (IsRecord(*change) || kept.tables().Change(change->id)) continue;
    const std::optional<Stamp> behind = PlaceBefore(*receipt, places, kept.tables());
    const bool goes_on = behind && drawn.contains(behind->chain.incarnation) &&
                         behind->chain.replica == receipt->stamp.chain.replica &&
                         behind->seq == log.Chain(behind->chain).seq;
    Incoming incoming{.stamp = {{receipt->stamp.chain.replica, 0}, 1},
                      .authored = change->authored,
                      .authored_digest = Sha256Of(change->authored),
                      .change = &change->change,
                      .received_time_us = received_time_us};
    if (goes_on) {
      incoming.stamp = {behind->chain, behind->seq + 1};
    } else {
      incoming.stamp.chain.incarnation = draw();
      incoming.origin = behind;
    }
    drawn.insert(incoming.stamp.chain.incarnation);
    log.Append(incoming);
  }
}

bool AllIsBack(PartitionState& state, const v1::Position& end) {
  bool all = true;
  state.tables().ForEachTakenOff([&](const v1::TakenOff& commit) {
    const std::optional<ChangeId> id = ChangeId::From(commit.change());
    const bool counts = commit.outcome() != v1::OUTCOME_UNSPECIFIED &&
                        state.branches().Reaches(end, commit.position());
    all = !counts || (id && state.tables().Change(*id));
    return all;
  });
  return all;
}

bool NamesAll(PartitionState& state, storage::PartitionTables& tables, uint64_t common) {
  Branches branches(&tables);
  const uint64_t size = tables.Head().size();
  for (uint64_t number = common + 1; number <= size; ++number) {
    const std::optional<StoredChange> change = ReadChange(tables, number);
    if (!change) return false;
    const std::optional<ChangeId> named = state.tables().TakenOffAt(branches.At(number));
    if (named != change->id) return false;
    if (!IsRecord(*change) && !state.tables().Change(change->id)) return false;
  }
  return true;
}

absl::Status TakeOver(storage::PartitionTables& tables, uint64_t common, ReplayedLog& log) {
  Branches branches(&tables);
  const uint64_t size_before = tables.Head().size();
  for (uint64_t number = common + 1; number <= size_before; ++number) {
    std::optional<v1::LogRow> row = tables.Log(number);
    if (!row) return tables.status();
    const ChangeId id = ChangeIdOf(Sha256Of(row->authored()));
    if (log.tables().Change(id)) row->clear_authored();
    row->clear_previous_of_record();
    tables.PutTakenOffLog(branches.At(number), *row);
  }
  tables.TruncateLog(common);
  const uint64_t size = log.log().size();
  for (uint64_t number = common + 1; number <= size; ++number) {
    const std::optional<v1::LogRow> row = log.tables().Log(number);
    TS_CHECK(row.has_value());
    tables.AppendLog(number, *row);
    if (number % kCommitsPerRow == 0) tables.FlushLog();
  }
  tables.FlushLog();
  if (!tables.status().ok()) return tables.status();
  return TakeRows(tables.transaction(), *log.snapshot(), tables.partition());
}

}  // namespace trialsync::sync
