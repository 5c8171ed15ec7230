// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/reading_version.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

namespace trialsync::command {
namespace {

constexpr char kAllSites[] = "-";

bool IsActive(const v1::StudyVersion& version, const SiteName& place) {
  const auto& activations = version.activations();
  return std::any_of(activations.begin(), activations.end(), [&](const auto& activation) {
    return activation.state() == v1::StudyVersionActivation::ACTIVE &&
           (place.site == kAllSites || activation.site() == place.ToString());
  });
}

}  // namespace

void AddReadingOptions(CLI::App& command, ReadingOptions& options) {
  CLI::Option* version = command.add_option(
      "--version", options.version, "Read values as this version does; default: the newest active");
  command
      .add_flag("--as-recorded", options.as_recorded,
                "Each value as it was recorded, whatever its version")
      ->excludes(version);
}

absl::StatusOr<uint32_t> VersionToRead(Session& session, const SiteName& place,
                                       const ReadingOptions& options) {
  if (options.as_recorded || options.version != 0) return options.version;
  v1::ListStudyVersionsRequest request;
  request.set_parent(absl::StrCat("studies/", place.study));
  const auto versions = ListAll<v1::ListStudyVersionsResponse>(session, request);
  if (!versions.ok()) return versions.status();
  uint32_t newest = 0;
  uint32_t active = 0;
  for (const v1::StudyVersion& version : versions->versions()) {
    newest = std::max(newest, version.version().number());
    if (IsActive(version, place)) active = std::max(active, version.version().number());
  }
  return active != 0 ? active : newest;
}

}  // namespace trialsync::command
