// SPDX-License-Identifier: Apache-2.0
#include "tests/system/secrets.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "storage/tables.h"
#include "study/value.h"
#include "sync/authorship.h"
#include "sync/compression.h"
#include "sync/present.h"
#include "sync/record.h"
#include "tests/system/checker.h"
#include "tests/system/study_under_test.h"

namespace trialsync::system_test {
namespace {

constexpr std::string_view kMark = "Secret~";
constexpr size_t kDigits = 16;
constexpr char kMissing[] = "missing:refused";

bool IsSecret(std::string_view text) { return text.starts_with(kMark); }

bool MayHoldSecrets(std::string_view key) {
  const auto table = static_cast<storage::Table>(key.front());
  return table == storage::Table::kPrivateLog || table == storage::Table::kPrivateValue;
}

}  // namespace

std::string Secrets::Choose(const world::Node& node, Chooser& chooser) {
  const std::vector<std::string>& before = given_[node.name()];
  if (chooser.Percent(15)) return kMissing;
  if (!before.empty() && chooser.Percent(30)) return chooser.Pick(before);
  return absl::StrCat(std::string(kMark), absl::Hex(chooser.Below(~uint64_t{0}), absl::kZeroPad16));
}

void Secrets::NoteGiven(const world::Node& node, const std::string& text) {
  if (IsSecret(text)) given_[node.name()].push_back(text);
}

void Secrets::NoteSaved(const world::Node& node, const SiteName& site,
                        const std::string& change_hex, const std::string& text) {
  saved_.try_emplace(change_hex, Saved{node.name(), site, text});
}

Difference Secrets::CheckBytes(std::string_view bytes, const std::string& what) {
  const size_t found = bytes.find(kMark);
  if (found == std::string_view::npos) return "";
  return absl::StrCat(what, " holds ", std::string(bytes.substr(found, kMark.size() + kDigits)),
                      ", which must stay where it was entered");
}

Difference Secrets::CheckMessage(const v1::SiteMessage& message) {
  Difference difference = CheckBytes(message.SerializeAsString(), "a message that leaves a site");
  if (!difference.empty() || !message.has_batch()) return difference;
  const absl::StatusOr<std::string> content =
      sync::Decompress(message.batch().content(), message.batch().content_bytes());
  if (!content.ok()) return content.status().ToString();
  return CheckBytes(*content, "a batch that leaves a site");
}

Difference Secrets::CheckChange(const sync::StoredChange& change) const {
  Difference difference = CheckBytes(change.authored, "a commit");
  const auto saved = saved_.find(change.id.hex());
  if (!difference.empty() || saved == saved_.end()) return difference;
  const auto& writes =
      change.change.has_edit() ? change.change.edit().writes() : change.change.decision().writes();
  for (const v1::ItemWrite& write : writes) {
    if (write.item() != kSecretItem) continue;
    const bool told = IsSecret(saved->second.text)
                          ? write.value().has_withheld()
                          : study::FormatValue(write.value()) == saved->second.text;
    return told ? "" : absl::StrCat("it tells of the name ", study::FormatValue(write.value()));
  }
  return "it does not tell of the name that was given with it";
}

Difference Secrets::CheckStore(world::Node& node) const {
  const auto here = given_.find(node.name());
  const auto snapshot = node.store().NewSnapshot();
  for (auto row = snapshot->Scan("", ""); row->Valid(); row->Next()) {
    const std::string what =
        absl::StrCat("a row of table ", static_cast<int>(row->key().front()), " of ", node.name());
    Difference difference = CheckBytes(row->key(), what);
    if (difference.empty()) difference = CheckBytes(row->value(), what);
    if (difference.empty()) continue;
    const size_t found = row->value().find(kMark);
    const bool kept =
        node.site() != nullptr && MayHoldSecrets(row->key()) && found != std::string_view::npos &&
        here != given_.end() &&
        std::find(here->second.begin(), here->second.end(),
                  row->value().substr(found, kMark.size() + kDigits)) != here->second.end();
    if (!kept) return difference;
  }
  return "";
}

Difference Secrets::CheckKept(world::Node& node, const SiteName& site, Probes& probes) const {
  PartitionReader reader(node, site);
  const auto kept = [&](const ChangeId& change) {
    const auto value = reader.tables().PrivateValue(change, kSecretItem);
    return value ? study::FormatValue(value->value()) : "";
  };
  for (const auto& [change, saved] : saved_) {
    if (saved.node != node.name() || !IsSecret(saved.text)) continue;
    if (kept(*ChangeId::From(*FromHex(change))) != saved.text) {
      return absl::StrCat("the name that change ", change, " withholds is not kept");
    }
  }
  std::vector<v1::RecordKey> keys;
  reader.tables().ForEachRecord("", "", [&](std::string_view, const v1::RecordState& record) {
    if (!sync::IsLabelRecord(record.key())) keys.push_back(record.key());
    return true;
  });
  world::NodeView view(node, site);
  for (const v1::RecordKey& key : keys) {
    const auto record = sync::PresentRecord(view.view(), site, key, 0, /*include_site_only=*/true);
    if (!record.ok()) return record.status().ToString();
    const v1::RecordState& standing = view.view().state().Record(key);
    const v1::CellRow* const found = sync::FindCell(standing, kSecretItem);
    if (found == nullptr || found->values().empty()) continue;
    const v1::CellRow& cell = *found;
    if (!cell.values(0).value().has_withheld()) continue;
    const std::string own = kept(*ChangeId::From(sync::LastWriter(standing, cell).change()));
    probes.Hit(own.empty() ? "a secret of another replica stands" : "an own secret stands");
    for (const v1::Item& item : record->items()) {
      const std::string expected = own.empty() ? "(withheld)" : own;
      if (item.item_id() != kSecretItem || item.text() == expected) continue;
      return absl::StrCat("the name of ", record->name(), " shows as ", item.text(), ", and is ",
                          expected);
    }
  }
  return "";
}

}  // namespace trialsync::system_test
