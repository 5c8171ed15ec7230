// SPDX-License-Identifier: Apache-2.0
#include "tests/system/checker.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/log.h"
#include "sync/log_tree.h"
#include "sync/record.h"
#include "tests/system/study_under_test.h"

namespace trialsync::system_test {
namespace {

std::string VersionKey(const v1::VersionReference& version) {
  return absl::StrCat(version.number(), "-", version.sha256());
}

bool IsStudyAct(const v1::Change& change) {
  return change.has_version_publication() || change.has_version_activation() ||
         change.has_version_retirement() || change.has_replica_enrolment();
}

std::string Where(const SiteName& site, uint64_t number) {
  return absl::StrCat("commit ", number, " of ", site.site);
}

}  // namespace

PartitionReader::PartitionReader(world::Node& node, const SiteName& site)
    : snapshot_(node.store().NewSnapshot()),
      transaction_(std::make_unique<storage::Transaction>(snapshot_)) {
  number_ = storage::StoreTables(transaction_.get()).FindPartition(site);
  if (!number_) return;
  if (node.site() != nullptr) {
    definitions_ = node.site()->definitions();
  } else if (const auto set = node.coordinator()->definitions().find(site.study);
             set != node.coordinator()->definitions().end()) {
    definitions_ = *set->second;
  }
  state_ = std::make_unique<sync::PartitionState>(transaction_.get(), *number_, &definitions_);
}

Checker::Checker(world::World* world, Probes* probes) : world_(world), probes_(probes) {
  world->WatchMessages([this](const world::Node&, const sync::Send& send) {
    const auto* message = std::get_if<v1::SiteMessage>(&send.message);
    if (message != nullptr && leak_.empty()) leak_ = Secrets::CheckMessage(*message);
  });
}

void Checker::AddReplica(world::Node* node, const SiteName& site) {
  Replica& replica = replicas_.emplace_back();
  replica.node = node;
  replica.site = site;
  replica.model = std::make_unique<ModelBridge>(&digests_);
  Partition& partition = partitions_[site];
  if (partition.model == nullptr) partition.model = std::make_unique<ModelBridge>(&digests_);
}

Difference Checker::AfterStep() {
  if (!leak_.empty()) return leak_;
  if (world_->coordinator().up()) {
    for (auto& [site, partition] : partitions_) {
      Difference difference = CheckCommits(site, partition);
      if (!difference.empty()) return difference;
    }
  }
  for (Replica& replica : replicas_) {
    if (!replica.node->up()) continue;
    Difference difference = CheckOwnChain(replica);
    if (difference.empty()) difference = CheckPrefix(replica);
    if (!difference.empty()) return absl::StrCat("at ", replica.node->name(), ": ", difference);
  }
  return "";
}

Difference Checker::CheckCommits(const SiteName& site, Partition& partition) {
  PartitionReader reader(world_->coordinator(), site);
  if (!reader.found()) return partition.size == 0 ? "" : "the partition is gone";
  const uint64_t size = reader.tables().Head().size();
  if (size < partition.size) {
    return absl::StrCat("the log of ", site.site, " had ", partition.size,
                        " commits that were told, and has ", size);
  }
  if (size == partition.size) return "";
  while (partition.size < size) {
    Difference difference = CheckCommit(partition, reader.state(), partition.size + 1);
    if (!difference.empty()) return absl::StrCat(Where(site, partition.size + 1), ": ", difference);
    ++partition.size;
  }
  for (const v1::RecordKey& key : partition.model->TakeTouched()) {
    const v1::RecordState& record = reader.state().Record(key);
    digests_.Learn(record);
    Difference difference = partition.model->CompareRecord(record);
    if (difference.empty()) difference = CheckOwner(partition, record);
    if (!difference.empty()) return absl::StrCat("after ", Where(site, size), ": ", difference);
  }
  Difference difference = partition.model->CompareDiscrepancies(reader.state());
  if (difference.empty()) difference = partition.model->CompareBirths(reader.state());
  if (difference.empty() && !reader.state().status().ok()) {
    difference = reader.state().status().ToString();
  }
  return difference.empty() ? "" : absl::StrCat("after ", Where(site, size), ": ", difference);
}

Difference Checker::CheckCommit(Partition& partition, sync::PartitionState& state,
                                uint64_t number) {
  const std::optional<sync::StoredChange> change = sync::ReadChange(state.tables(), number);
  const std::optional<v1::LogRow> row = state.tables().Log(number);
  if (!change || !row) return "it is missing";
  const absl::StatusOr<sync::Receipt> receipt = sync::DecodeReceipt(row->receipt());
  if (!receipt.ok()) return receipt.status().ToString();
  CountProbes(*receipt);
  Difference difference = secrets_.CheckChange(*change);
  if (difference.empty()) difference = CheckPlace(partition, *change, *receipt);
  if (!difference.empty()) return difference;
  difference = partition.model->Commit(*change, receipt->verdict, &receipt->admissions);
  Describe(partition, *change, *receipt);
  if (!difference.empty()) return difference;
  partition.changes[change->id] = change->change;
  if (change->from_centre) partition.by_centre.insert(change->id.str());
  difference = CheckVersion(partition, *change, receipt->verdict.outcome);
  const v1::Change& act = change->change;
  if (act.has_version_activation()) {
    partition.activated[VersionKey(act.version_activation().version())].push_back(number);
  }
  if (act.has_version_retirement()) {
    partition.retired[VersionKey(act.version_retirement().version())].push_back(number);
  }
  return difference;
}

Difference Checker::CheckPlace(Partition& partition, const sync::StoredChange& change,
                               const sync::Receipt& receipt) {
  if (partition.epoch == 0) partition.epoch = receipt.epoch;
  if (receipt.number != change.number || receipt.epoch != partition.epoch) {
    return "its receipt names another place";
  }
  if (!partition.ids.insert(change.id).second) return "the change was committed before";
  uint64_t& seq = partition.chains[receipt.stamp.chain];
  if (receipt.stamp.seq != ++seq) {
    return absl::StrCat("seq ", receipt.stamp.seq, " where ", seq, " is next of its chain");
  }
  if (change.change.base().number() >= change.number) return "its base is not before it";
  return "";
}

// From the log alone: under which versions could be written as of the base.
Difference Checker::CheckVersion(const Partition& partition, const sync::StoredChange& change,
                                 v1::Outcome outcome) const {
  if (IsStudyAct(change.change) || outcome == v1::OUTCOME_HELD || outcome == v1::OUTCOME_REFUSED ||
      outcome == v1::OUTCOME_AGREED) {
    return "";
  }
  const auto before_base = [&](const std::map<std::string, std::vector<uint64_t>>& commits) {
    const auto found = commits.find(VersionKey(change.change.version()));
    return found != commits.end() &&
           std::any_of(found->second.begin(), found->second.end(),
                       [&](uint64_t number) { return number <= change.change.base().number(); });
  };
  if (before_base(partition.activated) && !before_base(partition.retired)) return "";
  return absl::StrCat("it took effect under version ", change.change.version().number(),
                      ", which was not active as of its base");
}

// Every value has the word of its owner: one of its writers is of the owner's side. The first label
// is that of whoever brought the thing into being.
Difference Checker::CheckOwner(const Partition& partition, const v1::RecordState& record) const {
  for (const v1::CellRow& cell : record.cells()) {
    if (cell.values().empty()) continue;
    const auto rule = ModelStudy().Rule(static_cast<model::Item>(cell.lineage()));
    const bool centre_owns =
        !sync::IsLabelRecord(record.key()) && rule && rule->owner == model::Side::kCentre;
    const bool owner_wrote =
        std::any_of(cell.writers().begin(), cell.writers().end(), [&](uint32_t writer) {
          const std::string& change = record.writers(static_cast<int>(writer)).change();
          const bool at_birth = change == record.key().subject();
          return at_birth || partition.by_centre.contains(change) == centre_owns;
        });
    if (!owner_wrote) {
      return absl::StrCat("lineage ", cell.lineage(), " has a value that its owner never gave");
    }
  }
  return "";
}

void Checker::Describe(const Partition& partition, const sync::StoredChange& change,
                       const sync::Receipt& receipt) {
  const auto said = [](const sync::Verdict& verdict) {
    std::string text = v1::Outcome_Name(verdict.outcome);
    if (verdict.reason != v1::REASON_UNSPECIFIED) {
      absl::StrAppend(&text, " ", v1::Reason_Name(verdict.reason));
    }
    return text;
  };
  std::string line =
      absl::StrCat("  commit ", receipt.number, ": ", partition.model->Describe(change.id), ": ",
                   said(receipt.verdict));
  for (const sync::Admission& admission : receipt.admissions) {
    absl::StrAppend(&line, ", and of commit ", admission.number, ": ", said(admission.verdict));
  }
  lines_.push_back(std::move(line));
}

void Checker::CountProbes(const sync::Receipt& receipt) {
  const auto count = [&](const sync::Verdict& verdict) {
    probes_->Hit(v1::Outcome_Name(verdict.outcome));
    if (verdict.reason != v1::REASON_UNSPECIFIED) probes_->Hit(v1::Reason_Name(verdict.reason));
    if (!verdict.cells.empty()) probes_->Hit("outcomes differ by item");
  };
  count(receipt.verdict);
  for (const sync::Admission& admission : receipt.admissions) {
    probes_->Hit("admitted");
    count(admission.verdict);
  }
  if (receipt.admissions.size() > 1) probes_->Hit("several admitted by one commit");
}

// I8: what a replica has of the log is the beginning of the coordinator's, byte for byte.
Difference Checker::CheckPrefix(Replica& replica) {
  PartitionReader here(*replica.node, replica.site);
  const uint64_t size = here.tables().Head().size();
  if (size < replica.log_size) return "its log became shorter";
  if (size == replica.log_size || !world_->coordinator().up()) return "";
  PartitionReader there(world_->coordinator(), replica.site);
  if (!there.found() || there.tables().Head().size() < size) {
    return "its log is ahead of the coordinator's";
  }
  for (uint64_t number = replica.log_size + 1; number <= size; ++number) {
    const auto own = sync::ReadChange(here.tables(), number);
    const auto other = sync::ReadChange(there.tables(), number);
    if (!own || !other || own->authored != other->authored ||
        here.tables().Log(number)->receipt() != there.tables().Log(number)->receipt()) {
      return absl::StrCat("commit ", number, " differs from the coordinator's");
    }
  }
  const auto log = sync::LogWriter::Open(&here.state());
  const auto root = sync::RootAt(there.tables(), size);
  if (!log.ok() || !root.ok() || log->Root() != *root) return "the root of its log differs";
  replica.log_size = size;
  return "";
}

// I1: what was once in the own chain stays.
Difference Checker::CheckOwnChain(Replica& replica) {
  PartitionReader reader(*replica.node, replica.site);
  const std::optional<ChainId> chain = reader.tables().OwnChain();
  if (!chain) return "it has lost its chain";
  const uint64_t last = reader.tables().LastOwn(chain->incarnation);
  if (last < replica.own.size()) {
    return absl::StrCat("change ", last + 1, " of its chain was saved and is gone");
  }
  reader.tables().ForEachOwn(chain->incarnation, replica.own.size() + 1,
                             [&](uint64_t, v1::OwnRow row) {
                               replica.own.push_back(ChangeIdOf(Sha256Of(row.authored())));
                               return true;
                             });
  if (replica.own.size() != last) return "its chain has a gap";
  return "";
}

Difference Checker::CheckView(world::Node& node) {
  const auto replica = std::find_if(replicas_.begin(), replicas_.end(),
                                    [&](const auto& r) { return r.node == &node; });
  Difference secret = secrets_.CheckStore(node);
  if (secret.empty()) secret = secrets_.CheckKept(node, replica->site, *probes_);
  if (secret.empty() && world_->coordinator().up()) {
    secret = secrets_.CheckStore(world_->coordinator());
  }
  if (!secret.empty()) return secret;
  PartitionReader reader(node, replica->site);
  const uint64_t head = reader.tables().Head().size();
  ModelBridge& confirmed = *replica->model;
  for (uint64_t number = static_cast<uint64_t>(confirmed.size()) + 1; number <= head; ++number) {
    const auto change = sync::ReadChange(reader.tables(), number);
    const auto receipt = sync::DecodeReceipt(reader.tables().Log(number)->receipt());
    Difference difference = confirmed.Commit(*change, receipt->verdict, &receipt->admissions);
    if (!difference.empty()) return difference;
  }
  confirmed.TakeTouched();
  ModelBridge shown = confirmed;
  world::NodeView all(node, replica->site);
  all.view().PrepareAll();
  const auto chain = reader.tables().OwnChain();
  const uint64_t last = reader.tables().LastOwn(chain->incarnation);
  const auto receipted = reader.tables().Chain(*chain);
  for (uint64_t seq = (receipted ? receipted->seq() : 0) + 1; seq <= last; ++seq) {
    probes_->Hit("view with an outbox");
    const auto change = sync::ReadChange(reader.tables(), sync::kOutboxNumber + seq);
    const auto row = all.view().state().tables().Change(change->id);
    if (!change || !row) return absl::StrCat("change ", seq, " of the outbox is not in the view");
    sync::Verdict verdict{row->outcome(), row->reason(), {}};
    for (const v1::CellOutcome& cell : row->cells()) {
      verdict.cells.push_back({cell.lineage(), cell.outcome()});
    }
    // A held one may have been judged again within the outbox: only the last word is known here.
    const bool last_word = seq == last;
    Difference difference = shown.Commit(*change, verdict, nullptr);
    if (!difference.empty() && last_word) return absl::StrCat("in the view: ", difference);
  }
  for (const v1::RecordKey& key : shown.TakeTouched()) {
    Difference difference = shown.CompareRecord(all.view().state().Record(key));
    if (!difference.empty()) return absl::StrCat("in the whole view: ", difference);
    world::NodeView one(node, replica->site);
    if (sync::IsLabelRecord(key)) {
      one.view().PrepareBirth(*ChangeId::From(key.subject()));
    } else {
      one.view().PrepareRecord(key);
    }
    difference = shown.CompareRecord(one.view().state().Record(key));
    if (!difference.empty()) return absl::StrCat("in the view of one record: ", difference);
  }
  return "";
}

}  // namespace trialsync::system_test
