// SPDX-License-Identifier: Apache-2.0
#include "daemon/sight.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "storage/transaction.h"

namespace trialsync::daemon {
namespace {

constexpr char kAll[] = "-";

bool Means(const std::string& named, const std::string& is) { return named == kAll || named == is; }

std::string NamesOf(const std::vector<Sight::Partition>& partitions) {
  return absl::StrJoin(partitions, ", ", [](std::string* out, const Sight::Partition& partition) {
    absl::StrAppend(out, partition.name.ToString());
  });
}

}  // namespace

Sight::Sight(const Backend& backend)
    : snapshot_(backend.store->NewSnapshot()), notice_(backend.board->Get()) {
  storage::Transaction transaction(snapshot_);
  storage::StoreTables tables(&transaction);
  all_partitions_ = tables.Partitions();
  for (const Partition& partition : all_partitions_) {
    if (partition.name.site != sync::kCentreSite) partitions_.push_back(partition);
  }
  status_ = tables.status();
  if (notice_->site.resting) resting_ = sync::SiteMachine::Resting();
}

const study::DefinitionSet& Sight::DefinitionsOf(const std::string& study) const {
  static const study::DefinitionSet* const none = new study::DefinitionSet();
  const auto found = notice_->definitions.find(study);
  return found == notice_->definitions.end() ? *none : *found->second;
}

sync::View Sight::ViewOf(const Partition& partition) const {
  return sync::View(snapshot_.get(), partition.number, &DefinitionsOf(partition.name.study));
}

absl::StatusOr<std::vector<Sight::Partition>> Sight::Select(const std::string& parent) const {
  if (!status_.ok()) return status_;
  if (!resting_.ok()) return resting_;
  const absl::StatusOr<SiteName> named = ParseSiteName(parent, SiteName{kAll, kAll});
  if (!named.ok()) return named.status();
  std::vector<Partition> selected;
  for (const Partition& partition : partitions_) {
    if (Means(named->study, partition.name.study) && Means(named->site, partition.name.site)) {
      selected.push_back(partition);
    }
  }
  if (!selected.empty() || named->site == kAll) return selected;
  return absl::NotFoundError(absl::StrCat(named->ToString(), " is not here; here are: ",
                                          partitions_.empty() ? "none" : NamesOf(partitions_)));
}

absl::StatusOr<Sight::Partition> Sight::SelectOne(const std::string& parent) const {
  absl::StatusOr<std::vector<Partition>> selected = Select(parent);
  if (!selected.ok()) return selected.status();
  if (selected->size() == 1) return selected->front();
  return absl::InvalidArgumentError(
      absl::StrCat("which site? Name it as studies/STUDY/sites/SITE; here are: ",
                   partitions_.empty() ? "none" : NamesOf(partitions_)));
}

absl::StatusOr<Sight::Partition> Sight::FindUnique(
    std::string_view shown,
    const std::function<absl::Status(sync::View&, const SiteName&)>& exists) const {
  if (!status_.ok()) return status_;
  if (!resting_.ok()) return resting_;
  std::vector<Partition> found;
  absl::Status other_error;
  for (const Partition& partition : partitions_) {
    sync::View view = ViewOf(partition);
    const absl::Status status = exists(view, partition.name);
    if (status.ok()) {
      found.push_back(partition);
    } else if (partitions_.size() == 1 || !absl::IsNotFound(status)) {
      other_error = status;
    }
  }
  if (found.size() == 1) return found.front();
  if (found.empty() && !other_error.ok()) return other_error;
  const std::string name(shown);
  if (found.empty()) return absl::NotFoundError(absl::StrCat("\"", name, "\" is not here"));
  return absl::InvalidArgumentError(absl::StrCat("\"", name, "\" is at several sites (",
                                                 NamesOf(found), "); give the full name"));
}

}  // namespace trialsync::daemon
