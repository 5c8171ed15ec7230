// SPDX-License-Identifier: Apache-2.0
#include "daemon/full_names.h"

#include <array>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "sync/present.h"

namespace trialsync::daemon {
namespace {

bool IsFull(const std::string& name) { return absl::StartsWith(name, "studies/"); }

// `studies/S/sites/X` of a full name.
std::string ParentOf(const std::string& name) {
  std::vector<std::string> segments = absl::StrSplit(name, '/');
  constexpr size_t kParentSegments = 4;
  if (segments.size() > kParentSegments) segments.resize(kParentSegments);
  return absl::StrJoin(segments, "/");
}

// `CODE`, `CODE/EVENT~1` or `CODE/EVENT/FORM~1`, in full.
std::string FullBirthName(const SiteName& parent, const std::string& name) {
  constexpr std::array<const char*, 3> kCollections = {"/subjects/", "/events/", "/forms/"};
  const std::vector<std::string> labels = absl::StrSplit(name, absl::MaxSplits('/', 2));
  std::string full = parent.ToString();
  for (size_t i = 0; i < labels.size(); ++i) absl::StrAppend(&full, kCollections[i], labels[i]);
  return full;
}

absl::Status CompleteBirth(const Sight& sight, std::string& name) {
  if (IsFull(name)) return absl::OkStatus();
  const absl::StatusOr<Sight::Partition> partition =
      sight.FindUnique(name, [&name](sync::View& view, const SiteName&) {
        return sync::ResolveBirth(view, name).status();
      });
  if (!partition.ok()) return partition.status();
  name = FullBirthName(partition->name, name);
  return absl::OkStatus();
}

absl::Status CompleteRecord(const Sight& sight, std::string& name) {
  if (IsFull(name)) return absl::OkStatus();
  const absl::StatusOr<FoundRecord> found = FindRecord(sight, name);
  if (!found.ok()) return found.status();
  name = found->name.ToString();
  return absl::OkStatus();
}

absl::Status CompleteDiscrepancy(const Sight& sight, std::string& name) {
  if (IsFull(name)) return absl::OkStatus();
  const absl::StatusOr<Sight::Partition> partition = FindDiscrepancy(sight, name);
  if (!partition.ok()) return partition.status();
  name = absl::StrCat(partition->name.ToString(), "/discrepancies/", name);
  return absl::OkStatus();
}

absl::Status CompleteParent(const Sight& sight, std::string& parent) {
  if (IsFull(parent)) return absl::OkStatus();
  const absl::StatusOr<Sight::Partition> partition = sight.SelectOne(parent);
  if (!partition.ok()) return partition.status();
  parent = partition->name.ToString();
  return absl::OkStatus();
}

struct Completer {
  const Sight& sight;

  absl::Status operator()(v1::CreateSubjectRequest& work) {
    return CompleteParent(sight, *work.mutable_parent());
  }
  absl::Status operator()(v1::RenameSubjectRequest& work) {
    return CompleteBirth(sight, *work.mutable_name());
  }
  absl::Status operator()(v1::MergeSubjectsRequest& work) {
    return CompleteBirth(sight, *work.mutable_name());
  }
  absl::Status operator()(v1::WriteRecordRequest& work) {
    return CompleteRecord(sight, *work.mutable_name());
  }
  absl::Status operator()(v1::BatchWriteRecordsRequest& work) {
    return CompleteParent(sight, *work.mutable_parent());
  }
  absl::Status operator()(v1::ActOnRecordRequest& work) {
    return CompleteRecord(sight, *work.mutable_name());
  }
  absl::Status operator()(v1::SettleDiscrepancyRequest& work) {
    return CompleteDiscrepancy(sight, *work.mutable_name());
  }
  absl::Status operator()(v1::OpenQueryRequest& work) {
    return CompleteRecord(sight, *work.mutable_record());
  }
  absl::Status operator()(v1::AnswerQueryRequest& work) {
    return CompleteDiscrepancy(sight, *work.mutable_name());
  }
  absl::Status operator()(v1::CloseQueryRequest& work) {
    return CompleteDiscrepancy(sight, *work.mutable_name());
  }
  absl::Status operator()(v1::PublishStudyVersionRequest&) { return absl::OkStatus(); }
  absl::Status operator()(v1::ActivateStudyVersionRequest&) { return absl::OkStatus(); }
  absl::Status operator()(v1::RetireStudyVersionRequest&) { return absl::OkStatus(); }
  absl::Status operator()(v1::BecomeReplicaRequest&) { return absl::OkStatus(); }
};

}  // namespace

absl::StatusOr<FoundRecord> FindRecord(const Sight& sight, const std::string& name) {
  absl::StatusOr<RecordName> record = ParseRecordName(name, SiteName());
  if (!record.ok()) return record.status();
  const bool full = record->parent != SiteName();
  absl::StatusOr<Sight::Partition> partition =
      full || sight.partitions().size() == 1
          ? sight.SelectOne(full ? record->parent.ToString() : "")
          : sight.FindUnique(name, [&record](sync::View& view, const SiteName& parent) {
              RecordName here = *record;
              here.parent = parent;
              return sync::ResolveRecord(view, here).status();
            });
  if (!partition.ok()) return partition.status();
  record->parent = partition->name;
  return FoundRecord{*std::move(partition), *std::move(record)};
}

absl::StatusOr<Sight::Partition> FindDiscrepancy(const Sight& sight, const std::string& name) {
  if (IsFull(name)) return sight.SelectOne(ParentOf(name));
  return sight.FindUnique(name, [&name](sync::View& view, const SiteName&) {
    return sync::ResolveDiscrepancy(view, name).status();
  });
}

absl::Status CompleteNames(const Sight& sight, sync::ClientWork& work) {
  return std::visit(Completer{sight}, work);
}

}  // namespace trialsync::daemon
