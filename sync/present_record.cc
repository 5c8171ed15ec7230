// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "study/value.h"
#include "study/versions.h"
#include "sync/authorship.h"
#include "sync/present_items.h"
#include "sync/record.h"
#include "sync/stored_change.h"

namespace trialsync::sync {
namespace {

bool IsMark(v1::RecordActKind kind) {
  return kind == v1::RECORD_ACT_KIND_COMPLETE || kind == v1::RECORD_ACT_KIND_VERIFY ||
         kind == v1::RECORD_ACT_KIND_SIGN;
}

const google::protobuf::RepeatedPtrField<v1::ItemWrite>& WritesOf(const v1::Change& change) {
  return change.has_edit() ? change.edit().writes() : change.decision().writes();
}

// One record on its way to a client.
class Presentation {
 public:
  Presentation(View& view, Namer& namer, const v1::RecordKey& key, const ReadingOptions& options)
      : view_(view),
        namer_(namer),
        authors_(view),
        options_(options),
        key_bytes_(storage::RecordKeyBytes(key)),
        record_(view.state().Record(key)) {}

  v1::Record Make() {
    ListOpen();
    v1::Record shown;
    shown.set_name(namer_.Record(record_.key()).ToString());
    *shown.mutable_key() = record_.key();
    shown.set_etag(EtagOf(record_));
    shown.set_locked(FindAct(record_, v1::RECORD_ACT_KIND_LOCK) != nullptr);
    shown.set_frozen(FindAct(record_, v1::RECORD_ACT_KIND_FREEZE) != nullptr);
    shown.set_voided(FindAct(record_, v1::RECORD_ACT_KIND_VOID) != nullptr);
    for (const v1::ActRow& act : record_.acts()) {
      if (IsMark(act.kind())) AddMark(act, *shown.add_marks());
    }
    shown.set_pending_count(
        static_cast<uint32_t>(view_.state().tables().OutboxOfRecord(key_bytes_).size()));
    AddItems(shown);
    return shown;
  }

 private:
  void AddMark(const v1::ActRow& act, v1::RecordMark& mark) {
    const Authorship& who = authors_.Of(act.by().change());
    mark.set_kind(act.kind());
    mark.set_author(who.author);
    *mark.mutable_time() = who.time;
    mark.set_change(ToHex(act.by().change()));
  }

  // Sorts what is open on the record by what it hangs on, the oldest first.
  void ListOpen() {
    storage::PartitionTables& tables = view_.state().tables();
    std::vector<std::pair<storage::DiscrepancyId, v1::DiscrepancyRow>> open;
    for (const storage::DiscrepancyId& id : tables.OpenOfRecord(key_bytes_)) {
      if (auto row = tables.Discrepancy(id)) open.emplace_back(id, *std::move(row));
    }
    std::stable_sort(open.begin(), open.end(), [](const auto& a, const auto& b) {
      return a.second.opened_number() < b.second.opened_number();
    });
    for (const auto& [id, row] : open) {
      if (id.kind == v1::DISCREPANCY_KIND_DISPUTE || id.kind == v1::DISCREPANCY_KIND_PROPOSAL) {
        of_lineage_[row.lineage()].push_back(id.ToString());
      } else if (id.kind == v1::DISCREPANCY_KIND_QUERY) {
        of_item_[row.lineage()].push_back(id.ToString());
      } else if (id.kind == v1::DISCREPANCY_KIND_HELD || id.kind == v1::DISCREPANCY_KIND_REFUSED) {
        MarkValues(id, row);
      }
    }
  }

  void MarkValues(const storage::DiscrepancyId& id, const v1::DiscrepancyRow& row) {
    const std::optional<StoredChange> stored = FindChange(view_.state().tables(), id.change);
    if (!stored) return;
    for (const v1::ItemWrite& write : WritesOf(stored->change)) {
      v1::MarkedValue mark;
      mark.set_outcome(id.kind == v1::DISCREPANCY_KIND_HELD ? v1::OUTCOME_HELD
                                                            : v1::OUTCOME_REFUSED);
      mark.set_reason(row.reason());
      mark.set_text(study::FormatValue(Shown(id.change, write)));
      mark.set_change(id.change.hex());
      marked_[write.item()].push_back(std::move(mark));
    }
  }

  v1::Value Shown(const ChangeId& change, const v1::ItemWrite& write) {
    if (!options_.include_site_only) return write.value();
    return ShownValue(view_.state(), change, write);
  }

  void AddItems(v1::Record& shown) {
    std::map<uint32_t, v1::Item> items;
    for (const v1::CellRow& cell : record_.cells()) {
      if (!cell.values().empty()) ReadCell(cell, items);
    }
    for (const auto& [item, marks] : marked_) items.try_emplace(item);
    if (const v1::FormDefinition* form = FindForm()) {
      for (const v1::ItemDefinition& item : form->items()) {
        const auto found = items.find(item.id());
        if (found != items.end()) {
          *shown.add_items() = std::move(found->second);
          items.erase(found);
        } else {
          v1::Item empty = EmptyItem(item);
          const bool is_shown = options_.empty_items || empty.has_value();
          if (!is_shown || item.retired()) continue;
          *shown.add_items() = std::move(empty);
        }
        Complete(item.id(), *shown.mutable_items()->rbegin());
      }
    }
    for (auto& [id, item] : items) {
      *shown.add_items() = std::move(item);
      Complete(id, *shown.mutable_items()->rbegin());
    }
  }

  const v1::FormDefinition* FindForm() const {
    const v1::FormDefinition* form =
        options_.version == nullptr ? nullptr : options_.version->FindForm(record_.key().form());
    return form != nullptr ? form : namer_.vocabulary().FindForm(record_.key().form());
  }

  void ReadCell(const v1::CellRow& cell, std::map<uint32_t, v1::Item>& items) {
    const v1::StandingValue& newest = cell.values(cell.values_size() - 1);
    if (options_.version == nullptr) {
      for (const v1::StandingValue& value : cell.values()) ShowRecorded(cell, value, items);
      return;
    }
    for (study::Reading& reading :
         study::ReadCell(StoredValues(cell), *options_.version, view_.state().definitions())) {
      const v1::StandingValue* recorded = FindRecorded(cell, reading.item);
      if (!reading.value && recorded != nullptr &&
          recorded->version() > options_.version->number()) {
        ShowRecorded(cell, *recorded, items);
        continue;
      }
      v1::Item& item = items[reading.item];
      SetValue(cell, reading.value.value_or(v1::Value()),
               recorded != nullptr ? recorded->version() : newest.version(), item);
      item.set_not_convertible(!reading.value);
      if (!reading.value) item.clear_value();
      if (recorded == nullptr) continue;
      const std::string text = study::FormatValue(recorded->value());
      if (text != item.text()) item.set_recorded(text);
    }
  }

  // The value that was recorded of the item itself; null for a part of what was split.
  static const v1::StandingValue* FindRecorded(const v1::CellRow& cell, uint32_t item) {
    const auto found = std::find_if(cell.values().begin(), cell.values().end(),
                                    [item](const auto& value) { return value.item() == item; });
    return found == cell.values().end() ? nullptr : &*found;
  }

  void ShowRecorded(const v1::CellRow& cell, const v1::StandingValue& value,
                    std::map<uint32_t, v1::Item>& items) {
    SetValue(cell, value.value(), value.version(), items[value.item()]);
  }

  void SetValue(const v1::CellRow& cell, const v1::Value& value, uint32_t version, v1::Item& item) {
    const v1::WriterRow& writer = LastWriter(record_, cell);
    const Authorship& who = authors_.Of(writer.change());
    *item.mutable_value() = value;
    item.set_text(study::FormatValue(value));
    item.set_version(version);
    item.set_author(who.author);
    *item.mutable_authored_time() = who.time;
    item.set_pending(IsOutboxNumber(writer.effect_number()));
    item.set_decided(cell.decided());
  }

  // An item that nothing was written to, or what a version since says of it by default.
  v1::Item EmptyItem(const v1::ItemDefinition& definition) const {
    v1::Item item;
    if (options_.version == nullptr || record_.cells().empty()) return item;
    uint32_t written = 0;
    for (const v1::CellRow& cell : record_.cells()) {
      for (const v1::StandingValue& value : cell.values()) {
        written = std::max(written, value.version());
      }
    }
    const std::optional<v1::Value> value =
        study::DefaultFor(definition.id(), written, *options_.version, view_.state().definitions());
    if (value) {
      *item.mutable_value() = *value;
      item.set_text(study::FormatValue(*value));
    }
    return item;
  }

  // Under a version as that calls it, else as the site does now.
  std::string NameOf(uint32_t id) const {
    const v1::ItemDefinition* item =
        options_.version == nullptr ? nullptr : options_.version->FindItem(id);
    return item != nullptr ? item->name() : namer_.vocabulary().ItemName(id);
  }

  void Complete(uint32_t id, v1::Item& item) {
    const uint32_t lineage = namer_.vocabulary().Lineage(id);
    item.set_item_id(id);
    item.set_item(NameOf(id));
    item.set_etag(EtagOfLineage(record_, lineage));
    for (const std::string& open : of_lineage_[lineage]) item.add_discrepancies(open);
    for (const std::string& open : of_item_[id]) item.add_discrepancies(open);
    for (v1::MarkedValue& mark : marked_[id]) *item.add_marked() = std::move(mark);
    if (!options_.include_site_only || !item.value().has_withheld()) return;
    if (const std::optional<v1::Value> value =
            PrivateValueOf(view_.state(), record_, id, lineage)) {
      *item.mutable_value() = *value;
      item.set_text(study::FormatValue(*value));
    }
  }

  View& view_;
  Namer& namer_;
  Authors authors_;
  const ReadingOptions options_;
  const std::string key_bytes_;
  const v1::RecordState& record_;
  std::map<uint32_t, std::vector<std::string>> of_lineage_;
  std::map<uint32_t, std::vector<std::string>> of_item_;
  std::map<uint32_t, std::vector<v1::MarkedValue>> marked_;
};

}  // namespace

std::optional<v1::Value> PrivateValueOf(PartitionState& state, const v1::RecordState& record,
                                        uint32_t item, uint32_t lineage) {
  const v1::CellRow* cell = FindCell(record, lineage);
  if (cell == nullptr || cell->writers().empty()) return std::nullopt;
  const std::optional<ChangeId> writer = ChangeId::From(LastWriter(record, *cell).change());
  const std::optional<v1::StandingValue> value =
      writer ? state.tables().PrivateValue(*writer, item) : std::nullopt;
  return value ? std::make_optional(value->value()) : std::nullopt;
}

v1::Value ShownValue(PartitionState& state, const ChangeId& change, const v1::ItemWrite& write) {
  if (!write.value().has_withheld()) return write.value();
  const std::optional<v1::StandingValue> kept = state.tables().PrivateValue(change, write.item());
  return kept ? kept->value() : write.value();
}

v1::Record MakeRecord(View& view, Namer& namer, const v1::RecordKey& key,
                      const ReadingOptions& options) {
  view.PrepareRecord(key);
  return Presentation(view, namer, key, options).Make();
}

absl::StatusOr<std::shared_ptr<const study::Definition>> ReadingVersion(PartitionState& state,
                                                                        uint32_t version) {
  if (version == 0) return std::shared_ptr<const study::Definition>();
  std::shared_ptr<const study::Definition> found = state.definitions().Find(version);
  if (found == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("version ", version, " of the study is not known here"));
  }
  return found;
}

absl::StatusOr<v1::Record> PresentRecord(View& view, const SiteName& parent,
                                         const v1::RecordKey& key, uint32_t version,
                                         bool include_site_only) {
  const auto reading = ReadingVersion(view.state(), version);
  if (!reading.ok()) return reading.status();
  Namer namer(view, parent);
  v1::Record record = MakeRecord(
      view, namer, key,
      {.version = reading->get(), .include_site_only = include_site_only, .empty_items = true});
  if (!view.state().status().ok()) return view.state().status();
  return record;
}

}  // namespace trialsync::sync
