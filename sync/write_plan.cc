// SPDX-License-Identifier: Apache-2.0
#include "sync/write_plan.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "study/value.h"
#include "sync/authorship.h"
#include "sync/limits.h"
#include "sync/present_items.h"
#include "sync/record.h"

namespace trialsync::sync {
namespace {

std::string ItemNames(const study::Definition& definition, uint32_t form) {
  std::vector<std::string> names;
  for (const v1::ItemDefinition& item : definition.FindForm(form)->items()) {
    if (!item.retired()) names.push_back(item.name());
  }
  return absl::StrJoin(names, ", ");
}

// The value that a client gives for an item.
absl::StatusOr<v1::Value> ReadValue(const v1::ItemInput& input, const v1::ItemDefinition& item,
                                    const study::Definition& definition, bool at_centre) {
  if (item.site_only() && at_centre) {
    return absl::InvalidArgumentError(
        absl::StrCat(item.name(), ": the item stays at the hospital and is written there"));
  }
  if (input.has_value()) {
    absl::Status valid = study::ValidateLocalValue(definition.proto(), item, input.value());
    if (!valid.ok()) return valid;
    return input.value();
  }
  return study::ParseValue(definition.proto(), item, input.text());
}

absl::StatusOr<Offered> ReadItem(Desk& desk, const v1::WriteRecordRequest& request,
                                 const v1::ItemInput& input, const study::Definition& definition,
                                 uint32_t form) {
  Offered offered;
  offered.item = definition.FindItem(form, input.item());
  if (offered.item == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(input.item(), ": the form ", definition.FindForm(form)->name(),
                     " has no such item; it has ", ItemNames(definition, form)));
  }
  absl::StatusOr<v1::Value> value = ReadValue(input, *offered.item, definition, desk.at_centre());
  if (!value.ok()) return value.status();
  offered.value = *std::move(value);
  const std::string& unit = offered.value.quantity().unit();
  offered.unit_assumed = !input.has_value() && !unit.empty() && !input.text().ends_with(unit);
  offered.lineage = definition.Lineage(offered.item->id());
  offered.etag = input.etag().empty() ? request.etag() : input.etag();
  offered.owned = (offered.item->owner() == v1::OWNER_CENTRE) == desk.at_centre();
  return offered;
}

// What stands, as this replica knows it: with its own copy of a value that does not leave it.
void FindStanding(Desk& desk, const v1::RecordState& record, const study::Definition& definition,
                  Offered& offered) {
  PartitionState& state = desk.view().state();
  Standing& standing = offered.standing;
  standing = StandingOf(record, offered.item->id(), definition, state.definitions());
  if (!standing.value || !standing.value->has_withheld()) return;
  standing.value = PrivateValueOf(state, record, offered.item->id(), offered.lineage);
  offered.kept_elsewhere = !standing.value && !desk.at_centre();
  if (offered.kept_elsewhere) {
    standing.text = "(withheld, kept at another replica of the hospital)";
  }
}

bool IsUnchanged(const Offered& offered) {
  if (!offered.is_private()) return IsWhatStands(offered.standing, offered.value);
  Standing here = offered.standing;
  if (here.value) here.text = study::FormatValue(*here.value);
  return IsWhatStands(here, offered.value);
}

absl::StatusOr<Fate> FateOf(const Offered& offered, v1::ValueConflict on_different_value,
                            const v1::RecordState& record) {
  if (IsUnchanged(offered)) return Fate::kUnchanged;
  if (offered.owned && !offered.etag.empty()) {
    const absl::StatusOr<bool> stale = EtagDiffers(offered.etag, record, offered.lineage);
    if (!stale.ok()) return stale.status();
    return *stale ? Fate::kConflict : Fate::kWrite;
  }
  if (offered.standing.empty) return Fate::kWrite;
  switch (on_different_value) {
    case v1::VALUE_CONFLICT_REPORT:
      return Fate::kLeft;
    case v1::VALUE_CONFLICT_UPDATE:
      // Nobody here can have seen what is kept elsewhere.
      return offered.standing.decided || offered.kept_elsewhere ? Fate::kLeft : Fate::kWrite;
    default:
      // A proposal replaces nothing.
      return offered.owned ? Fate::kConflict : Fate::kWrite;
  }
}

// Never holds a value that stays at the hospital: what stands shows as withheld, and so does what
// is offered.
std::string OfferedText(const Offered& offered) {
  v1::Value withheld;
  withheld.mutable_withheld();
  return study::FormatValue(offered.is_private() ? withheld : offered.value);
}

v1::ItemConflict ConflictOn(Authors& authors, const v1::RecordState& record,
                            const std::string& item, const std::string& standing,
                            uint32_t lineage) {
  v1::ItemConflict conflict;
  conflict.set_item(item);
  conflict.set_standing(standing);
  conflict.set_etag(EtagOfLineage(record, lineage));
  if (const v1::CellRow* cell = FindCell(record, lineage); cell != nullptr) {
    if (!cell->writers().empty()) {
      const Authorship& who = authors.Of(LastWriter(record, *cell).change());
      conflict.set_author(who.author);
      *conflict.mutable_authored_time() = who.time;
    }
  }
  return conflict;
}

absl::Status Aborted(Desk& desk, const v1::RecordState& record, v1::WriteConflict& conflict) {
  const RecordName name = NameOf(desk.view(), desk.partition_name(), record.key());
  conflict.set_record(name.ToString());
  conflict.set_etag(EtagOf(record));
  std::vector<std::string> parts;
  for (const v1::ItemConflict& item : conflict.items()) {
    parts.push_back(item.standing().empty() ? item.item()
                                            : absl::StrCat(item.item(), " is ", item.standing(),
                                                           ", by ", item.author()));
  }
  return absl::AbortedError(absl::StrCat(
      name.Short(), " is not as its author has shown to have seen it (", absl::StrJoin(parts, "; "),
      "): read it, and give its etag to write over what stands"));
}

}  // namespace

absl::StatusOr<std::vector<Offered>> ReadItems(Desk& desk, const v1::WriteRecordRequest& request,
                                               const study::Definition& definition, uint32_t form,
                                               WriteFailure& failure) {
  if (request.items().empty() || request.items_size() > kWritesPerChangeMax) {
    return absl::InvalidArgumentError(absl::StrCat("give 1 to ", kWritesPerChangeMax,
                                                   " items to write, not ", request.items_size()));
  }
  std::vector<Offered> items;
  std::vector<std::string> lines;
  for (const v1::ItemInput& input : request.items()) {
    absl::StatusOr<Offered> offered = ReadItem(desk, request, input, definition, form);
    if (offered.ok() && std::any_of(items.begin(), items.end(), [&](const Offered& other) {
          return other.item == offered->item;
        })) {
      offered = absl::InvalidArgumentError(absl::StrCat(input.item(), ": is written twice"));
    }
    if (offered.ok()) {
      items.push_back(*std::move(offered));
      continue;
    }
    v1::ItemResult invalid;
    invalid.set_item(input.item());
    invalid.set_message(std::string(offered.status().message()));
    lines.push_back(invalid.message());
    failure.invalid.push_back(std::move(invalid));
  }
  if (!lines.empty()) return absl::InvalidArgumentError(absl::StrJoin(lines, "\n"));
  return items;
}

absl::Status DecideFates(Desk& desk, const v1::WriteRecordRequest& request,
                         const v1::RecordState& record, const study::Definition& definition,
                         std::vector<Offered>& items, WriteFailure& failure) {
  Authors authors(desk.view());
  v1::WriteConflict conflict;
  for (Offered& offered : items) {
    FindStanding(desk, record, definition, offered);
    const absl::StatusOr<Fate> fate = FateOf(offered, request.on_different_value(), record);
    if (!fate.ok()) return fate.status();
    offered.fate = *fate;
    if (offered.fate != Fate::kConflict) continue;
    v1::ItemConflict item =
        ConflictOn(authors, record, offered.item->name(), offered.standing.text, offered.lineage);
    item.set_offered(OfferedText(offered));
    *conflict.add_items() = std::move(item);
  }
  if (conflict.items().empty()) return absl::OkStatus();
  absl::Status aborted = Aborted(desk, record, conflict);
  failure.conflict = std::move(conflict);
  return aborted;
}

absl::Status CheckEtag(Desk& desk, const v1::RecordKey& key, const std::string& etag,
                       std::optional<v1::WriteConflict>& conflict) {
  if (etag.empty()) return absl::OkStatus();
  const v1::RecordState& record = desk.view().state().Record(key);
  const Vocabulary vocabulary(desk.view().state());
  Authors authors(desk.view());
  // Lineage 0 has no value, and tells whether an act is new.
  absl::StatusOr<bool> any = EtagDiffers(etag, record, 0);
  if (!any.ok()) return any.status();
  v1::WriteConflict found;
  for (const v1::CellRow& cell : record.cells()) {
    if (!*EtagDiffers(etag, record, cell.lineage())) continue;
    *any = true;
    *found.add_items() = ConflictOn(authors, record, vocabulary.ItemName(cell.lineage()),
                                    TextOf(cell.values(), vocabulary), cell.lineage());
  }
  if (!*any) return absl::OkStatus();
  absl::Status aborted = Aborted(desk, record, found);
  conflict = std::move(found);
  return aborted;
}

}  // namespace trialsync::sync
