// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_SIGHT_H_
#define TRIALSYNC_DAEMON_SIGHT_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/backend.h"
#include "proto/names.h"
#include "storage/tables.h"
#include "sync/view.h"

namespace trialsync::daemon {

// The store at one moment, as one request looks at it: partitions by name, and what stands in them.
// Not thread-safe; the backend must outlive it.
class Sight {
 public:
  explicit Sight(const Backend& backend);

  using Partition = storage::StoreTables::Partition;
  // Those of sites, by name.
  const std::vector<Partition>& partitions() const { return partitions_; }
  // With the centre's own, one a study, which holds no case data.
  const std::vector<Partition>& all_partitions() const { return all_partitions_; }
  const std::shared_ptr<const storage::Snapshot>& snapshot() const { return snapshot_; }
  const Notice& notice() const { return *notice_; }
  // Those of a study; empty where none is known.
  const study::DefinitionSet& DefinitionsOf(const std::string& study) const;
  sync::View ViewOf(const Partition& partition) const;
  // OK, or why the list of partitions could not be read.
  const absl::Status& status() const { return status_; }

  // The partitions that `studies/S/sites/X` means; `-` stands for all studies or sites, and so does
  // an empty `parent` (which at a site is its own). NOT_FOUND if one that is named is not here;
  // UNAVAILABLE while the store lacks what it acknowledged, as from the two below.
  absl::StatusOr<std::vector<Partition>> Select(const std::string& parent) const;

  // The partition that an act on `parent` means: the only one there is, where nothing is named.
  absl::StatusOr<Partition> SelectOne(const std::string& parent) const;

  // The only partition in which `exists` says OK. Else the error of the only partition there is,
  // NOT_FOUND, or INVALID_ARGUMENT with the sites among which a full name must choose. `shown` is
  // the name as the client gave it.
  absl::StatusOr<Partition> FindUnique(
      std::string_view shown,
      const std::function<absl::Status(sync::View& view, const SiteName& name)>& exists) const;

 private:
  std::shared_ptr<const storage::Snapshot> snapshot_;
  // Read after the snapshot was taken: see PostingMachine.
  std::shared_ptr<const Notice> notice_;
  std::vector<Partition> all_partitions_;
  std::vector<Partition> partitions_;
  absl::Status status_;
  // Why nothing of a site is shown, if so.
  absl::Status resting_;
};

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_SIGHT_H_
