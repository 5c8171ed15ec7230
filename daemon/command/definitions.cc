// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/definitions.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"

namespace trialsync::command {

absl::StatusOr<std::vector<v1::StudyDefinition>> GetDefinitions(const std::string& study,
                                                                Session& session) {
  v1::ListStudyVersionsRequest list;
  list.set_parent(absl::StrCat("studies/", study));
  const auto versions = ListAll<v1::ListStudyVersionsResponse>(session, list);
  if (!versions.ok()) return versions.status();
  std::map<uint32_t, v1::StudyDefinition> by_number;
  for (const v1::StudyVersion& version : versions->versions()) {
    v1::GetStudyVersionRequest get;
    get.set_name(version.name());
    absl::StatusOr<v1::StudyVersion> whole = session.Call(get);
    if (!whole.ok()) return whole.status();
    by_number[version.version().number()] = std::move(*whole->mutable_definition());
  }
  std::vector<v1::StudyDefinition> definitions;
  for (auto& [number, definition] : by_number) definitions.push_back(std::move(definition));
  return definitions;
}

}  // namespace trialsync::command
