// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "study/value.h"
#include "sync/namer.h"
#include "sync/paging.h"
#include "sync/present.h"
#include "sync/present_items.h"
#include "sync/record.h"
#include "sync/stored_change.h"
#include "sync/time.h"
#include "sync/words.h"

namespace trialsync::sync {
namespace {

constexpr char kList[] = "history";

// A change on the record, with what became of it.
struct Step {
  StoredChange stored;
  v1::ChangeRow row;
  v1::HistoryEntry entry;
};

v1::Outcome OutcomeIn(const v1::ChangeRow& row, uint32_t lineage) {
  for (const v1::CellOutcome& cell : row.cells()) {
    if (cell.lineage() == lineage) return cell.outcome();
  }
  return row.outcome();
}

const google::protobuf::RepeatedPtrField<v1::ItemWrite>& WritesOf(const v1::Change& change) {
  return change.has_edit() ? change.edit().writes() : change.decision().writes();
}

// Every change on the record in the order of the log, then of the outbox.
std::vector<Step> ReadSteps(View& view, const v1::RecordKey& key) {
  storage::PartitionTables& tables = view.state().tables();
  std::vector<Step> steps;
  const auto add = [&](std::optional<StoredChange> stored) {
    if (!stored) return;
    const std::optional<v1::ChangeRow> row = tables.Change(stored->id);
    steps.push_back({*std::move(stored), row.value_or(v1::ChangeRow()), {}});
  };
  uint64_t number = view.state().Record(key).last_commit();
  while (number != 0 && tables.status().ok()) {
    std::optional<StoredChange> stored = ReadChange(tables, number);
    number = stored ? stored->previous_of_record : 0;
    add(std::move(stored));
  }
  std::reverse(steps.begin(), steps.end());
  for (const uint64_t seq : tables.OutboxOfRecord(storage::RecordKeyBytes(key))) {
    std::optional<StoredChange> stored = ReadChange(tables, kOutboxNumber + seq);
    if (stored && stored->change.has_record()) add(std::move(stored));
  }
  return steps;
}

void SetFacts(Step& step) {
  const v1::Change& change = step.stored.change;
  v1::HistoryEntry& entry = step.entry;
  entry.set_change(step.stored.id.hex());
  entry.set_commit(IsOutboxNumber(step.stored.number) ? 0 : step.stored.number);
  entry.set_author(change.author());
  *entry.mutable_authored_time() = change.authored_time();
  if (step.stored.received_time_us != 0) {
    *entry.mutable_received_time() = MicrosToTimestamp(step.stored.received_time_us);
  }
  entry.set_replica(step.stored.stamp.chain.replica.hex());
  entry.set_centre(step.stored.from_centre);
  entry.set_seq(step.stored.stamp.seq);
  *entry.mutable_base() = change.base();
  entry.set_reason(change.reason());
  entry.set_version(change.version().number());
  entry.set_act(ActWord(change));
  entry.set_outcome(step.row.outcome());
  entry.set_outcome_reason(step.row.reason());
}

// Follows values from text to text through the changes, in the order in which they took effect: a
// change that was held took effect at the commit that admitted it.
class Walk {
 public:
  // Shows values that this replica keeps to itself if `include_site_only`.
  Walk(View& view, const Vocabulary& vocabulary, bool include_site_only)
      : view_(view), vocabulary_(vocabulary), include_site_only_(include_site_only) {}

  void Take(std::vector<Step>& steps) {
    std::vector<Step*> order;
    for (Step& step : steps) order.push_back(&step);
    const auto effect = [](const Step* step) {
      const uint64_t number = step->stored.number;
      const uint64_t at = std::max(number, step->row.effect_number());
      return std::make_tuple(at, at != number, number);
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](const Step* a, const Step* b) { return effect(a) < effect(b); });
    for (Step* step : order) Take(*step);
  }

 private:
  void Take(Step& step) {
    const std::map<uint32_t, std::string> before = standing_;
    for (const v1::ItemWrite& write : WritesOf(step.stored.change)) {
      const uint32_t lineage = vocabulary_.Lineage(write.item());
      v1::HistoryItem* item = step.entry.add_items();
      item->set_item(vocabulary_.ItemName(write.item()));
      item->set_from(TextIn(before, write.item(), lineage));
      item->set_to(study::FormatValue(Shown(step.stored.id, write)));
      item->set_outcome(OutcomeIn(step.row, lineage));
      if (item->outcome() != v1::OUTCOME_APPLIED) continue;
      if (write.item() == lineage) ClearParts(lineage);
      standing_[write.item()] = item->to();
    }
  }

  v1::Value Shown(const ChangeId& change, const v1::ItemWrite& write) {
    if (!include_site_only_) return write.value();
    return ShownValue(view_.state(), change, write);
  }

  // A part of what was split had the whole before it.
  static std::string TextIn(const std::map<uint32_t, std::string>& standing, uint32_t item,
                            uint32_t lineage) {
    auto found = standing.find(item);
    if (found == standing.end()) found = standing.find(lineage);
    return found == standing.end() ? "" : found->second;
  }

  void ClearParts(uint32_t lineage) {
    std::erase_if(standing_,
                  [&](const auto& entry) { return vocabulary_.Lineage(entry.first) == lineage; });
  }

  View& view_;
  const Vocabulary& vocabulary_;
  const bool include_site_only_;
  std::map<uint32_t, std::string> standing_;
};

bool Writes(const Step& step, uint32_t item) {
  const auto& writes = WritesOf(step.stored.change);
  return std::any_of(writes.begin(), writes.end(),
                     [item](const v1::ItemWrite& write) { return write.item() == item; });
}

absl::Status KeepItem(const std::string& name, const v1::RecordKey& key,
                      const Vocabulary& vocabulary, std::vector<Step>& steps) {
  if (name.empty()) return absl::OkStatus();
  const v1::ItemDefinition* item = vocabulary.FindItem(key.form(), name);
  if (item == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("the form has no item ", name, "; it has ", vocabulary.ItemNames(key.form())));
  }
  std::erase_if(steps, [&](const Step& step) { return !Writes(step, item->id()); });
  for (Step& step : steps) {
    auto* items = step.entry.mutable_items();
    const std::string shown = vocabulary.ItemName(item->id());
    items->erase(std::remove_if(items->begin(), items->end(),
                                [&](const auto& entry) { return entry.item() != shown; }),
                 items->end());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::GetRecordHistoryResponse> PresentHistory(
    View& view, const SiteName& parent, const v1::GetRecordHistoryRequest& request) {
  const absl::StatusOr<size_t> size = PageSize(request.page_size());
  if (!size.ok()) return size.status();
  const absl::StatusOr<std::string> after = LastOfPage(kList, request.page_token());
  if (!after.ok()) return after.status();
  const absl::StatusOr<RecordName> name = ParseRecordName(request.name(), parent);
  if (!name.ok()) return name.status();
  const absl::StatusOr<v1::RecordKey> key = ResolveRecord(view, *name);
  if (!key.ok()) return key.status();

  view.PrepareRecord(*key);
  const Vocabulary vocabulary(view.state());
  std::vector<Step> steps = ReadSteps(view, *key);
  for (Step& step : steps) SetFacts(step);
  Walk(view, vocabulary, request.include_site_only()).Take(steps);
  if (!view.state().status().ok()) return view.state().status();
  absl::Status kept = KeepItem(request.item(), *key, vocabulary, steps);
  if (!kept.ok()) return kept;

  auto begin = steps.begin();
  if (!after->empty()) {
    begin = std::find_if(steps.begin(), steps.end(),
                         [&](const Step& step) { return step.stored.id.view() == *after; });
    if (begin != steps.end()) ++begin;
  }
  v1::GetRecordHistoryResponse response;
  for (; begin != steps.end(); ++begin) {
    if (static_cast<size_t>(response.entries_size()) == *size) {
      response.set_next_page_token(PageToken(kList, std::prev(begin)->stored.id.view()));
      break;
    }
    *response.add_entries() = std::move(begin->entry);
  }
  return response;
}

}  // namespace trialsync::sync
