// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "storage/key.h"
#include "study/value.h"
#include "sync/identity_rules.h"
#include "sync/present.h"
#include "sync/record.h"
#include "sync/verify.h"
#include "tests/system/checker.h"

namespace trialsync::system_test {
namespace {

using storage::Table;

// What follows from the log, and so has to be the same at both ends.
constexpr Table kDerived[] = {
    Table::kLogHead, Table::kTile,    Table::kChange,      Table::kRecord,           Table::kBirth,
    Table::kLabel,   Table::kVersion, Table::kDiscrepancy, Table::kOpenDiscrepancy,  Table::kHeld,
    Table::kRequest, Table::kChain,   Table::kEnrolled,    Table::kRecordDiscrepancy};
constexpr Table kOutbox[] = {Table::kOutboxRecord, Table::kOutboxBirth, Table::kOutboxLabel};

std::string Prefix(Table table, PartitionNumber partition) {
  return storage::KeyWriter().U8(static_cast<uint8_t>(table)).U32(partition.value).Take();
}

// The rows of a table behind table and partition; without what only a site has.
std::map<std::string, std::string> RowsOf(const storage::Reader& reader, Table table,
                                          PartitionNumber partition) {
  const std::string prefix = Prefix(table, partition);
  const bool discrepancies = table == Table::kDiscrepancy || table == Table::kOpenDiscrepancy ||
                             table == Table::kRecordDiscrepancy;
  std::map<std::string, std::string> rows;
  for (auto row = reader.Scan(prefix, storage::PrefixEnd(prefix)); row->Valid(); row->Next()) {
    const std::string key(row->key().substr(prefix.size()));
    // A key ends with change id, kind and part.
    const bool prediction = discrepancies && static_cast<uint8_t>(key[key.size() - 5]) ==
                                                 v1::DISCREPANCY_KIND_PREDICTION;
    if (prediction) continue;
    rows.emplace(key, row->value());
  }
  return rows;
}

}  // namespace

void Checker::CountDiscrepancies(world::Node& node, const SiteName& site) {
  PartitionReader reader(node, site);
  reader.tables().ForEachDiscrepancy(
      /*open_only=*/false, std::nullopt,
      [&](const storage::DiscrepancyId& id, const v1::DiscrepancyRow& row) {
        probes_->Hit(absl::StrCat(v1::DiscrepancyKind_Name(id.kind), " ",
                                  v1::DiscrepancyState_Name(row.state())));
        if (id.kind == v1::DISCREPANCY_KIND_QUERY && id.part != 0) {
          probes_->Hit("query opened by a check");
        }
        return true;
      });
}

Difference Checker::AtQuiet() {
  for (auto& [site, partition] : partitions_) {
    if (partition.size == 0) continue;
    Difference difference = CheckReplay(world_->coordinator(), site);
    if (difference.empty()) difference = CheckHistory(world_->coordinator(), site, partition);
    if (!difference.empty()) return absl::StrCat("at the coordinator: ", difference);
  }
  for (const Replica& replica : replicas_) {
    Partition& partition = partitions_.at(replica.site);
    CountDiscrepancies(*replica.node, replica.site);
    Difference difference = CheckOutbox(replica);
    if (difference.empty() && replica.log_size != partition.size) {
      difference = absl::StrCat("its log has ", replica.log_size, " commits of ", partition.size);
    }
    if (partition.size != 0) {
      if (difference.empty()) difference = CheckRows(replica);
      if (difference.empty()) difference = CheckReplay(*replica.node, replica.site);
      if (difference.empty()) difference = CheckHistory(*replica.node, replica.site, partition);
    }
    if (!difference.empty()) return absl::StrCat("at ", replica.node->name(), ": ", difference);
  }
  for (const auto& [change, where] : saved_) {
    const ChangeId id = *ChangeId::From(*FromHex(change));
    const auto has = [&](const auto& entry) { return entry.second.ids.contains(id); };
    if (std::count_if(partitions_.begin(), partitions_.end(), has) != 1) {
      return absl::StrCat("change ", change, ", saved at ", where, ", is not in the log");
    }
  }
  return "";
}

// I1, I9: nothing waits, and everything of the own chain is in the log.
Difference Checker::CheckOutbox(const Replica& replica) {
  PartitionReader reader(*replica.node, replica.site);
  const Partition& partition = partitions_.at(replica.site);
  if (replica.node->site()->outbox_count() != 0) return "its outbox is not empty";
  for (const Table table : kOutbox) {
    if (!RowsOf(*reader.snapshot(), table, reader.number()).empty()) {
      return "it has rows of the outbox left";
    }
  }
  for (size_t seq = 1; seq <= replica.own.size(); ++seq) {
    if (!partition.ids.contains(replica.own[seq - 1])) {
      return absl::StrCat("change ", seq, " of its chain is not in the log");
    }
    const auto row = reader.tables().Change(replica.own[seq - 1]);
    if (!row || row->outcome() == v1::OUTCOME_UNSPECIFIED) {
      return absl::StrCat("change ", seq, " of its chain has no outcome");
    }
  }
  return "";
}

Difference Checker::CheckRows(const Replica& replica) {
  PartitionReader here(*replica.node, replica.site);
  PartitionReader there(world_->coordinator(), replica.site);
  for (const Table table : kDerived) {
    const auto own = RowsOf(*here.snapshot(), table, here.number());
    const auto other = RowsOf(*there.snapshot(), table, there.number());
    if (own == other) continue;
    for (const auto& [key, value] : other) {
      const auto found = own.find(key);
      if (found != own.end() && found->second == value) continue;
      return absl::StrCat("table ", static_cast<int>(table), ", row ", ToHex(key),
                          found == own.end() ? " is missing" : " differs from the coordinator's");
    }
    return absl::StrCat("table ", static_cast<int>(table), " has more rows than the coordinator's");
  }
  return "";
}

Difference Checker::CheckReplay(world::Node& node, const SiteName& site) {
  PartitionReader reader(node, site);
  const auto verified =
      sync::VerifyPartition(reader.snapshot(), reader.number(), site, reader.definitions(),
                            [](auto, auto) { return true; });
  if (!verified.ok()) return verified.status().ToString();
  return verified->difference.empty() ? "" : absl::StrCat("replayed: ", verified->difference);
}

// I11: every value ever saved is in the history of its record, with author, reason and version.
Difference Checker::CheckHistory(world::Node& node, const SiteName& site,
                                 const Partition& partition) {
  std::map<std::string, std::map<std::string, v1::HistoryEntry>> histories;
  for (const auto& [id, change] : partition.changes) {
    if (!change.has_edit() && !change.has_decision()) continue;
    PartitionReader reader(node, site);
    if (sync::IsLabelRecord(change.record()) ||
        !reader.tables().Birth(*ChangeId::From(change.record().subject())))
      continue;
    const auto& writes = change.has_edit() ? change.edit().writes() : change.decision().writes();
    const std::string key = storage::RecordKeyBytes(change.record());
    auto [history, fresh] = histories.try_emplace(key);
    if (fresh) {
      world::NodeView view(node, site);
      v1::GetRecordHistoryRequest request;
      request.set_name(sync::NameOf(view.view(), site, change.record()).ToString());
      request.set_page_size(7);
      do {
        const auto page = sync::PresentHistory(view.view(), site, request);
        if (!page.ok())
          return absl::StrCat("history of ", request.name(), ": ", page.status().ToString());
        for (const v1::HistoryEntry& entry : page->entries()) {
          if (!history->second.emplace(entry.change(), entry).second) {
            return absl::StrCat("history has change ", entry.change(), " twice");
          }
        }
        request.set_page_token(page->next_page_token());
      } while (!request.page_token().empty());
    }
    const auto entry = history->second.find(id.hex());
    if (entry == history->second.end()) {
      return absl::StrCat("the history of a record lacks change ", id.hex());
    }
    const v1::HistoryEntry& shown = entry->second;
    if (shown.author() != change.author() || shown.reason() != change.reason() ||
        shown.version() != change.version().number() || shown.commit() == 0 ||
        shown.outcome() == v1::OUTCOME_UNSPECIFIED) {
      return absl::StrCat("the history says of change ", id.hex(),
                          " something else: ", shown.ShortDebugString());
    }
    for (const v1::ItemWrite& write : writes) {
      const bool there = std::any_of(
          shown.items().begin(), shown.items().end(),
          [&](const auto& item) { return item.to() == study::FormatValue(write.value()); });
      if (!there) {
        return absl::StrCat("the history of change ", id.hex(), " lacks the value ",
                            study::FormatValue(write.value()));
      }
    }
  }
  return "";
}

std::string Checker::EndState() {
  std::string text;
  std::vector<world::Node*> nodes = world_->replicas();
  nodes.push_back(&world_->coordinator());
  for (world::Node* node : nodes) {
    const auto snapshot = node->store().NewSnapshot();
    for (auto row = snapshot->Scan("", ""); row->Valid(); row->Next()) {
      absl::StrAppend(&text, row->key().size(), ":", std::string(row->key()), row->value().size(),
                      ":", std::string(row->value()));
    }
  }
  return Sha256Of(text).hex();
}

}  // namespace trialsync::system_test
