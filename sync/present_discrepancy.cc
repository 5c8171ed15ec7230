// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sync/authorship.h"
#include "sync/discrepancy_summary.h"
#include "sync/namer.h"
#include "sync/open_disputes.h"
#include "sync/paging.h"
#include "sync/present.h"
#include "sync/record.h"
#include "sync/shown_text.h"
#include "sync/stored_change.h"
#include "sync/time.h"
#include "sync/words.h"
#include "sync/worklist.h"

namespace trialsync::sync {
namespace {

constexpr char kList[] = "discrepancies";

bool IsConflict(v1::DiscrepancyKind kind) {
  return kind == v1::DISCREPANCY_KIND_DISPUTE || kind == v1::DISCREPANCY_KIND_PROPOSAL;
}

StandingValues AsValues(const google::protobuf::RepeatedPtrField<v1::ItemWrite>& writes) {
  StandingValues values;
  for (const v1::ItemWrite& write : writes) {
    v1::StandingValue* value = values.Add();
    value->set_item(write.item());
    *value->mutable_value() = write.value();
  }
  return values;
}

// One discrepancy on its way to a client.
class Presentation {
 public:
  Presentation(View& view, Namer& namer, const storage::DiscrepancyId& id,
               const v1::DiscrepancyRow& row)
      : view_(view), namer_(namer), authors_(view), id_(id), row_(row) {}

  v1::Discrepancy Make() {
    shown_.set_id(id_.ToString());
    shown_.set_name(absl::StrCat(namer_.parent().ToString(), "/discrepancies/", shown_.id()));
    shown_.set_kind(row_.kind());
    shown_.set_state(row_.state());
    shown_.set_record(RecordText());
    shown_.set_item(ItemText());
    shown_.set_reason(row_.reason());
    if (row_.opened_time_us() != 0) {
      *shown_.mutable_open_time() = MicrosToTimestamp(row_.opened_time_us());
    }
    shown_.set_opened(Commit(row_.opened_number()));
    shown_.set_closed(Commit(row_.closed_number()));
    shown_.set_pending(IsOutboxNumber(row_.opened_number()) ||
                       IsOutboxNumber(row_.closed_number()));
    shown_.set_change(id_.change.hex());
    for (const v1::QueryTurn& turn : row_.turns()) AddMessage(turn);
    AddAlternatives();
    shown_.set_summary(SummaryOf(view_, namer_, row_, shown_));
    return std::move(shown_);
  }

 private:
  static uint64_t Commit(uint64_t number) { return IsOutboxNumber(number) ? 0 : number; }

  std::string RecordText() {
    const v1::RecordKey& key = row_.record();
    if (!IsLabelRecord(key)) return namer_.Record(key).ToString();
    if (const auto birth = ChangeId::From(key.subject())) return namer_.Birth(*birth);
    const std::optional<StoredChange> stored = FindChange(view_.state().tables(), id_.change);
    if (!stored) return "";
    const v1::Change& change = stored->change;
    if (change.has_birth()) return namer_.Birth(id_.change);
    const auto birth =
        ChangeId::From(change.has_rename() ? change.rename().birth() : change.same_thing().birth());
    return birth ? namer_.Birth(*birth) : "";
  }

  std::string ItemText() const {
    if (row_.kind() == v1::DISCREPANCY_KIND_QUERY) {
      return row_.lineage() == 0 ? "" : namer_.vocabulary().ItemName(row_.lineage());
    }
    if (!IsConflict(row_.kind())) return "";
    return namer_.vocabulary().ItemName(row_.challenging_size() == 1 ? row_.challenging(0).item()
                                                                     : row_.lineage());
  }

  void AddMessage(const v1::QueryTurn& turn) {
    v1::QueryMessage* message = shown_.add_messages();
    message->set_text(turn.text());
    message->set_author(turn.author());
    *message->mutable_time() =
        turn.time_us() != 0 ? MicrosToTimestamp(turn.time_us()) : authors_.Of(turn.change()).time;
  }

  void AddAlternative(const std::string& text, const std::string& change, bool standing) {
    const Authorship& who = authors_.Of(change);
    v1::Alternative* alternative = shown_.add_alternatives();
    alternative->set_text(text);
    alternative->set_author(who.author);
    *alternative->mutable_authored_time() = who.time;
    alternative->set_reason(who.reason);
    alternative->set_change(ToHex(change));
    alternative->set_standing(standing);
  }

  bool IsShown(const std::string& change) const {
    const std::string hex = ToHex(change);
    return std::any_of(shown_.alternatives().begin(), shown_.alternatives().end(),
                       [&](const v1::Alternative& shown) { return shown.change() == hex; });
  }

  void AddAlternatives() {
    if (IsConflict(row_.kind())) return AddConflict();
    if (row_.kind() == v1::DISCREPANCY_KIND_HELD || row_.kind() == v1::DISCREPANCY_KIND_REFUSED ||
        row_.kind() == v1::DISCREPANCY_KIND_PREDICTION ||
        row_.kind() == v1::DISCREPANCY_KIND_CONTRADICTED) {
      AddChange();
    }
  }

  // What stands now, then what was written against it; for one that is settled also what stood.
  void AddConflict() {
    AddStanding({row_.lineage()});
    if (!IsOpen(row_) && row_.standing_writers_size() > 0) {
      AddRecorded(row_.standing(), row_.standing_writers(row_.standing_writers_size() - 1));
    }
    if (!IsOpen(row_)) return AddRecorded(row_.challenging(), row_.change());
    // All that are open, this one among them, in the order in which they were opened.
    std::vector<DisputeEntry> open = OpenDisputes(view_.state(), row_.record(), row_.lineage());
    std::stable_sort(open.begin(), open.end(), [](const auto& a, const auto& b) {
      return a.second.opened_number() < b.second.opened_number();
    });
    for (const auto& [id, row] : open) AddRecorded(row.challenging(), row.change());
  }

  void AddRecorded(const StandingValues& values, const std::string& change) {
    if (values.empty() || IsShown(change)) return;
    AddAlternative(ShownText(values, view_, namer_.vocabulary()), change, /*standing=*/false);
  }

  // What stands in these lineages, as one alternative.
  void AddStanding(const std::vector<uint32_t>& lineages) {
    const v1::RecordState& record = view_.state().Record(row_.record());
    StandingValues values;
    std::string writer;
    for (const uint32_t lineage : lineages) {
      const v1::CellRow* cell = FindCell(record, lineage);
      if (cell == nullptr || cell->values().empty()) continue;
      values.MergeFrom(cell->values());
      if (writer.empty()) writer = LastWriter(record, *cell).change();
    }
    if (!values.empty()) {
      AddAlternative(ShownText(values, view_, namer_.vocabulary()), writer, /*standing=*/true);
    }
  }

  // What a held, refused or surprising change says, and what stands where it would write.
  void AddChange() {
    const std::optional<StoredChange> stored = FindChange(view_.state().tables(), id_.change);
    if (!stored) return;
    const v1::Change& change = stored->change;
    const auto& writes = change.has_edit() ? change.edit().writes() : change.decision().writes();
    std::vector<uint32_t> lineages;
    for (const v1::ItemWrite& write : writes) {
      const uint32_t lineage = namer_.vocabulary().Lineage(write.item());
      if (std::find(lineages.begin(), lineages.end(), lineage) == lineages.end()) {
        lineages.push_back(lineage);
      }
    }
    AddStanding(lineages);
    if (IsShown(row_.change())) return;
    const std::string text = !writes.empty()
                                 ? ShownText(AsValues(writes), view_, namer_.vocabulary())
                             : change.has_birth()  ? change.birth().label()
                             : change.has_rename() ? change.rename().label()
                                                   : ActWord(change);
    AddAlternative(text, row_.change(), /*standing=*/false);
  }

  View& view_;
  Namer& namer_;
  Authors authors_;
  const storage::DiscrepancyId id_;
  const v1::DiscrepancyRow& row_;
  v1::Discrepancy shown_;
};

// What a list is to show.
struct Filter {
  v1::DiscrepancyKind kind = v1::DISCREPANCY_KIND_UNSPECIFIED;
  std::string record_key;

  bool Matches(const storage::DiscrepancyId& id, const v1::DiscrepancyRow& row) const {
    return (kind == v1::DISCREPANCY_KIND_UNSPECIFIED || id.kind == kind) &&
           (record_key.empty() || storage::RecordKeyBytes(row.record()) == record_key);
  }
};

absl::StatusOr<Filter> FilterOf(View& view, const SiteName& parent,
                                const v1::ListDiscrepanciesRequest& request) {
  Filter filter{.kind = request.kind(), .record_key = ""};
  if (request.record().empty()) return filter;
  const absl::StatusOr<RecordName> name = ParseRecordName(request.record(), parent);
  if (!name.ok()) return name.status();
  const absl::StatusOr<v1::RecordKey> key = ResolveRecord(view, *name);
  if (!key.ok()) return key.status();
  filter.record_key = storage::RecordKeyBytes(*key);
  return filter;
}

absl::StatusOr<std::optional<storage::DiscrepancyId>> AfterOf(
    const v1::ListDiscrepanciesRequest& request) {
  const absl::StatusOr<std::string> last = LastOfPage(kList, request.page_token());
  if (!last.ok()) return last.status();
  if (last->empty()) return std::optional<storage::DiscrepancyId>();
  return storage::DiscrepancyId::FromString(*last);
}

}  // namespace

absl::StatusOr<v1::Discrepancy> PresentDiscrepancy(View& view, const SiteName& parent,
                                                   const storage::DiscrepancyId& id) {
  const std::optional<v1::DiscrepancyRow> row = ReadDiscrepancy(view, id);
  if (!view.state().status().ok()) return view.state().status();
  if (!row) return absl::NotFoundError(absl::StrCat("there is no discrepancy ", id.ToString()));
  Namer namer(view, parent);
  v1::Discrepancy shown = Presentation(view, namer, id, *row).Make();
  if (!view.state().status().ok()) return view.state().status();
  return shown;
}

absl::StatusOr<v1::ListDiscrepanciesResponse> ListDiscrepancies(
    View& view, const SiteName& parent, const v1::ListDiscrepanciesRequest& request) {
  const absl::StatusOr<size_t> size = PageSize(request.page_size());
  if (!size.ok()) return size.status();
  const auto after = AfterOf(request);
  if (!after.ok()) return after.status();
  view.PrepareAll();
  const absl::StatusOr<Filter> filter = FilterOf(view, parent, request);
  if (!filter.ok()) return filter.status();

  std::vector<DisputeEntry> entries;
  v1::ListDiscrepanciesResponse response;
  view.state().tables().ForEachDiscrepancy(
      !request.include_closed(), *after,
      [&](const storage::DiscrepancyId& id, const v1::DiscrepancyRow& row) {
        if (!filter->Matches(id, row)) return true;
        if (entries.size() == *size) {
          response.set_next_page_token(PageToken(kList, entries.back().first.ToString()));
          return false;
        }
        entries.emplace_back(id, row);
        return true;
      });
  Namer namer(view, parent);
  for (const auto& [id, row] : entries) {
    *response.add_discrepancies() = Presentation(view, namer, id, row).Make();
  }
  if (!view.state().status().ok()) return view.state().status();
  return response;
}

}  // namespace trialsync::sync
