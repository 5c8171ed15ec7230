// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/session.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/command/exit_code.h"
#include "daemon/command/format.h"

namespace trialsync::command {
namespace {

constexpr char kAllSites[] = "-";

}  // namespace

void Session::PrintJson(const google::protobuf::Message& message) {
  out() << JsonOf(message, JsonStyle::kPretty);
}

bool Session::Confirm(const std::string& question) {
  if (!interactive()) return false;
  err() << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(console_.in, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

absl::Status Session::Connect() {
  if (client_ != nullptr) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<Client>> client = Client::Create(address);
  if (!client.ok()) return client.status();
  client_ = std::move(*client);
  return absl::OkStatus();
}

absl::StatusOr<SiteName> ResolvePlace(Session& session, const PlaceOptions& place) {
  SiteName name{place.study, place.site};
  if (!name.study.empty() && !name.site.empty()) return name;
  const absl::StatusOr<v1::Status> status = session.Call(v1::GetStatusRequest());
  if (!status.ok()) return status.status();
  std::set<std::string> studies;
  for (const v1::PartitionStatus& partition : status->partitions()) {
    if (name.site.empty() || name.site == kAllSites || name.site == partition.site()) {
      studies.insert(partition.study());
    }
  }
  if (name.study.empty() && studies.size() == 1) name.study = *studies.begin();
  if (!studies.contains(name.study)) {
    return UsageError(
        absl::StrCat(name.study.empty() ? "which study? Write --study STUDY"
                                        : absl::StrCat("the server has no study ", name.study),
                     "; here are: ", studies.empty() ? "none" : absl::StrJoin(studies, ", ")));
  }
  if (name.site.empty()) {
    const bool at_site = status->role() == "site" && status->partitions_size() == 1;
    name.site = at_site ? status->partitions(0).site() : kAllSites;
  }
  return name;
}

absl::StatusOr<SiteName> ResolveSite(Session& session, const PlaceOptions& place) {
  absl::StatusOr<SiteName> name = ResolvePlace(session, place);
  if (!name.ok() || name->site != kAllSites) return name;
  const absl::StatusOr<v1::Status> status = session.Call(v1::GetStatusRequest());
  if (!status.ok()) return status.status();
  std::set<std::string> sites;
  for (const v1::PartitionStatus& partition : status->partitions()) {
    if (partition.study() == name->study) sites.insert(partition.site());
  }
  return UsageError(absl::StrCat("at the coordinator, say which site with --site SITE; here are: ",
                                 absl::StrJoin(sites, ", ")));
}

absl::StatusOr<std::string> ResolveRecord(Session& session, const PlaceOptions& place,
                                          const std::string& name) {
  absl::StatusOr<RecordName> record = ParseRecordName(name, SiteName());
  if (!record.ok()) return UsageError(std::string(record.status().message()));
  if (record->parent == SiteName()) {
    absl::StatusOr<SiteName> parent = ResolveSite(session, place);
    if (!parent.ok()) return parent.status();
    record->parent = *std::move(parent);
  }
  return record->ToString();
}

}  // namespace trialsync::command
